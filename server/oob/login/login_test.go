package login_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/credential"
	"firstlight/server/oob/login"
	"firstlight/server/oob/redfish"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
)

const password = oob.Secret("correct horse battery")

// box is a machine of nothing but memory.
type box struct {
	mu sync.Mutex
	on bool
}

func (*box) Identity() oob.Identity {
	return oob.Identity{Vendor: "Contoso", Model: "R1", Serial: "FL0001", UUID: "11111111-0000-0000-0000-000000000001"}
}

func (b *box) Running() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.on }

func (b *box) PowerOn(context.Context, oob.BootDevice) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.on = true
	return nil
}

func (b *box) PowerOff(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.on = false
	return nil
}

// bmc serves a BMC and gives its address.
func bmc(t *testing.T) (*bmcsim.BMC, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := bmcsim.New(&box{}, bmcsim.Options{Password: password, Lockout: 3})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.Close()
	})
	return b, l.Addr().String()
}

// world is a keeper on a real ServerDb that knows one machine.
type world struct {
	*login.Keeper
	db   *serverdb.DB
	path string
	bmc  *bmcsim.BMC
}

func start(t *testing.T, address string) *world {
	t.Helper()
	w := &world{path: storetest.Fresh(t)}
	key, err := credential.KeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	w.db, err = serverdb.Open(t.Context(), w.path, serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	lab := &machine.Subnet{Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister, Lease: time.Hour}
	if err := w.db.Seed(t.Context(), []*machine.Subnet{lab}, nil); err != nil {
		t.Fatal(err)
	}
	r := &report.Report{
		System: report.System{Vendor: "Contoso", Product: "R1", Serial: "FL0001", UUID: "11111111-0000-0000-0000-000000000001"},
		NICs:   []report.NIC{{Name: "eth0", MAC: "52:54:00:00:00:01"}},
	}
	if address != "" {
		r.BMC = &report.BMC{Address: address, MAC: "52:54:00:00:01:01"}
	}
	if _, err := w.db.Report(t.Context(), r, netip.MustParseAddr("10.80.12.100")); err != nil {
		t.Fatal(err)
	}
	w.Keeper = &login.Keeper{Store: w.db, Key: key, Timeout: 5 * time.Second, Now: time.Now}
	return w
}

// rack is a world whose machine has a BMC.
func rack(t *testing.T) *world {
	t.Helper()
	b, address := bmc(t)
	w := start(t, address)
	w.bmc = b
	return w
}

func (w *world) machine(t *testing.T) *machine.Machine {
	t.Helper()
	m, err := w.db.Machine("FL0001")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// open logs in and asks for the power, so that the log-in is really used.
func (w *world) open(t *testing.T) error {
	t.Helper()
	c, err := w.Open(t.Context(), w.machine(t))
	if err != nil {
		if c != nil {
			t.Errorf("Open = %T with an error", c)
		}
		return err
	}
	if power, err := c.Power(t.Context()); power != oob.PowerOff || err != nil {
		t.Errorf("Power = %q, %v; want off", power, err)
	}
	return c.Close(context.WithoutCancel(t.Context()))
}

func right() *credential.Credential { return &credential.Credential{User: "admin", Password: password} }

func wrong(p oob.Secret) credential.Credential {
	return credential.Credential{User: "admin", Password: p}
}

func TestTheFirstThatWorksIsKeptAndPinned(t *testing.T) {
	for _, tt := range []struct {
		name    string
		give    oob.Secret
		vendors []credential.VendorCredential
		site    *credential.Credential
		refused int
	}{
		{"one that a person gave", password, nil, nil, 0},
		{"the site's default", "", nil, right(), 0},
		{"the vendor's, before a site default that is wrong", "", []credential.VendorCredential{{Vendor: "contoso", Credential: *right()}}, new(wrong("site")), 0},
		{"the site's, after a vendor's that is wrong", "", []credential.VendorCredential{{Vendor: "Contoso", Credential: wrong("vendor")}}, right(), 1},
		{"not the one of another vendor", "", []credential.VendorCredential{{Vendor: "Fabrikam", Credential: wrong("vendor")}}, right(), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := rack(t)
			w.Vendors, w.Site = tt.vendors, tt.site
			if tt.give != "" {
				if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", User: "admin", Password: tt.give}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.open(t); err != nil {
				t.Fatal(err)
			}
			m := w.machine(t)
			if !m.BMC.Proven || len(m.BMC.Pin) != 64 || m.BMC.Failed != "" || m.BMC.Firmware != "1.0.0" {
				t.Errorf("the record says %+v", m.BMC)
			}
			// From now on it is the machine's own: neither list is asked again.
			w.Vendors, w.Site = nil, nil
			if err := w.open(t); err != nil {
				t.Errorf("a second log-in: %v", err)
			}
			if c := w.bmc.Counts(); c.LoginsRefused != tt.refused || c.Locked {
				t.Errorf("%d log-ins were refused (locked: %v), want %d", c.LoginsRefused, c.Locked, tt.refused)
			}
		})
	}
}

func TestWithoutALogInAPersonPressesTheButton(t *testing.T) {
	for _, tt := range []struct {
		name string
		w    *world
		says string
	}{
		{"no BMC", start(t, ""), "machine FL0001: its BMC's address is not known: no BMC with a known log-in"},
		{"no credential", rack(t), "machine FL0001: no credential for its BMC 127.0.0.1:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.w.open(t)
			if !errors.Is(err, oob.ErrNoLogin) || !strings.HasPrefix(err.Error(), tt.says) {
				t.Errorf("Open = %v, want ErrNoLogin: %s…", err, tt.says)
			}
		})
	}
}

