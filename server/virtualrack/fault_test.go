package virtualrack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"

	"firstlight/server/machine"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
)

// drill is a fault that is planted in a rack, and what the appliance has to call
// it. How it begins is said by begin; nil: the machine is powered on with it.
type drill struct {
	fault light.Fault
	named string
	quick bool // its evidence is there at once
	ready bool // the machine is known and idle before
	begin func(*testing.T, *virtualrack.Rack, *virtualrack.Machine)
	image string                            // that it installs
	uefi  bool                              // it starts by UEFI, whose firmware tells its boot order
	bios  bool                              // it starts by BIOS
	last  bool                              // when all others are over, for it disturbs them
	as    func(machine.MAC) machine.MAC     // who it is to the appliance; nil: itself
	says  func(*virtualrack.Machine) string // the sentence of the issue that it is named by; nil: its boot stopped
}

var drills = []drill{
	{fault: light.WrongFile, named: "no-such-file", quick: true},
	{fault: light.BareRelay, named: "relay-without-option-82"},
	{fault: light.WrongRelay, named: "no-subnet"},
	{fault: light.OtherServer, named: "another-dhcp-server", quick: true, last: true},
	{fault: light.Declines, named: "address-in-use", quick: true},
	{fault: light.OddFirmware, named: "no-loader-for-architecture"},
	{fault: light.LatePort, named: "switch-port-slow", quick: true},
	{fault: light.WrongClock, named: "wrong-clock", quick: true},
	{fault: light.FarRelay, named: "offers-lost"},
	{fault: light.FarRelay, named: "range-full", begin: afterTheFirst},
	{fault: light.NoOffers, named: "offers-lost"},
	{fault: light.OldLease, named: "address-refused"},
	{fault: light.NoTFTP, named: "loader-not-fetched"},
	{fault: light.OtherLoader, named: "wrong-loader"},
	{fault: light.CutLoader, named: "loader-broken-off"},
	{fault: light.NoDriver, named: "loader-without-nic-driver", bios: true},
	{fault: light.NoDriver, named: "loader-not-started", uefi: true}, // or Secure Boot refuses it: the same to who sees packets
	{fault: light.LoaderLoop, named: "loader-loop", quick: true},
	{fault: light.DeafLoader, named: "ipxe-no-address"},
	{fault: light.NoHTTP, named: "script-not-fetched"},
	{fault: light.BorrowedName, named: "script-refused", quick: true, as: borrowed},
	{fault: light.Stops, named: "script-and-no-more"},
	{fault: light.GoneKernel, named: "no-such-file", quick: true},
	{fault: light.CutKernel, named: "kernel-broken-off"},
	{fault: light.SilentAgent, named: "silent-agent"},
	{fault: light.CrashLoop, named: "crash-loop"},
	{fault: light.DeadDisk, named: "wrong-boot-order", quick: true, image: light.ImageName},
	{named: "image-hash", quick: true, image: tampered},
	{fault: light.TwoFaces, named: "report-refused", quick: true, ready: true, begin: cycle},
	{fault: light.DiskFirst, named: "booted-its-disk", quick: true, ready: true, uefi: true, begin: cycle},
	{fault: light.WrongCable, named: "wrong-switch-port", quick: true, ready: true, begin: replug, says: elsewhere},
	{fault: light.RelayLies, named: "wrong-switch-port", quick: true, says: relayLies},
	{fault: light.AgentCrash, named: "agent-crashed", quick: true, says: panicked},
	{fault: light.FailingDisk, named: "disk-failing", quick: true, says: worn},
	{fault: light.StolenToken, named: "stolen-token", quick: true, says: robbed},
	{fault: light.Dead, named: "bmc-lies", ready: true, begin: cycle},
	{named: "bmc-lies", ready: true, begin: lie},
	{fault: light.NoOffers, named: "another-dhcp-server", last: true, begin: besideAnotherServer},
}

// borrowed is in whose name it asks.
func borrowed(mac machine.MAC) machine.MAC {
	mac[0] |= 0x04
	return mac
}

