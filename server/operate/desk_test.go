package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/gate"
	"firstlight/server/jobs"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
)

var ada = auth.User{Name: "ada", Role: auth.Engineer, Token: "ci", Address: "192.0.2.7"}

// desk is a Desk on a database of its own, before BMCs that obey.
func desk(t *testing.T) (*Desk, *bmc) {
	t.Helper()
	db, err := serverdb.Open(t.Context(), storetest.Fresh(t), serverdb.Options{
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = errors.Join(
		db.Seed(t.Context(), []*machine.Subnet{{
			Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server",
			Policy: machine.PolicyRegister, Lease: time.Hour, Domain: "lab.example",
		}}, []*machine.Rule{{Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab", Role: "web"}}),
		db.PutImage(t.Context(), serverdb.Actor{Name: "test"}, &machine.Image{Name: "debian-12", File: "d.zst", Bytes: 1 << 30, SHA256: "9f3c"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	b := &bmc{is: oob.PowerOff, light: oob.IndicatorOff}
	engine := jobs.New(jobs.Config{
		DB: db, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		BMC: func(context.Context, *machine.Machine) (oob.Controller, error) { return b, b.login },
	})
	key, err := credential.KeyFile(filepath.Join(t.TempDir(), "credentials.key"))
	if err != nil {
		t.Fatal(err)
	}
	gates := gate.New(gate.Config{
		DB: db, Keys: &gate.Keys{Store: db, Key: key}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Answers: func(id string) string { return "https://fl.example.net/" + id },
	})
	return New(Config{DB: db, Jobs: engine, Gates: gates, Log: slog.New(slog.DiscardHandler), Now: time.Now, Render: render}), b
}

func render(_ boot.Request, _ boot.Known, a boot.Answer, _ *machine.Subnet) (string, error) {
	return "#!ipxe\nkernel x firstlight.session=s3cret firstlight.mode=" + string(a.Mode) + "\nboot\n", nil
}

// bmc is a BMC that follows after it was asked a few times.
type bmc struct {
	login error

	mu   sync.Mutex
	is   oob.Power
	deaf bool // it accepts and does nothing
	sent []oob.Power

	light   oob.Indicator
	onlyLit bool // its light does not blink
	fails   error
}

func (b *bmc) Identify(context.Context) (oob.Identity, error)    { return oob.Identity{}, nil }
func (b *bmc) NextBoot(context.Context) (oob.BootDevice, error)  { return oob.BootNormal, nil }
func (b *bmc) SetNextBoot(context.Context, oob.BootDevice) error { return nil }
func (b *bmc) Close(context.Context) error                       { return nil }
func (b *bmc) Indicator(context.Context) (oob.Indicator, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.light, b.fails
}

func (b *bmc) SetIndicator(_ context.Context, want oob.Indicator) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.fails != nil:
		return b.fails
	case b.onlyLit && want.On():
		b.light = oob.IndicatorLit
	case !b.deaf:
		b.light = want
	}
	return nil
}

func (b *bmc) SetPower(_ context.Context, want oob.Power) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sent = append(b.sent, want); !b.deaf {
		b.is = want
	}
	return nil
}

func (b *bmc) Power(ctx context.Context) (oob.Power, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.is, ctx.Err()
}

// reported is a machine that told what it is, by number.
func reported(t *testing.T, d *Desk, n int, contents ...report.Content) *machine.Machine {
	t.Helper()
	mac := fmt.Sprintf("52:54:00:00:00:%02x", n)
	m, err := d.DB.Report(t.Context(), &report.Report{
		Version: report.Version, Boot: report.Boot{ID: "b", MAC: mac, Platform: "efi"},
		System: report.System{Vendor: "Firstlight", Serial: fmt.Sprintf("FL%04d", n), UUID: fmt.Sprintf("11111111-0000-0000-0000-%012d", n)},
		Disks:  []report.Disk{{Name: "vda", Serial: fmt.Sprintf("D%04d", n), Bytes: 1 << 33, Contents: contents}},
		NICs:   []report.NIC{{Name: "eth0", MAC: mac}},
	}, netip.AddrFrom4([4]byte{10, 80, 12, byte(100 + n)}))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ways lead from available to each status.
var ways = map[machine.Status][]machine.Status{
	machine.Available:   nil,
	machine.Registered:  {machine.Registered},
	machine.Held:        {machine.Registered, machine.Held},
	machine.Allocated:   {machine.Allocated},
	machine.Installing:  {machine.Allocated, machine.Installing},
	machine.Configuring: {machine.Allocated, machine.Installing, machine.Configuring},
	machine.InUse:       {machine.Allocated, machine.Installing, machine.Configuring, machine.InUse},
	machine.Recycling:   {machine.Allocated, machine.Installing, machine.Recycling},
	machine.Broken:      {machine.Broken},
	machine.Repairing:   {machine.Broken, machine.Repairing},
	machine.Retiring:    {machine.Retiring},
	machine.Retired:     {machine.Retiring, machine.Retired},
}

// every is evidence for all that could be asked for.
var every = machine.Evidence{
	machine.GuardIdentity: "t", machine.GuardRealSerial: "t", machine.GuardRule: "t", machine.GuardEmptyDisks: "t", machine.GuardUnlocked: "t",
	machine.GuardJob: "t", machine.GuardToken: "t", machine.GuardChecksum: "t", machine.GuardHome: "t", machine.GuardDNS: "t",
	machine.GuardConfirmed: "t", machine.GuardNoJob: "t", machine.GuardAttempts: "t", machine.GuardUntouched: "t", machine.GuardNoOwner: "t",
	machine.GuardSpec: "t", machine.GuardLocation: "t", machine.GuardHealth: "t", machine.GuardHandling: "t", machine.GuardFlagged: "t",
}

// in gives a machine in a status, which it reached by legal changes.
func in(t *testing.T, d *Desk, want machine.Status) *machine.Machine {
	t.Helper()
	m := reported(t, d, 1)
	for _, next := range ways[want] {
		move(t, d, m, next)
	}
	return is(t, d, m)
}

// move changes a machine's status with all evidence that could be asked for.
func move(t *testing.T, d *Desk, m *machine.Machine, next machine.Status) {
	t.Helper()
	err := d.DB.Transition(t.Context(), serverdb.Change{
		Machine: m.ID, From: is(t, d, m).Status, To: next, Who: "test", Why: "test", Evidence: every,
		Apply: func(m *machine.Machine) { m.Owned = next == machine.InUse },
	})
	if err != nil {
		t.Fatal(err)
	}
}

// is reads a machine again.
func is(t *testing.T, d *Desk, m *machine.Machine) *machine.Machine {
	t.Helper()
	now, err := d.DB.Machine(m.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// audits gives what the audit says of a verb, newest first.
func audits(t *testing.T, d *Desk, verb string) []string {
	t.Helper()
	rows, err := d.Audit(t.Context(), auth.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range rows {
		if r.What == verb {
			who := strings.TrimSuffix(r.Who+" by token "+r.Token, " by token ")
			all = append(all, fmt.Sprintf("%s from %s: %s %s: %s → %s", who, r.Address, r.What, r.Object, r.Before, r.After))
		}
	}
	return all
}

// tells waits until a machine's timeline has a row; notes are written in batches.
func tells(t *testing.T, d *Desk, m *machine.Machine, text string) {
	t.Helper()
	w := d.DB.Watch(100)
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		rows, err := d.DB.Timeline(t.Context(), m.ID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(rows, func(e journal.Event) bool { return strings.Contains(e.Text, text) }) {
			return
		}
		select {
		case <-w.C:
		case <-ctx.Done():
			t.Fatalf("the timeline of %s has %+v, want %q", m.Name, rows, text)
		}
	}
}
