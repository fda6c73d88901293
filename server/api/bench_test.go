package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/gate"
	"firstlight/server/health"
	"firstlight/server/jobs"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
)

// bench is the API on a real ServerDb in a folder of the test's own.
type bench struct {
	*testing.T
	api    *API
	db     *serverdb.DB
	people *auth.Service
	bmc    *fakeBMC
	log    *bytes.Buffer
	file   string       // the database
	ahead  atomic.Int64 // nanoseconds by which its clock is
	gates  *gate.Engine
	door   string // where the API answers over HTTP, if it does
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, bmc: &fakeBMC{power: oob.PowerOff}, log: &bytes.Buffer{}, file: storetest.Fresh(t)}
	b.start()
	t.Cleanup(func() { _ = b.db.Close() })
	b.seed()
	return b
}

// restart is a stop and a start of the appliance.
func (b *bench) restart() {
	b.Helper()
	b.must(b.db.Close())
	b.start()
}

func (b *bench) start() {
	b.Helper()
	log := slog.New(slog.NewTextHandler(b.log, nil))
	var err error
	b.db, err = serverdb.Open(b.Context(), b.file, serverdb.Options{Log: log, Now: b.now, Retention: time.Hour})
	b.must(err)
	key, err := credential.KeyFile(filepath.Join(filepath.Dir(b.file), "credentials.key"))
	b.must(err)
	b.gates = gate.New(gate.Config{
		DB: b.db, Keys: &gate.Keys{Store: b.db, Key: key}, Log: log, Now: b.now, Answers: func(id string) string { return b.door + AnswerPath(id) },
	})
	engine := jobs.New(jobs.Config{
		DB: b.db, Log: log, Now: time.Now, Certify: certify,
		BMC: func(context.Context, *machine.Machine) (oob.Controller, error) { return b.bmc, b.bmc.login },
	})
	desk := operate.New(operate.Config{
		DB: b.db, Jobs: engine, Gates: b.gates, Logins: b.bmc, Backups: b, Log: log, Now: time.Now, Render: render, Offer: offer,
		Packets: somePackets, Others: otherServers, EraseKey: eraseKey.Public().(ed25519.PublicKey),
	})
	store, err := b.db.People(b.Context())
	b.must(err)
	b.people, err = auth.New(auth.Config{Store: store, Random: rand.Reader, Now: time.Now})
	b.must(err)
	parts := &health.Registry{}
	parts.Register("dhcp", func(context.Context) (health.State, string) { return health.Degraded, "answers on eth1 only" })
	b.api, err = New(Config{
		Desk: desk, DB: b.db, Health: parts, People: b.people, Log: log, Now: time.Now, Version: "dev",
	})
	b.must(err)
}

// now is the time of the database and of the gates, which read it from
// goroutines of their own.
func (b *bench) now() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) }

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// seed makes a subnet, a rule, an image and a lease.
func (b *bench) seed() {
	subnet := &machine.Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister,
		Lease: time.Hour, Domain: "lab.example",
		Ranges: []machine.Range{{First: netip.MustParseAddr("10.80.12.100"), Last: netip.MustParseAddr("10.80.12.199")}},
	}
	rule := &machine.Rule{Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab", Rack: "r1", Role: "node"}
	b.must(b.db.Seed(b.Context(), []*machine.Subnet{subnet}, []*machine.Rule{rule}))
	b.must(b.db.PutImage(b.Context(), serverdb.Actor{Name: "test"}, &machine.Image{
		Name: "debian-12", Arch: "amd64", File: "debian-12.raw.zst", Compressed: 1 << 20, Bytes: 1 << 30,
		SHA256: strings.Repeat("9f", 32), AddedAt: time.Now(),
	}))
	client := lease.Client{MAC: mac(200), Hostname: "stranger"}
	offered, err := b.db.Offer(subnet, client, time.Now())
	b.must(err)
	client.Wants = offered.Address
	_, err = b.db.Bind(b.Context(), subnet, client, time.Now())
	b.must(err)
}

func mac(n int) machine.MAC { return machine.MAC{0x52, 0x54, 0, 0, byte(n >> 8), byte(n)} }

// add reports a machine, which the rule accepts when its disk is empty.
func (b *bench) add(n int, contents ...report.Content) *machine.Machine {
	b.Helper()
	return b.report(n, fmt.Sprintf("FL%d", n), contents...)
}