// afterTheFirst waits until the only address of the far network is offered.
func afterTheFirst(t *testing.T, _ *virtualrack.Rack, m *virtualrack.Machine) {
	time.Sleep(2 * time.Second)
	powerOn(t, []*virtualrack.Machine{m})
}

// cycle goes through the machine's BMC as people do; the answer comes when the
// BMC shows it.
func cycle(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) {
	if m.LightDisk().Written() == 0 { // for those that boot it
		if err := m.LightDisk().Install("old-system"); err != nil {
			t.Error(err)
		}
	}
	order(t, r, "/api/v1/machines/"+m.Name+"/power", `{"action":"cycle"}`)
}

// replug plans the cable where it was seen before it was moved, and boots the
// machine, whose agent hears the switch anew.
func replug(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) {
	request(t, r, http.MethodPatch, "/api/v1/machines/"+m.Name, `{"nics":{"eth0":{"switch":"sw2","port":"`+m.Name[len(m.Name)-2:]+`"}}}`)
	cycle(t, r, m)
}

// elsewhere is where it is and where it belongs, and what to do.
func elsewhere(m *virtualrack.Machine) string {
	own := m.Name[len(m.Name)-2:]
	return fmt.Sprintf("eth0 is in sw2/Ethernet200%s, plan says sw2/%s: move the cable to sw2/%s, or accept where it is.", own, own, own)
}

// relayLies is where its switch says that it is, and where its relay does.
func relayLies(m *virtualrack.Machine) string {
	own := m.Name[len(m.Name)-2:]
	return fmt.Sprintf("Of eth0, LLDP says %s/%s and its relay (option 82) %s/Ethernet200%s; the plan says nothing: follow the cable, and mend what names its port wrongly.",
		m.Switch, m.Port, m.Switch, own)
}

func panicked(*virtualrack.Machine) string {
	return "Its agent crashed and was started again: " + light.Panic
}

// worn is which disk fails, by what, and what to do.
func worn(m *virtualrack.Machine) string {
	return fmt.Sprintf("Disk %s-D1 (vda) is failing: its spare blocks are at 3 %%, and its limit is 10 %%. Replace it, then check the machine again.", m.Name)
}

func robbed(*virtualrack.Machine) string {
	return "Another agent used the boot token of this boot with another key: somebody else booted as this machine, or the wire was read."
}

// asks waits for an issue of the machine, and says how it was named; "": it was not.
func asks(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine, d drill) string {
	ctx, cancel := context.WithTimeout(t.Context(), evidenceWithin)
	defer cancel()
	began, last := time.Now(), ""
	for tick := time.NewTicker(500 * time.Millisecond); ctx.Err() == nil; {
		if said, err := issues(ctx, r, m); err != nil {
			last = err.Error()
		} else if last = said[d.named]; last == d.says(m) {
			return fmt.Sprintf("%s (%s, %s): %s after it began: %s", m.Name, d.fault, d.named, time.Since(began).Round(100*time.Millisecond), last)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	t.Errorf("%s (%s): of %s it is said %q, want %q; its console: %q", m.Name, d.fault, d.named, last, d.says(m), m.ConsoleTail(5))
	return ""
}

// issues are the sentences of the machine's open issues, by kind.
func issues(ctx context.Context, r *virtualrack.Rack, m *virtualrack.Machine) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://rack/api/v1/machines/"+m.Name+"/issues", nil)
	if err != nil {
		return nil, err
	}
	resp, err := web(r).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list struct {
		Items []struct{ Kind, Sentence string }
	}
	all := map[string]string{}
	err = json.NewDecoder(resp.Body).Decode(&list)
	for _, one := range list.Items {
		all[one.Kind] = one.Sentence
	}
	return all, err
}

// lie does not wait: the appliance does, and is told nothing.
func lie(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) {
	m.BMC.SetFaults(bmcsim.Faults{Lie: true})
	go order(t, r, "/api/v1/machines/"+m.Name+"/power", `{"action":"cycle"}`)
}

// order sends one to the appliance, whose answer is no matter here.
func order(t *testing.T, r *virtualrack.Rack, path, body string) {
	request(t, r, http.MethodPost, path, body)
}

func request(t *testing.T, r *virtualrack.Rack, method, path, body string) {
	req, err := http.NewRequestWithContext(t.Context(), method, "http://rack"+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web(r).Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
}

// besideAnotherServer has a DHCP server of somebody else's on the network.
func besideAnotherServer(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) {
	at := netip.MustParseAddr("10.80.0.9")
	box, err := r.Box("rogue0", at)
	if err != nil {
		t.Error(err)
		return
	}
	var conn *net.UDPConn
	if err := box.Do(func() (err error) {
		conn, err = server4.NewIPv4UDPConn("rogue0", &net.UDPAddr{Port: 67})
		return err
	}); err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { _, _ = conn.Close(), box.Close() })
	go answerAll(conn, at)
	powerOn(t, []*virtualrack.Machine{m})
}

// answerAll offers one address to everybody, and nothing to boot.
func answerAll(conn *net.UDPConn, at netip.Addr) {
	for b := make([]byte, 1500); ; {
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		asked, err := dhcpv4.FromBytes(b[:n])
		if err != nil || asked.MessageType() != dhcpv4.MessageTypeDiscover {
			continue
		}
		offer, err := dhcpv4.NewReplyFromRequest(asked, dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer),
			dhcpv4.WithYourIP(net.IP{10, 80, 250, 250}), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(at.AsSlice())))
		if err != nil {
			continue
		}
		_, _ = conn.WriteTo(offer.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: 68})
	}
}

