package httpboot

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"firstlight/agent/identity"
	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// site is everything behind the door, with what came through it.
type site struct {
	hub      journal.Hub
	machines map[machine.MAC]*machine.Machine
	leases   map[netip.Addr]machine.MAC
	noImage  bool
	overlays []boot.Overlay
	policy   machine.Policy
	images   map[string]*machine.Image
	order    func(seen string) (*report.Order, error)
	fail     error // of every call of the jobs, and of a report

	mu      sync.Mutex
	calls   []string
	notes   []string
	decided []boot.Answer
	heard   int
	seen    machine.Observed
	rows    []journal.Event
	boots   map[machine.MAC]trust.Enrolment
	shown   trust.Evidence // of the last redemption
	placed  bool           // every machine is where the plan wants it
	writes  int            // of enrolments
}

func (s *site) call(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
	return s.fail
}

func (s *site) Known(r boot.Request) boot.Known {
	return boot.Known{Machine: s.machines[r.MAC], Policy: s.policy, NoImage: s.noImage, Overlays: s.overlays}
}

var lab = &machine.Subnet{Name: "lab", Prefix: netip.MustParsePrefix("127.0.0.0/8")}

func (s *site) SubnetFor(a netip.Addr) (*machine.Subnet, bool) { return lab, lab.Prefix.Contains(a) }

func (s *site) WhoIs(a netip.Addr) (string, machine.MAC) {
	mac := s.leases[a]
	if m := s.machines[mac]; m != nil {
		return m.ID, mac
	}
	return "", mac
}

func (s *site) ByMAC(mac machine.MAC) (*machine.Machine, bool) {
	m, ok := s.machines[mac]
	return m, ok
}

func (s *site) Image(name string) (*machine.Image, error) {
	if i := s.images[name]; i != nil {
		return i, nil
	}
	return nil, fmt.Errorf("image %q: %w", name, machine.ErrNotFound)
}

func (s *site) Report(_ context.Context, r *report.Report, from netip.Addr) (*machine.Machine, error) {
	if err := s.call("report %s from %s", r.System.Serial, from); err != nil {
		return nil, err
	}
	mac, _ := machine.ParseMAC(r.NICs[0].MAC)
	return s.machines[mac], nil
}

func (s *site) Observe(_ string, change func(*machine.Observed)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.seen)
}

func (s *site) Note(e journal.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, e)
	s.notes = append(s.notes, fmt.Sprintf("%s %d", e.Text, e.Bytes))
}

func (s *site) noted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.notes, "; ")
}

func (s *site) Decided(_ boot.Request, a boot.Answer, _ boot.Known) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decided = append(s.decided, a)
}

func (s *site) Watch(room int) *journal.Watcher { return s.hub.Watch(room) }

func (s *site) Heard(*machine.Machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard++
}

func (s *site) Booted(id string) { _ = s.call("booted %s", id) }

func (s *site) Reported(_ context.Context, m *machine.Machine, bootID string) error {
	return s.call("reported %s %s", m.ID, bootID)
}

func (s *site) Order(_ context.Context, _ *machine.Machine, seen string) (*report.Order, error) {
	if s.order == nil {
		return nil, s.fail
	}
	return s.order(seen)
}

func (s *site) Enrolment(mac machine.MAC) (trust.Enrolment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.boots[mac]
	return e, ok
}

func (s *site) Position(_ *machine.Machine, mac machine.MAC, since time.Time) trust.Proof {
	if s.placed {
		return trust.Proof{At: since, How: mac.String()}
	}
	return trust.Proof{Lacks: "plan it"}
}

func (s *site) Enrol(_ context.Context, mac machine.MAC, decide func(*trust.Enrolment) (trust.Enrolment, string, bool)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var have *trust.Enrolment
	if e, ok := s.boots[mac]; ok {
		have = &e
	}
	next, text, keep := decide(have)
	if !keep {
		return nil
	}
	s.writes++
	s.boots[mac] = next
	s.notes = append(s.notes, text)
	return nil
}

func (s *site) Redeem(_ context.Context, m *machine.Machine, shown trust.Evidence, r report.Redeem) (any, error) {
	s.mu.Lock()
	s.shown = shown
	s.mu.Unlock()
	return &report.Plan{Host: "lab-node-1"}, s.call("redeem %s %s %s", m.ID, r.Order, r.Token)
}

