package server_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstlight/server/virtualrack/netns/netnstest"
)

// lockedFor is how long another process locks the database. After ten seconds
// the appliance stops to wait for it, which the long form sees.
func lockedFor() time.Duration {
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		return 30 * time.Second
	}
	return 2 * time.Second
}

// TestALockedDatabaseKeepsKnownMachinesGoing is D-07 as machines see it: while
// nothing can be written, whoever is known renews, boots and gets its script; a
// stranger gets no address, nor a NAK; and seconds after the lock's end all is as
// before.
func TestALockedDatabaseKeepsKnownMachinesGoing(t *testing.T) {
	appliance, client := hosts(t, "udhcpc", "ip", "curl", "dig")
	path := writeAppliance(t, func(s string) string {
		return strings.Replace(s, "ranges: [10.80.13.100-10.80.13.199]", "policy: register, ranges: [10.80.13.100-10.80.13.199]", 1)
	})
	running := startAppliance(t, appliance, path)
	running.Await("ready")
	r := &realClients{client: client, socket: filepath.Join(filepath.Dir(path), "state", "firstlight.sock")}
	system := client.Start("udhcpc", "-i", "eth0", "-s", executable(t, udhcpcScript), "-f")
	r.address = strings.Fields(system.Await("bound 10."))[1]
	r.registers(t)
	ends := r.leaseEnds(t)

	unlock := lockDatabase(t, filepath.Join(filepath.Dir(path), "state", "serverdb.sqlite"))
	for end := time.Now().Add(lockedFor()); ; {
		r.renewsUntil(t, system, ends)
		if got := r.script(t); !strings.Contains(got, "C0MPUT3 boots the agent: it is installing") {
			t.Errorf("while the database is locked the script of a known machine is\n%s", got)
		}
		r.silent(t, "eth1")
		if time.Now().After(end) {
			break
		}
	}
	r.boots(t, ends)
	unlock()

	start := time.Now()
	r.client.Run("udhcpc", "-i", "eth1", "-s", executable(t, udhcpcScript), "-q", "-n", "-f", "-t", "5", "-T", "1")
	system.Signal(syscall.SIGUSR1)
	if got := system.Await("renew 10."); !strings.HasSuffix(got, "lease=3600") {
		t.Errorf("after the lock's end a renewal says %q, want a whole lease", got)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("after the lock's end it took %s until a stranger had an address and a machine a whole lease", took)
	}
	running.Signal(syscall.SIGKILL)
	if said, _ := running.Rest(); strings.Contains(strings.Join(said, "\n"), "panic") {
		t.Errorf("it says %q", said)
	}
}

// leaseEnds asks when the machine's lease does. Nothing later can be on disk
// while the database is locked.
func (r *realClients) leaseEnds(t *testing.T) time.Time {
	t.Helper()
	var leases struct {
		Items []struct {
			Address string    `json:"address"`
			Expires time.Time `json:"expires_at"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(r.api("/leases")), &leases); err != nil || len(leases.Items) != 1 || leases.Items[0].Address != r.address {
		t.Fatalf("the leases are %+v, %v; want that of %s", leases, err, r.address)
	}
	return leases.Items[0].Expires
}

// renewsUntil has a system renew its lease, which must not end later.
func (r *realClients) renewsUntil(t *testing.T, system *netnstest.Process, ends time.Time) {
	t.Helper()
	asked := time.Now()
	system.Signal(syscall.SIGUSR1)
	r.endsAt(t, system.Await("renew 10."), asked, ends)
}

// boots asks for an address as firmware does, that knows of none.
func (r *realClients) boots(t *testing.T, ends time.Time) {
	t.Helper()
	asked := time.Now()
	out := r.client.Run("udhcpc", "-i", "eth0", "-s", executable(t, udhcpcScript), "-q", "-n", "-f", "-t", "3", "-T", "4")
	r.endsAt(t, out[max(0, strings.Index(out, "bound 10.")):], asked, ends)
}

// endsAt holds what a client says that it got against the end of its lease on
// disk. A client counts from when it asked (RFC 2131 §4.4.1).
func (r *realClients) endsAt(t *testing.T, said string, asked, ends time.Time) {
	t.Helper()
	var seconds int
	_, after, _ := strings.Cut(said, "lease=")
	if _, err := fmt.Sscan(after, &seconds); err != nil || !strings.Contains(said, " "+r.address+" ") {
		t.Fatalf("udhcpc says %q, want a lease of %s", said, r.address)
	}
	told := asked.Add(time.Duration(seconds) * time.Second)
	if told.After(ends) || ends.Sub(told) > 6*time.Second {
		t.Errorf("%s: a client was told until %s, on disk is until %s", said, told, ends)
	}
}

// lockDatabase keeps everybody from writing, as a person's sqlite3 does.
func lockDatabase(t *testing.T, path string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