// tampered is an image whose file is not what its manifest says.
const tampered = "tampered"

func writeTampered(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := light.WriteImage(dir); err != nil {
		return err
	}
	file, manifest := filepath.Join(dir, light.ImageName+".raw.zst"), filepath.Join(dir, light.ImageName+".json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	var says map[string]any
	if err := json.Unmarshal(text, &says); err != nil {
		return err
	}
	wrong := strings.Repeat("5a", 32)
	says["name"], says["file"], says["sha256"], says["compressed_sha256"] = tampered, tampered+".raw.zst", wrong, wrong
	if text, err = json.Marshal(says); err != nil {
		return err
	}
	if err := os.Rename(file, filepath.Join(dir, tampered+".raw.zst")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, tampered+".json"), text, 0o644)
}

// wrong asks for what the machine's page says, too: why its boot stopped.
func wrong(ctx context.Context, r *virtualrack.Rack, mac machine.MAC) (all []struct {
	Fault, Level, Sentence string
	Evidence               []struct{ At time.Time }
}, err error,
) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://rack/api/v1/machines/"+mac.String()+"/boot", nil)
	if err != nil {
		return nil, err
	}
	resp, err := web(r).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	shown := struct{ Wrong any }{&all}
	return all, json.Unmarshal(body, &shown)
}

// TestPlantedFaultsAreNamed plants faults in a real rack, each in a machine of
// its own, and wants each named right on its page within 60 s of the last thing
// that was seen of it, and nothing wrong said before.
func TestPlantedFaultsAreNamed(t *testing.T) {
	var planted []drill
	for _, d := range drills {
		if d.quick || os.Getenv("FIRSTLIGHT_LONG") != "" {
			planted = append(planted, d)
		}
	}
	r, machines := plant(t, planted)
	named := drillAll(t, r, machines, planted, false) + drillAll(t, r, machines, planted, true)
	t.Logf("%d of %d planted faults named right within 60 s", named, len(planted))
	if all, err := wrong(t.Context(), r, r.Machines()[0].MAC); err != nil || len(all) > 0 {
		t.Errorf("of the healthy machine it is said %+v, %v; want nothing", all, err)
	}
}

// drillAll begins those that are last, or those that are not, all at once, and
// counts what was named.
func drillAll(t *testing.T, r *virtualrack.Rack, machines []*virtualrack.Machine, planted []drill, last bool) (named int) {
	t.Helper()
	results, n := make(chan string), 0
	for i, d := range planted {
		if d.last == last {
			n++
			go func() { results <- watch(t, r, machines[i], d) }()
		}
	}
	for range n {
		if said := <-results; said != "" {
			named++
			t.Log(said)
		}
	}
	return named
}