func (s *site) Progress(m *machine.Machine, p report.Progress) error {
	return s.call("progress %s %s", m.ID, p.Step)
}

func (s *site) Result(_ context.Context, m *machine.Machine, r report.Result) error {
	return s.call("result %s %v", m.ID, r.OK)
}

func (s *site) Home(_ context.Context, token string, h report.Home) error {
	return s.call("home %s %s", token, h.Hostname)
}

var (
	ours  = machine.MAC{0x52, 0x54, 0, 0, 0, 1}
	alien = machine.MAC{0x52, 0x54, 0, 0, 0, 9}
)

// content is a file whose every byte tells where it stands.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

const imageBytes = 1<<20 + 17

// door is a Server before a site with one available machine and one image.
func door(t testing.TB, change ...func(*Config, *site)) (*Server, *site) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/debian.raw.zst", content(imageBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	images, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = images.Close() })
	st := &site{
		policy:   machine.PolicyObserve,
		machines: map[machine.MAC]*machine.Machine{ours: {ID: "m1", Name: "C0MPUT3", Status: machine.Available}},
		leases:   map[netip.Addr]machine.MAC{}, boots: map[machine.MAC]trust.Enrolment{},
		images: map[string]*machine.Image{
			"debian-12": {Name: "debian-12", File: "debian.raw.zst", SHA256: "9f3c", Compressed: imageBytes},
			"lost":      {Name: "lost", File: "lost.raw.zst"},
			"escaped":   {Name: "escaped", File: "../../etc/passwd"},
		},
	}
	c := Config{
		Inventory: st, Records: st, Jobs: st, Images: images, Key: []byte("0123456789abcdef0123456789abcdef"),
		BootImages: map[string]BootImage{
			"amd64": {Files: fstest.MapFS{"vmlinuz": {Data: content(5000)}, "initramfs": {Data: content(9000)}}, KernelArgs: []string{"console=ttyS0,115200"}},
			"arm64": {Files: fstest.MapFS{"vmlinuz": {Data: content(6000)}, "initramfs": {Data: content(7000)}}, KernelArgs: []string{"loglevel=4"}},
		},
		Loaders: fstest.MapFS{"snponly.efi": {Data: content(300)}},
		Page:    func(name string) string { return "http://10.0.0.1/m/" + name },
		Log:     slog.New(slog.DiscardHandler), Now: time.Now,
	}
	for _, f := range change {
		f(&c, st)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, st
}

// call is one request from a machine of the lab, written as it is on the wire:
// method, target and, line by line, headers.
type call struct {
	method, target string
	header         map[string]string
	body           string
	from           string // 127.0.0.1 when empty
}

func (c call) do(s *Server) *http.Response {
	r := httptest.NewRequestWithContext(context.Background(), c.method, c.target, strings.NewReader(c.body))
	r.RemoteAddr = cmp.Or(c.from, "127.0.0.1") + ":1024"
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	return answer(s, r)
}

func answer(s *Server, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w.Result()
}

// as gives a call the session of a MAC, and the proof that it is of this call.
func (c call) as(s *Server, mac machine.MAC) call {
	k := keys(mac)
	return c.signed(k, s.session(mac, s.Now().UnixNano(), k.Public()), s.challenge)
}

func (c call) signed(k *identity.Key, session, challenge string) call {
	proof := k.Sign(challenge, session, c.method, c.target, []byte(c.body))
	return c.with("Authorization", report.SessionScheme+" "+session).with(report.ProofHeader, proof.String())
}

var lastNumber atomic.Uint64

// keys gives the key of a MAC's boot.
func keys(mac machine.MAC) *identity.Key {
	return identity.New(identity.Seed{0: 1, 1: mac[5]}, lastNumber.Add(1))
}

func (c call) with(name, value string) call {
	h := map[string]string{name: value}
	maps.Copy(h, c.header)
	c.header = h
	return c
}

func bodyOf(t testing.TB, r *http.Response) string {
	t.Helper()
	defer r.Body.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// serving runs the door on a port of its own and gives its address; stop ends
// it and waits.
func serving(t testing.TB, s *Server) (base string, stop func()) {
	t.Helper()
	s.Config.Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return "http://" + s.Addrs()[0].String(), stop
}

// until waits for a level, at most ten seconds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited 10 s, want that %s", what)
		case <-look.C:
		}
	}
}