// However often and from however many sides a wrong credential is tried, the
// BMC sees it once, and its account stays open.
func TestAWrongCredentialIsSentOnce(t *testing.T) {
	w := rack(t)
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", User: "admin", Password: "wrong"}); err != nil {
		t.Fatal(err)
	}
	w.Site = right() // a default that would work must not hide it
	stale := w.machine(t)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			if _, err := w.Open(t.Context(), stale); !errors.Is(err, oob.ErrCredentials) && !errors.Is(err, oob.ErrNoLogin) {
				t.Errorf("Open = %v", err)
			}
		})
	}
	g.Wait()
	if c := w.bmc.Counts(); c.LoginsRefused != 1 || c.Locked {
		t.Errorf("the BMC refused %d log-ins (locked: %v), want 1", c.LoginsRefused, c.Locked)
	}
	err := w.open(t)
	if !errors.Is(err, oob.ErrNoLogin) || !strings.Contains(err.Error(), "set its credential anew") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("Open = %v, want the remedy and not the password", err)
	}
	if m := w.machine(t); m.BMC.Proven || !strings.HasPrefix(m.BMC.Failed, "log-in refused") {
		t.Errorf("the record says %+v", m.BMC)
	}
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", User: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := w.open(t); err != nil {
		t.Errorf("with the right one: %v", err)
	}
}

func TestAPasswordThatWasChangedAtTheBMC(t *testing.T) {
	w := rack(t)
	w.Site = right()
	if err := w.open(t); err != nil {
		t.Fatal(err)
	}
	w.bmc.SetFaults(bmcsim.Faults{RefuseLogin: true})
	for range 5 {
		if err := w.open(t); !errors.Is(err, oob.ErrCredentials) && !errors.Is(err, oob.ErrNoLogin) {
			t.Errorf("Open = %v", err)
		}
	}
	if c := w.bmc.Counts(); c.LoginsRefused != 1 || c.Locked {
		t.Errorf("%d log-ins were refused (locked: %v), want 1", c.LoginsRefused, c.Locked)
	}
}

func TestAnotherCertificateGetsNoPassword(t *testing.T) {
	w := rack(t)
	w.Site = right()
	if err := w.open(t); err != nil {
		t.Fatal(err)
	}
	pin := w.machine(t).BMC.Pin
	stranger, address := bmc(t)
	err := w.db.Edit(t.Context(), w.machine(t).ID, 0, "t", "", func(m *machine.Machine) error { m.BMC.Address = address; return nil })
	if err != nil {
		t.Fatal(err)
	}
	var changed *redfish.CertificateChangedError
	if err := w.open(t); !errors.As(err, &changed) || changed.Pinned != pin || !strings.Contains(err.Error(), "accept the new one") {
		t.Errorf("Open = %v, want a CertificateChangedError", err)
	}
	if got := stranger.Counts().Requests; got != 0 {
		t.Errorf("the stranger saw %d requests", got)
	}
	if m := w.machine(t); m.BMC.Pin != pin || !m.BMC.Proven {
		t.Errorf("the record became %+v", m.BMC)
	}
	// A person who gives the address anew meets a new BMC.
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", Address: strings.Replace(address, "127.0.0.1", "localhost", 1), User: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := w.open(t); err != nil || w.machine(t).BMC.Pin == pin {
		t.Errorf("Open = %v, pin %s", err, w.machine(t).BMC.Pin)
	}
}

func TestABMCThatDoesNotAnswerJudgesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w := start(t, address)
	w.Site = right()
	if err := w.open(t); !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Open = %v, want ErrUnreachable", err)
	}
	if m := w.machine(t); m.BMC.Failed != "" {
		t.Errorf("the credential is parked: %s", m.BMC.Failed)
	}
}

// The file, its log and its index hold neither password nor user.
func TestSecretsAreSealedOnDisk(t *testing.T) {
	w := rack(t)
	const user = "admin-of-this-rack"
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", User: user, Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0009", Address: "10.81.12.9", User: user, Password: password}); err != nil { // not seen yet
		t.Fatal(err)
	}
	if err := w.open(t); err == nil {
		t.Fatal("a user that does not exist logs in")
	}
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", User: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := w.open(t); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(w.path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("files = %v, %v; want the database and its log", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(password)) {
			t.Errorf("%s holds the password", filepath.Base(f))
		}
	}
	// Another key opens nothing and says so.
	other, err := credential.KeyFile(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	w.Key = other
	if err := w.open(t); err == nil || strings.Contains(err.Error(), string(password)) {
		t.Errorf("with another key: %v", err)
	}
}

func TestACredentialWaitsForItsMachine(t *testing.T) {
	b, address := bmc(t)
	w := start(t, "")
	w.bmc = b
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0002", Address: address, User: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := w.open(t); !errors.Is(err, oob.ErrNoLogin) {
		t.Errorf("another machine logs in with it: %v", err)
	}
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", Address: address, User: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := w.open(t); err != nil || w.machine(t).BMC.Address != address {
		t.Errorf("Open = %v, the record has %q", err, w.machine(t).BMC.Address)
	}
}

// answering serves a BMC's IPMI, and nothing else, at an address.
func answering(t *testing.T, at string) {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", to)
	if errors.Is(err, os.ErrPermission) {
		t.Skip("port 623 is for root")
	}
	if err != nil {
		t.Fatal(err)
	}
	b := bmcsim.New(&box{}, bmcsim.Options{Password: short})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.ServeIPMI(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.Close()
	})
}

const short = oob.Secret("battery staple") // IPMI takes 20 bytes

// A BMC that has no Redfish is spoken with by IPMI from the first log-in on, and
// the record says so.
func TestABMCWithoutRedfishIsSpokenWithByIPMI(t *testing.T) {
	answering(t, "127.77.0.9:623")
	w := start(t, "127.77.0.9")
	w.Site = &credential.Credential{User: "admin", Password: short}
	for range 2 { // the second time it is known
		if err := w.open(t); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.machine(t); m.BMC.Type != "ipmi" || !m.BMC.Proven || m.BMC.Firmware != "1.42" {
		t.Errorf("the record says %+v, want IPMI, proven", m.BMC)
	}
	const row = "proven by IPMI: user admin (site)"
	look := time.NewTicker(5 * time.Millisecond) // rows are written in the background
	defer look.Stop()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(w.noted(t), row); <-look.C {
		if time.Now().After(deadline) {
			t.Fatalf("the timeline says %q, want %q in it", w.noted(t), row)
		}
	}
}

// What IPMI refuses is parked as what Redfish refuses.
func TestIPMIParksWhatIsRefused(t *testing.T) {
	answering(t, "127.77.0.10:623")
	w := start(t, "127.77.0.10")
	w.Site = &credential.Credential{User: "admin", Password: "another"}
	if err := w.open(t); !errors.Is(err, oob.ErrCredentials) {
		t.Fatalf("Open = %v, want %v", err, oob.ErrCredentials)
	}
	if m := w.machine(t); !strings.Contains(m.BMC.Failed, "refused") {
		t.Errorf("the record says %+v, want that the log-in was refused", m.BMC)
	}
}

// Where neither answers, it is Redfish that people are told of.
func TestABMCThatDoesNotAnswerAtAllIsUnreachable(t *testing.T) {
	w := start(t, "127.77.0.11")
	w.Site = &credential.Credential{User: "admin", Password: short}
	if err := w.open(t); !errors.Is(err, oob.ErrUnreachable) {
		t.Fatalf("Open = %v, want %v", err, oob.ErrUnreachable)
	}
}

// noted is the machine's timeline as one text.
func (w *world) noted(t *testing.T) string {
	t.Helper()
	events, err := w.db.Timeline(t.Context(), w.machine(t).ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range events {
		all = append(all, e.Text)
	}
	return strings.Join(all, "\n")
}