// report is add for a machine with a serial.
func (b *bench) report(n int, serial string, contents ...report.Content) *machine.Machine {
	b.Helper()
	m, err := b.db.Report(b.Context(), &report.Report{
		Version: report.Version,
		Boot:    report.Boot{ID: "b", MAC: mac(n).String(), Platform: "bios"},
		System:  report.System{Vendor: "Firstlight", Product: "VR-1", Serial: serial, UUID: fmt.Sprintf("11111111-0000-0000-0000-%012d", n)},
		Disks:   []report.Disk{{Name: "vda", Serial: fmt.Sprintf("D%d", n), Bytes: 1 << 33, Contents: contents}},
		NICs:    []report.NIC{{Name: "eth0", MAC: mac(n).String()}},
	}, netip.AddrFrom4([4]byte{10, 80, 12, byte(n%100) + 100}))
	b.must(err)
	return m
}

// offer gives every firmware a loader, and every loader a script.
func offer(_ context.Context, _ *machine.Subnet, f boot.Firmware) (boot.Offer, error) {
	if f.User == "" {
		return boot.Offer{Who: "UEFI x64", File: "snponly.efi", Server: netip.MustParseAddr("10.80.12.1")}, nil
	}
	return boot.Offer{Who: "iPXE on UEFI x64", File: "http://10.80.12.1/boot/entry.ipxe"}, nil
}

func render(r boot.Request, _ boot.Known, a boot.Answer, _ *machine.Subnet) (string, error) {
	return fmt.Sprintf("#!ipxe\n# %s for %s\nkernel vmlinuz firstlight.session=SECRET quiet\nboot\n", a.Target, r.MAC), nil
}

// fakeBMC follows what it is told at once.
type fakeBMC struct {
	mu    sync.Mutex
	power oob.Power
	light oob.Indicator
	login error
	fails error
}

func (f *fakeBMC) Identify(context.Context) (oob.Identity, error) { return oob.Identity{}, f.fails }

func (f *fakeBMC) Power(context.Context) (oob.Power, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.power, f.fails
}

func (f *fakeBMC) SetPower(_ context.Context, want oob.Power) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.power = want
	return f.fails
}

func (f *fakeBMC) Give(context.Context, string, oob.Login) error     { return nil }
func (f *fakeBMC) NextBoot(context.Context) (oob.BootDevice, error)  { return oob.BootNormal, f.fails }
func (f *fakeBMC) SetNextBoot(context.Context, oob.BootDevice) error { return f.fails }
func (f *fakeBMC) Close(context.Context) error                       { return nil }

func (f *fakeBMC) Indicator(context.Context) (oob.Indicator, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.light, f.fails
}

func (f *fakeBMC) SetIndicator(_ context.Context, want oob.Indicator) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.light = want
	return f.fails
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

// as sends a request in a role. Pairs of headers may follow.
func (b *bench) as(role auth.Role, method, path, text string, headers ...string) reply {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, Prefix+path, strings.NewReader(text))
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if role != auth.Nobody {
		r = r.WithContext(auth.With(r.Context(), auth.User{Name: "ada", Role: role, Teams: []string{"team-search"}, Address: "192.0.2.7"}))
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	res := w.Result()
	all, err := io.ReadAll(res.Body)
	b.must(err)
	return reply{res, string(all)}
}

func (b *bench) get(path string) reply {
	b.Helper()
	return b.as(auth.Admin, http.MethodGet, path, "")
}

func (b *bench) post(path, text string, headers ...string) reply {
	b.Helper()
	return b.as(auth.Admin, http.MethodPost, path, text, headers...)
}

// read decodes an answer that must have a status.
func read[T any](b *bench, r reply, status int) (v T) {
	b.Helper()
	if r.StatusCode != status {
		b.Fatalf("status = %d, want %d: %s", r.StatusCode, status, r.body)
	}
	d := json.NewDecoder(strings.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		b.Fatalf("decode %s: %v", r.body, err)
	}
	return v
}

// refused is a problem as a client reads it.
type refused struct {
	Type   string
	Title  string
	Status int
	Detail string
	Errors []struct {
		Message, Location string
		Value             any
	}
}

// refuses checks that an answer is a problem with a status and a detail.
func (b *bench) refuses(r reply, status int, says ...string) refused {
	b.Helper()
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		b.Errorf("content type = %q, want application/problem+json", got)
	}
	p := read[refused](b, r, status)
	for _, s := range says {
		if !strings.Contains(p.Detail, s) {
			b.Errorf("detail = %q, want …%s…", p.Detail, s)
		}
	}
	if p.Status != status || p.Title == "" {
		b.Errorf("problem = %+v, want status %d and a title", p, status)
	}
	return p
}
