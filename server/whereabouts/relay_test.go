package whereabouts

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"firstlight/server/machine"
)

var (
	four = netip.MustParseAddr("10.1.3.1")
	six  = netip.MustParseAddr("fd00:3::1")
	now  = epoch
	eth0 = machine.MAC{2, 0, 0, 0, 0, 1}
	lom  = machine.MAC{2, 0, 0, 0, 0, 0xb}
)

// bin are the bytes of an option, in hex.
func bin(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadCircuit(t *testing.T) {
	for _, tt := range []struct {
		name, text, hex string
		want            Said
	}{
		{name: "Arista", text: "Ethernet31", want: Said{Port: "Ethernet31"}},
		{name: "Arista, short, with its VLAN", text: "Et31:Vlan10", want: Said{Port: "Et31", VLAN: "Vlan10"}},
		{name: "Arista, a lane", text: "Ethernet31/1", want: Said{Port: "Ethernet31/1"}},
		{name: "Junos", text: "ge-0/0/31.0:vlan10", want: Said{Port: "ge-0/0/31", VLAN: "vlan10"}},
		{name: "Junos, a VLAN by name", text: "xe-1/0/4.0:servers", want: Said{Port: "xe-1/0/4", VLAN: "servers"}},
		{name: "Junos with its host name", text: "sw3:ge-0/0/31.0:vlan10", want: Said{Switch: "sw3", Port: "ge-0/0/31", VLAN: "vlan10"}},
		{name: "Junos that routes", text: "irb.10:vlan10", want: Said{Network: "irb.10"}},
		{name: "Cisco in text", text: "sw3|Gi1/0/31|100", want: Said{Switch: "sw3", Port: "Gi1/0/31", VLAN: "100"}},
		{name: "Cisco, by hand", hex: "01 08 47 69 31 2f 30 2f 33 31", want: Said{Port: "Gi1/0/31"}},
		{name: "Cisco in numbers", hex: "00 04 00 64 01 1f", want: Said{VLAN: "100", Counted: "VLAN 100, module 1, port 31 as the switch counts them"}},
		{name: "ProCurve", hex: "00 1f", want: Said{Counted: "port 31 as the switch counts them"}},
		{name: "AOS-CX", text: "1/1/31", want: Said{Port: "1/1/31"}},
		{name: "SONiC", text: "sw3:Ethernet120:Vlan1000", want: Said{Switch: "sw3", Port: "Ethernet120", VLAN: "Vlan1000"}},
		{name: "SONiC by alias", text: "sw3:etp31", want: Said{Switch: "sw3", Port: "etp31"}},
		{name: "a switch by its domain", text: "sw3.lon6.example.net:Ethernet31", want: Said{Switch: "sw3.lon6.example.net", Port: "Ethernet31"}},
		{name: "Cumulus", text: "swp31", want: Said{Port: "swp31"}},
		{name: "a subinterface", text: "Ethernet31.100", want: Said{Port: "Ethernet31"}},
		{name: "TR-101", text: "sw3 eth 0/31:100", want: Said{Switch: "sw3", Port: "eth 0/31", VLAN: "100"}},
		{name: "a number", text: "31", want: Said{Port: "31"}},
		{name: "a switch and a number", text: "sw3:31", want: Said{Switch: "sw3", Port: "31"}},
		{name: "a word and a number", text: "port 7", want: Said{Port: "port 7"}},
		{name: "ended by a null", hex: "45 74 68 31 00", want: Said{Port: "Eth1"}},
		{name: "a VLAN", text: "Vlan100", want: Said{Network: "Vlan100"}},
		{name: "a bundle", text: "sw3:Port-Channel5", want: Said{Switch: "sw3", Network: "Port-Channel5"}},
		{name: "a switch alone", text: "sw3", want: Said{}},
		{name: "two numbers", text: "100:31", want: Said{}},
		{name: "more words than a form has", text: "a:b:Ethernet31", want: Said{}},
		{name: "a sentence", text: "the port of web 7", want: Said{}},
		{name: "a MAC", text: "00:1c:73:00:00:01", want: Said{}},
		{name: "letters after the number", text: "Ethernet31x", want: Said{}},
		{name: "bytes", hex: "de ad be ef", want: Said{}},
		{name: "a wrong length", hex: "00 05 00 64 01 1f", want: Said{}},
		{name: "escapes", text: "Ethernet31\x1b[31m", want: Said{}},
		{name: "nothing", want: Said{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := []byte(tt.text)
			if tt.hex != "" {
				b = bin(t, tt.hex)
			}
			if got := Read(machine.Relayed{Relay: four, Circuit: b}); got != tt.want {
				t.Errorf("Read = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestReadRemote(t *testing.T) {
	chassis := machine.MAC{0, 0x1c, 0x73, 0, 0, 1}
	for _, tt := range []struct {
		name, text, hex string
		relay           netip.Addr
		want            Said
	}{
		{name: "Cisco", hex: "00 06 00 1c 73 00 00 01", want: Said{Chassis: chassis}},
		{name: "ProCurve", hex: "00 1c 73 00 00 01", want: Said{Chassis: chassis}},
		{name: "spelled", text: "00:1c:73:00:00:01", want: Said{Chassis: chassis}},
		{name: "spelled as Cisco does", text: "001c.7300.0001", want: Said{Chassis: chassis}},
		{name: "Cisco, by hand", hex: "01 03 73 77 33", want: Said{Remote: "sw3"}},
		{name: "a name", text: "sw3.example.net", want: Said{Remote: "sw3.example.net"}},
		{name: "of DHCPv6, behind the number of the vendor", hex: "00 00 00 09 00 06 00 1c 73 00 00 01", relay: six, want: Said{Chassis: chassis}},
		{name: "of DHCPv6, in text", hex: "00 00 0a 4c 73 77 33", relay: six, want: Said{Remote: "sw3"}},
		{name: "an address", text: "10.1.3.1", want: Said{}},
		{name: "a sentence", text: "third floor, left", want: Said{}},
		{name: "bytes", hex: "ff fe fd", want: Said{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := []byte(tt.text)
			if tt.hex != "" {
				b = bin(t, tt.hex)
			}
			if !tt.relay.IsValid() {
				tt.relay = four
			}
			if got := Read(machine.Relayed{Relay: tt.relay, Remote: b}); got != tt.want {
				t.Errorf("Read = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSpell(t *testing.T) {
	for in, want := range map[string]string{
		"Ethernet31": "Ethernet31", "\x01\x03sw3": "sw3", "\x00\x04\x00\x64\x01\x1f": "0x00040064011f", "": "", "sw\x1b3": "0x73771b33",
		strings.Repeat("a", 70): strings.Repeat("a", 64) + "…",
	} {
		if got := Spell([]byte(in)); got != want {
			t.Errorf("Spell(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzRelay says anything: it is shown in printable words, and where no port was
// understood nothing is ever a disagreement.
func FuzzRelay(f *testing.F) {
	for _, s := range []string{"Ethernet31", "sw3:ge-0/0/33.0:vlan10", "sw3|Gi1/0/31|100", "\x00\x04\x00\x64\x01\x1f", "\x01\x02sw", "sw3 eth 0/31:100", "Vlan10", "/", ".", "eth.", "0/"} {
		f.Add([]byte(s), []byte("\x00\x06\x00\x1c\x73\x00\x00\x01"), false)
		f.Add([]byte(s), []byte("sw3"), true)
	}
	f.Fuzz(func(t *testing.T, circuit, remote []byte, overSix bool) {
		r := machine.Relayed{MAC: eth0, Relay: four, Circuit: circuit, Remote: remote, Since: now, At: now}
		if overSix {
			r.Relay = six
		}
		m := planned()
		m.NICs[0].SeenSwitch, m.NICs[0].SeenPort = "", ""
		m.Observed.Relayed = []machine.Relayed{r}
		w, said := Of(m, fleetOf(m)), Read(r)
		c := w.Cables[0]
		if d := c.Disagreement; d != nil && (!said.Understood() || strings.Contains(d.Sentence, "\n")) {
			t.Errorf("of %q, %q it is said %q", circuit, remote, d.Sentence)
		}
		if glance := Wrong(m, fleetOf(m)); (glance == nil) != (c.Disagreement == nil) {
			t.Errorf("of %q, %q at a glance it is said %+v, want %+v", circuit, remote, glance, c.Disagreement)
		}
		if _, ok := w.Match(); ok {
			t.Errorf("one leg alone matches a position: %q, %q", circuit, remote)
		}
		for _, s := range []string{Tell(r), Spell(circuit), spellRemote(r), c.Seen[0].Place(), c.Seen[0].Why} {
			if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || len(s) > 400 {
				t.Errorf("what is shown of %q, %q: %q", circuit, remote, s)
			}
		}
	})
}
