package serverdb

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// crashFile tells the child which database it writes to until it is killed.
const crashFile = "FIRSTLIGHT_TEST_CRASH_FILE"

// kills is how often the child is killed. A client's death leaves PostgreSQL
// whole, so that it proves less there and needs fewer.
func kills() int {
	all := 50
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		all = 1000
	}
	if os.Getenv(onPostgreSQL) != "" {
		all = all * 2 / 5
	}
	return all
}

// leasesOfARound share the range's 32,000 addresses between all rounds.
func leasesOfARound() int { return 30_000 / kills() }

// TestWhatWasAcknowledgedSurvivesSIGKILL is D-01: it lets a child commit and say
// so, kills it at a random moment, and looks for everything that it said.
func TestWhatWasAcknowledgedSurvivesSIGKILL(t *testing.T) {
	if path := os.Getenv(crashFile); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path, rounds := file(t), kills()
	var told []string
	for round := range rounds {
		told = append(told, killed(t, path, round)...)
		sound(t, path)
		if round%max(1, rounds/50) == 0 || round == rounds-1 {
			held(t, path, told)
		}
	}
	givenOnce(t, told)
	if len(told) < 2*rounds {
		t.Errorf("only %d rows were acknowledged in %d rounds: the test proves little", len(told), rounds)
	}
	t.Logf("%d acknowledged rows are there after %d kills", len(told), rounds)
}

// sound looks at the files of SQLite as a kill left them: the log is no longer
// than it may be, and every page and index is in order.
func sound(t *testing.T, path string) {
	t.Helper()
	driver, source := driverOf(path)
	if driver != "sqlite" {
		return
	}
	const longest = 64 << 20 // bytes, the journal_size_limit of a log
	if log, err := os.Stat(path + "-wal"); err != nil || log.Size() > longest {
		t.Errorf("the log is %+v, %v; want one of at most %d bytes", log, err, longest)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&says); err != nil || says != "ok" {
		t.Errorf("integrity_check says %q, %v", says, err)
	}
}

// givenOnce looks for an address that was given to two clients. All leases last
// longer than the test, so that every one of them is live.
func givenOnce(t *testing.T, told []string) {
	t.Helper()
	has := map[string]string{}
	for _, row := range told {
		given, is := strings.CutPrefix(row, "lease ")
		if !is {
			continue
		}
		address, client, _ := strings.Cut(given, " ")
		if before := has[address]; before != "" && before != client {
			t.Errorf("%s was given to %s and to %s", address, before, client)
		}
		has[address] = client
	}
	if len(has) == 0 {
		t.Error("no lease was acknowledged: nothing is proven of them")
	}
}

// killed runs the child, kills it some time after its first row, and gives
// what it acknowledged.
func killed(t *testing.T, path string, round int) (told []string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWhatWasAcknowledgedSurvivesSIGKILL$")
	child.Env = append(os.Environ(), crashFile+"="+path, fmt.Sprintf("FIRSTLIGHT_TEST_ROUND=%d", round))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		row, whole := strings.CutSuffix(lines.Text(), " done")
		if !whole {
			continue // the testing package's words, or a line cut short
		}
		if told = append(told, row); len(told) == 1 {
			time.AfterFunc(time.Duration(40+rand.IntN(160))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("round %d: the child ended by itself: %v; it said %q", round, err, told)
	}
	return told
}

// held opens the database and looks for what was told.
func held(t *testing.T, path string, told []string) {
	t.Helper()
	d := open(t, path)
	defer d.Close()
	audits, err := d.Audits(t.Context(), AuditQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, a := range audits {
		there["audit "+a.Target] = true
	}
	for _, l := range d.Leases() {
		there["lease "+l.Address.String()+" "+l.MAC.String()] = true
	}
	for _, m := range d.Machines() {
		there[fmt.Sprintf("machine %s %s", m.Name, m.Hostname)] = true
		if err := d.Replay(t.Context(), m.ID); err != nil {
			t.Error(err)
		}
	}
	for _, row := range told {
		if !there[row] {
			t.Errorf("acknowledged, but gone: %s", row)
		}
	}
}

// writeUntilKilled commits rows of every kind side by side, so that they share
// commits, and says each one that was acknowledged.
func writeUntilKilled(t *testing.T, path string) {
	var round int
	if _, err := fmt.Sscan(os.Getenv("FIRSTLIGHT_TEST_ROUND"), &round); err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), path, Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	// A larger network than open's, for the leases of all rounds.
	wide := &machine.Subnet{
		Name: "wide", Prefix: netip.MustParsePrefix("10.81.0.0/16"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister, Lease: 24 * time.Hour,
		Ranges: []machine.Range{{First: netip.MustParseAddr("10.81.1.0"), Last: netip.MustParseAddr("10.81.127.0")}},
	}
	rule := accept("debian-12")
	rule.Match = "serial"
	if err := d.Seed(t.Context(), []*machine.Subnet{wide}, []*machine.Rule{rule}); err != nil {
		t.Fatal(err)
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stdout, format+" done\n", args...) }
	go func() {
		for n := 0; ; n++ {
			target := fmt.Sprintf("%d-%d", round, n)
			if d.RecordAudit(context.Background(), Actor{Name: "child"}, "write", target, "", "") == nil {
				say("audit %s", target)
			}
		}
	}()
	go func() {
		for n := range leasesOfARound() {
			c := lease.Client{MAC: machine.MAC{2, 0, byte(round >> 8), byte(round), byte(n >> 8), byte(n)}}
			offer, err := d.Offer(wide, c, time.Now())
			if err != nil {
				return
			}
			c.Wants = offer.Address
			if l, err := d.Bind(context.Background(), wide, c, time.Now()); err == nil {
				say("lease %s %s", l.Address, l.MAC)
			}
		}
	}()
	for n := range 256 { // as many addresses as a round has
		r := blank(1)
		serial := fmt.Sprintf("R%dN%d", round, n)
		mac := machine.MAC{4, 0, byte(round >> 8), byte(round), byte(n >> 8), byte(n)}.String()
		r.System.Serial, r.Disks[0].Serial, r.NICs[0].MAC, r.Boot.MAC = serial, serial, mac, mac
		r.System.UUID = fmt.Sprintf("11111111-0000-0000-%04d-%012d", round, n)
		m, err := d.Report(context.Background(), r, netip.AddrFrom4([4]byte{10, 81, 128 + byte(round%128), byte(n)}))
		if err == nil {
			say("machine %s %s", m.Name, m.Hostname)
		}
	}
	select {}
}