// seat is where the n-th fault has its machine: every second one of the rack
// starts by UEFI.
func seat(n int, d drill) int {
	switch {
	case d.uefi:
		return 2*n + 3
	case d.bios:
		return 2*n + 2
	default:
		return 2*n + 2 + n%2
	}
}

// plant racks up: the first machine is healthy, then each has its fault, from
// its first boot on or from when it is known and idle.
func plant(t *testing.T, planted []drill) (*virtualrack.Rack, []*virtualrack.Machine) {
	t.Helper()
	dir, err := os.MkdirTemp("", "rack")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := writeTampered(filepath.Join(dir, "state", "images")); err != nil {
		t.Fatal(err)
	}
	var rules []machine.Rule
	idle := 1
	for i, d := range planted {
		if d.image != "" {
			name := fmt.Sprintf("LT%04d", seat(i, d)+1)
			rules = append(rules, machine.Rule{Name: "install-" + fmt.Sprint(i), Match: "serial=" + name, Accept: true, Site: "rack", Role: "light", Image: d.image})
		}
		if d.ready {
			idle++
		}
	}
	rules = append(rules, machine.Rule{Name: "all", Accept: true, Site: "rack", Role: "light"})
	r := start(t, virtualrack.Spec{Dir: dir, Light: 2 + 2*len(planted), Rules: rules})
	machines := make([]*virtualrack.Machine, len(planted))
	for i, d := range planted {
		machines[i] = r.Machines()[seat(i, d)]
	}
	put(t, r, "/api/v1/subnets/far", `{"name":"far","prefix":"10.99.64.0/30","site":"rack","ranges":[{"first":"10.99.64.2","last":"10.99.64.2"}],`+
		`"dns":[],"mode":"server","policy":"register","lease_seconds":3600}`)
	first := r.Machines()[:1:1]
	for i, d := range planted {
		if d.ready {
			first = append(first, machines[i])
		}
	}
	powerOn(t, first)
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: idle})
	for i, d := range planted {
		if err := machines[i].Plant(d.fault); err != nil {
			t.Fatal(err)
		}
	}
	return r, machines
}

func put(t *testing.T, r *virtualrack.Rack, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://rack"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web(r).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("PUT %s = %d %s, %v", path, resp.StatusCode, text, err)
	}
}

const (
	nameWithin = time.Minute
	// evidenceWithin is how long the evidence itself may take to arise: a kernel
	// that crashes four times, a machine that is installed first.
	evidenceWithin = 2 * time.Minute
)

// watch begins a drill and asks until it is named, and says how; "": it was not.
func watch(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine, d drill) string {
	began := time.Now()
	if d.begin != nil {
		d.begin(t, r, m)
	} else if err := m.PowerOn(t.Context()); err != nil {
		t.Error(err)
	}
	if d.says != nil {
		return asks(t, r, m, d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), evidenceWithin+nameWithin)
	defer cancel()
	who := m.MAC
	if d.as != nil {
		who = d.as(m.MAC)
	}
	what, last := fmt.Sprintf("%s (%s, %s)", m.Name, d.fault, d.named), ""
	for tick := time.NewTicker(500 * time.Millisecond); ctx.Err() == nil; {
		all, err := wrong(ctx, r, who)
		if err == nil && len(all) > 0 {
			last = fmt.Sprintf("%s, %s: %s", all[0].Fault, all[0].Level, all[0].Sentence)
			if all[0].Fault == d.named {
				seen := all[0].Evidence[0].At
				for _, e := range all[0].Evidence {
					seen = later(seen, e.At)
				}
				took := time.Since(seen).Round(100 * time.Millisecond)
				if took > nameWithin {
					t.Errorf("%s: named %s after the last that was seen of it, want it within %s", what, took, nameWithin)
				}
				return fmt.Sprintf("%s: %s, %s after the last that was seen of it, %s after it began", what, all[0].Level, took, time.Since(began).Round(100*time.Millisecond))
			}
			if all[0].Level == "certain" {
				t.Errorf("%s: it is said that %s", what, last)
				return ""
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	t.Errorf("%s: not named; last it was said: %q; its console: %q", what, last, m.ConsoleTail(5))
	return ""
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
