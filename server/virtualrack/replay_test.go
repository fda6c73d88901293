package virtualrack_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/bundle"
	"firstlight/server/frame"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/replay"
)

// site is a network of whose packets a capture was made: the appliance there was
// 192.0.2.1, and the machine got 192.0.2.50.
type site struct {
	at      time.Time
	packets []frame.Raw
}

func (s *site) add(from, to string, payload []byte) {
	s.at = s.at.Add(20 * time.Millisecond)
	s.packets = append(s.packets, frame.Raw{At: s.at, IPv4: frame.UDP(netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), payload)})
}

func (s *site) dhcp(mac string, reply bool, mods ...dhcpv4.Modifier) {
	hw, _ := net.ParseMAC(mac)
	p, _ := dhcpv4.New(append([]dhcpv4.Modifier{
		dhcpv4.WithHwAddr(hw), dhcpv4.WithTransactionID(dhcpv4.TransactionID{1, 2, 3, 4}),
		dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00000:UNDI:002001")),
	}, mods...)...)
	if !reply {
		s.add("0.0.0.0:68", "255.255.255.255:67", p.ToBytes())
		return
	}
	p.OpCode = dhcpv4.OpcodeBootReply
	p.YourIPAddr = net.IP{192, 0, 2, 50}
	p.UpdateOption(dhcpv4.OptServerIdentifier(net.IP{192, 0, 2, 1}))
	s.add("192.0.2.1:67", "192.0.2.50:68", p.ToBytes())
}

// get is a TCP segment with a request in it.
func (s *site) get(path string) {
	raw := frame.UDP(netip.MustParseAddrPort("192.0.2.50:4000"), netip.MustParseAddrPort("192.0.2.1:80"),
		append([]byte("123456789012"), "GET "+path+" HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n"...))
	raw[9], raw[20+12] = 6, 5<<4 // TCP, with a header of 20 bytes
	s.at = s.at.Add(20 * time.Millisecond)
	s.packets = append(s.packets, frame.Raw{At: s.at, IPv4: raw})
}

const recorded = "52:54:00:12:34:56"

// boot is what a BIOS does up to its script.
func (s *site) boot() {
	kind := func(k dhcpv4.MessageType) dhcpv4.Modifier { return dhcpv4.WithMessageType(k) }
	s.dhcp(recorded, false, kind(dhcpv4.MessageTypeDiscover))
	s.dhcp(recorded, true, kind(dhcpv4.MessageTypeOffer))
	s.dhcp(recorded, false, kind(dhcpv4.MessageTypeRequest), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IP{192, 0, 2, 1})),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IP{192, 0, 2, 50})))
	s.dhcp(recorded, true, kind(dhcpv4.MessageTypeAck))
	s.add("192.0.2.50:2000", "192.0.2.1:69", []byte("\x00\x01undionly.kpxe\x00octet\x00"))
	s.get("/boot/script?mac=52-54-00-12-34-56&platform=pcbios")
}

func TestARecordedMachineIsPlayedAgain(t *testing.T) {
	whole, silent, two := &site{at: time.Unix(1700000000, 0)}, &site{}, &site{}
	whole.boot()
	silent.dhcp("52:54:00:12:34:57", false, dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover))
	two.boot()
	two.dhcp("52:54:00:12:34:57", false, dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover))
	two.get("/boot/script?mac=52-54-00-12-34-56&platform=pcbios")
	r := start(t, virtualrack.Spec{Relayed: 1})
	for _, test := range []struct {
		name             string
		site             *site
		mac              string
		steps, different int
		says             []string
	}{
		{"a boot", whole, "", 4, 0, []string{`hears  OFFER`, `server "10.80.0.1", boots "undionly.kpxe"`, `asks for "10.96.0.`, "TFTP undionly.kpxe: whole", "platform=pcbios: whole"}},
		{"what was silent there", silent, "", 1, 1, []string{"there was no answer in the recording"}},
		{"one of two", two, recorded, 5, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mac machine.MAC
			if test.mac != "" {
				mac, _ = machine.ParseMAC(test.mac)
			}
			recording, err := replay.Read(test.site.packets, mac)
			if err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			p := replay.Player{Server: r.Address(), Relay: virtualrack.RelayedNetwork(0).Addr().Next(), Out: &said}
			steps, different, err := p.Play(t.Context(), recording)
			if err != nil || steps != test.steps || different != test.different {
				t.Errorf("steps = %d, different = %d, %v, want %d, %d; it said:\n%s", steps, different, err, test.steps, test.different, &said)
			}
			for _, want := range test.says {
				if !strings.Contains(said.String(), want) {
					t.Errorf("it said:\n%s\nwant %q in it", &said, want)
				}
			}
		})
	}
	if _, err := replay.Read(two.packets, machine.MAC{}); err == nil || !strings.Contains(err.Error(), "choose one with --mac") {
		t.Errorf("a capture of two machines: %v, want to be asked which", err)
	}
	if _, err := replay.Read(nil, machine.MAC{}); err == nil || !strings.Contains(err.Error(), "no DHCP message") {
		t.Errorf("a capture of nobody: %v, want to be told so", err)
	}
}

// TestAFailureOfASiteBecomesATest records a machine whose boot fails in one rack,
// takes its bundle away, and plays it in another, whose appliance finds the same
// wrong.
func TestAFailureOfASiteBecomesATest(t *testing.T) {
	var file []byte
	t.Run("at the site", func(t *testing.T) {
		there := start(t, virtualrack.Spec{Light: 1})
		m := there.Machines()[0]
		if err := m.Plant(light.WrongFile); err != nil {
			t.Fatal(err)
		}
		powerOn(t, []*virtualrack.Machine{m})
		awaitWrong(t, there, m.MAC, "no-such-file")
		file = fetch(t, there, "/api/v1/machines/"+m.MAC.String()+"/bundle")
	})
	b, err := bundle.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	recording, err := replay.OfBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	subnet := replay.Subnet(b)
	if subnet == nil || subnet.Name != "rack" {
		t.Fatalf("its subnet = %+v, want that of the rack", subnet)
	}
	here := start(t, virtualrack.Spec{Relayed: 1, Behind: subnet})
	if err := replay.SetUp(t.Context(), here.Appliance(), here.Database(), b); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	p := replay.Player{Server: here.Address(), Relay: virtualrack.RelayedNetwork(0).Addr().Next(), Out: &said}
	steps, different, err := p.Play(t.Context(), recording)
	if err != nil || steps < 3 || different != 0 {
		t.Errorf("steps = %d, different = %d, %v; it said:\n%s", steps, different, err, &said)
	}
	same, now, err := replay.SameWrong(t.Context(), here.Socket(), b)
	if err != nil || !same {
		t.Errorf("wrong = %+v, %v, want no-such-file; it said:\n%s", now, err, &said)
	}
}

func awaitWrong(t *testing.T, r *virtualrack.Rack, mac machine.MAC, fault string) {
	t.Helper()
	for deadline := time.Now().Add(nameWithin); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if all, err := wrong(t.Context(), r, mac); err == nil && len(all) > 0 && all[0].Fault == fault {
			return
		}
	}
	t.Fatalf("%s: %s is not named within %s", mac, fault, nameWithin)
}

func fetch(t *testing.T, r *virtualrack.Rack, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://rack"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := web(r).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %d %.200s, %v", path, resp.StatusCode, text, err)
	}
	return text
}
