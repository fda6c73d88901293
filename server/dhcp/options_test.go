package dhcp

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

// setOptions sets options, each "option=value" or "option=value if selector".
func setOptions(t *testing.T, texts ...string) func(*memory) {
	return func(m *memory) {
		for i, text := range texts {
			text, match, _ := strings.Cut(text, " if ")
			o, err := machine.ParseOption(text)
			if err != nil {
				t.Fatal(err)
			}
			m.options = append(m.options, &machine.OptionSet{Name: fmt.Sprintf("s%02d", i), Options: []machine.Option{o}, Match: match})
		}
	}
}

func TestOptionsOfAClient(t *testing.T) {
	db := func(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "").Role = "db" }
	rules := []string{"mtu=9000 if role=db", "mtu=1400", "ntp-servers=10.80.12.5", "dns-servers=10.80.12.8", "classless-routes=10.0.0.0/8 via 10.80.12.3"}
	for _, tt := range []struct {
		name string
		lab  []func(*memory)
		kind dhcpv4.MessageType
		opts []opt
		want map[uint8]string // in hex; "": it is not there
	}{
		{"the nearest that matches", []func(*memory){db}, discover, nil, map[uint8]string{26: "2328", 42: "0a500c05", 6: "0a500c08"}},
		{"a stranger gets what is for all", nil, discover, nil, map[uint8]string{26: "0578"}},
		{"and with the ACK", nil, inform, []opt{ciaddr("10.80.12.5")}, map[uint8]string{26: "0578"}},
		{"routes have the gateway as well", nil, discover, nil, map[uint8]string{121: "080a0a500c03" + "000a500cfe", 3: "0a500cfe"}},
		{"what a client does not ask for", nil, discover, []opt{option(55, 1, 3, 6, 42)}, map[uint8]string{26: "", 121: "", 42: "0a500c05", 1: "ffffff00", 51: "00000e10"}},
		{"a boot gets what it needs all the same", nil, discover, join(pxeUEFI, []opt{option(55, 42)}), map[uint8]string{42: "0a500c05", 26: "", 67: hex.EncodeToString([]byte("snponly.efi\x00"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := labWith(t, append(tt.lab, setOptions(t, rules...))...)
			r, _ := ask(t, s, incoming(packetOf(tt.kind, tt.opts...)))
			for code, want := range tt.want {
				if got := hex.EncodeToString(r.Options.Get(dhcpv4.GenericOptionCode(code))); got != want {
					t.Errorf("option %d = %q, want %q", code, got, want)
				}
			}
		})
	}
}

// RFC 2132 §9.10: a reply is as long as the client takes, and no longer.
func TestOptionsThatAClientHasNoRoomFor(t *testing.T) {
	long := "224=" + strings.Repeat("a", 250)
	for _, tt := range []struct {
		takes int // 0: it does not say
		want  [2]bool
		left  uint64
	}{
		{0, [2]bool{false, true}, 1}, {576, [2]bool{false, true}, 1}, {1500, [2]bool{true, true}, 0}, {100, [2]bool{false, true}, 1},
	} {
		s, _ := labWith(t, setOptions(t, "225="+strings.Repeat("b", 150), strings.Replace(long, "224", "226", 1), "mtu=9000"))
		var opts []opt
		if tt.takes > 0 {
			opts = append(opts, option(57, byte(tt.takes>>8), byte(tt.takes)))
		}
		r, _ := ask(t, s, incoming(packetOf(discover, opts...)))
		if got := [2]bool{r.Options.Has(dhcpv4.GenericOptionCode(226)), r.Options.Has(dhcpv4.GenericOptionCode(26))}; got != tt.want {
			t.Errorf("a client that takes %d bytes gets %v, want %v", tt.takes, got, tt.want)
		}
		if got := s.metrics.optionsLeftOut.Load(); got != tt.left {
			t.Errorf("left out = %d, want %d", got, tt.left)
		}
	}
}

// RFC 4702: a machine has the name that ServerDb gives it, and nobody else one.
func TestAClientDoesNotNameItself(t *testing.T) {
	named := func(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "").Hostname = "lon6-web-1" }
	asks := append([]byte{1, 0, 0}, "gateway"...)
	for _, tt := range []struct {
		name string
		lab  []func(*memory)
		asks []byte
		want []byte
	}{
		{"a machine", []func(*memory){named}, asks, append([]byte{5, 255, 255}, "\x0alon6-web-1\x04lon6\x07example\x00"...)},
		{"one that would write its record itself", []func(*memory){named}, []byte{0, 0, 0}, append([]byte{7, 255, 255}, "\x0alon6-web-1\x04lon6\x07example\x00"...)},
		{"a stranger", nil, asks, []byte{14, 255, 255}},
		{"half an option", nil, []byte{1}, nil},
	} {
		s, _ := labWith(t, tt.lab...)
		r, _ := ask(t, s, incoming(packetOf(discover, option(81, tt.asks...))))
		if got := r.Options.Get(optionFQDN); !bytes.Equal(got, tt.want) {
			t.Errorf("%s is told %q, want %q", tt.name, got, tt.want)
		}
	}
	s, _ := labWith(t)
	if r, _ := ask(t, s, incoming(packetOf(discover))); r.Options.Has(optionFQDN) {
		t.Error("a client that does not ask is told a name")
	}
}

// RFC 2132 §9.3: options stand in the header's fields as well, and do not become
// names of files.
func TestOverloadedOptions(t *testing.T) {
	s, _ := labWith(t)
	p := packetOf(discover, option(52, 3))
	raw := p.ToBytes()
	copy(raw[44:], []byte{93, 2, 0, 7, 255}) // sname
	copy(raw[108:], append([]byte{60, 32}, "PXEClient:Arch:00007:UNDI:003016\xff"...))
	r, _ := ask(t, s, incomingBytes(raw))
	if r.BootFileName != "snponly.efi" {
		t.Errorf("answer = %s", r.Summary())
	}
	copy(raw[108:], []byte{60, 200})
	if r, _ := ask(t, s, incomingBytes(raw)); r != nil || s.metrics.dropped[dropMalformed].Load() != 1 {
		t.Errorf("half an option in the header: %v", r)
	}
}
