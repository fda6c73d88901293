package diagnosis

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// loads6 boots as far as iPXE, by IPv6.
func loads6(s *story) {
	s.exchange("firmware gets an address by IPv6")
	s.wait(time.Second)
	s.sent("snponly.efi")
}

// Of a client of DHCPv6 each sentence, what to do and the evidence have the words
// of DHCPv6 (RFC 8415), and look for what stands in its way.
func TestWordsOfDHCPv6(t *testing.T) {
	dhcp := exchanges(t)
	for _, f := range []struct {
		name         string
		acts         []func(*story)
		servers      []string
		want         Fault
		says, advice string
		evidence     string
	}{
		{
			"offers that do not arrive",
			[]func(*story){exchange("offers not taken by IPv6")},
			nil, OffersLost,
			"4 SOLICITs, 4 ADVERTISEs, no REQUEST: our answers to its link-local address do not reach it, or its firmware wants another ADVERTISE.", "DHCPv6 guard (RFC 7610) on its switch port and for a firewall on the way back (UDP from port 547 to 546)", "was offered 2001:db8:12::",
		},
		{
			"offers lost behind a relay",
			[]func(*story){exchange("relayed offers not taken by IPv6")},
			nil, OffersLost,
			"1 SOLICIT, 1 ADVERTISE, no REQUEST: our answers do not come back through relay 2001:db8:50::7", "DHCPv6 guard", "",
		},
		{"a server of DHCPv4 beside it", []func(*story){exchange("offers not taken by IPv6")}, []string{"10.0.0.9"}, OffersLost, "link-local", "", ""},
		{
			"a rogue server that breaks the exchange",
			[]func(*story){exchange("offers not taken by IPv6")},
			[]string{"10.0.0.9", "fe80::9"},
			Rogue,
			"4 SOLICITs, 4 ADVERTISEs, no REQUEST, and another server fe80::9 answers on this segment.", "Find fe80::9 and switch its DHCPv6 off, or make it hand out our boot file's URL (option 59)", "another DHCPv6 server, fe80::9, was heard",
		},
		{
			"a rogue server that was quicker",
			[]func(*story){exchange("taken elsewhere by IPv6"), wait(time.Minute)},
			nil, Rogue,
			"It took the ADVERTISE of another DHCPv6 server, fe80::5054:ff:fe12:3499, and did not", "let it go on advertising the flag M.", "another DHCPv6 server, fe80::5054:ff:fe12:3499",
		},
		{"one that tells no MAC", []func(*story){exchange("taken elsewhere by IPv6, nobody's card"), wait(time.Minute)}, nil, Rogue, "another DHCPv6 server, DUID-UUID{0x09", "", ""},
		{"a full range", []func(*story){exchange("full by IPv6")}, nil, RangeFull, "It asked 4 times and got no address: the ranges of subnet lab6 are full.", "--subnet lab6", "no free address in the subnet's ranges, 4 times"},
		{"a full range, for a loader", []func(*story){loads6, exchange("full by IPv6, for iPXE")}, nil, RangeFull, "the ranges of subnet lab6 are full", "", ""},
		{"a relay of a network that nobody configured", []func(*story){exchange("unknown network by IPv6")}, nil, NoSubnet, "through relay 2001:db8:50::7 and hears nothing: no subnet of ours has the address 2001:db8:99::1", "Add the subnet of that address; or have the relay name its own", ""},
		{"an address of another network", []func(*story){exchange("refused by IPv6"), wait(time.Minute)}, nil, Refused, "did not begin anew with a SOLICIT: 2001:db8:7::7 is no address of this network", "", ""},
		{"a duplicate address", []func(*story){exchange("declined by IPv6"), wait(time.Second)}, nil, AddressTaken, "2001:db8:12::100", "", ""},
		{"a database that is away", []func(*story){exchange("database away by IPv6")}, nil, DatabaseAway, "database", "", ""},
		{"TFTP that is blocked", []func(*story){exchange("firmware gets an address by IPv6"), wait(time.Minute)}, nil, NoLoader, "told to load snponly.efi, and never asked", "TFTP (port 69, and the high ports that answer) is blocked on the way, whether a router advertises itself there and the prefix as on-link (flag L)", ""},
		{"HTTP that is blocked", []func(*story){exchange("HTTP firmware gets an address by IPv6"), wait(time.Minute)}, nil, NoLoader, "told to load snponly.efi", "whether HTTP is blocked on the way, whether a router", ""},
		{"a router without the flag M", []func(*story){loads6, wait(2 * time.Minute)}, nil, NotStarted, "no router there advertises the flag M", "", ""},
		{"a loader that takes no offer", []func(*story){loads6, exchange("iPXE takes no offer by IPv6")}, nil, IPXENoAddress, "Its loader runs", "", ""},
	} {
		s := tell(t, dhcp, f.acts...)
		in := &Input{Now: s.now.Add(time.Second), Events: s.rows, Machine: is(machine.Registered), Servers: map[string]time.Time{}}
		for _, server := range f.servers {
			in.Servers[server] = noon
		}
		all := Of(in)
		if len(all) != 1 || all[0].Fault != f.want || !strings.Contains(all[0].Sentence, f.says) || !strings.Contains(all[0].Action, f.advice) || !strings.Contains(proof(all[0]), f.evidence) {
			t.Errorf("%s: %+v, want %s with %q, advice %q and evidence %q", f.name, all, f.want, f.says, f.advice, f.evidence)
			continue
		}
		if whole := all[0].Sentence + all[0].Action + proof(all[0]); strings.Contains(whole, "DISCOVER") || strings.Contains(whole, "OFFER") || strings.Contains(whole, "broadcast") || strings.Contains(whole, "proxy") {
			t.Errorf("%s: words of DHCPv4: %s", f.name, whole)
		}
	}
}

func proof(d Diagnosis) string {
	parts := make([]string, len(d.Evidence))
	for i, e := range d.Evidence {
		parts[i] = e.Text
	}
	return strings.Join(parts, "; ")
}

// A loader that came by IPv4 needs no router to tell it of DHCP.
func TestFlagMIsOfIPv6(t *testing.T) {
	s := tell(t, exchanges(t), (*story).loads, wait(2*time.Minute))
	if all := Of(&Input{Now: s.now, Events: s.rows}); len(all) != 1 || strings.Contains(all[0].Sentence, "flag M") {
		t.Errorf("%+v", all)
	}
}

// The architecture is named from whatever the row says of it.
func TestArchitectureOfARow(t *testing.T) {
	for text, want := range map[string]string{
		"UEFI x64 was offered 10.80.12.100 and did not take it":                          "UEFI x64",
		"DISCOVER, OFFER, REQUEST, ACK: BIOS gets 10.80.12.100":                          "BIOS",
		"REQUEST, ACK: UEFI x64 has 10.80.12.100 again":                                  "UEFI x64",
		"REQUEST to port 4011, ACK: UEFI x64, which has 10.80.12.100, boots snponly.efi": "UEFI x64",
		"DISCOVER, OFFER, REQUEST: UEFI x64 takes 10.80.12.100 from the DHCP server":     "UEFI x64",
		"INFORMATION-REQUEST, REPLY: iPXE on UEFI x64 boots http://[2001:db8::1]:80/x":   "iPXE on UEFI x64",
	} {
		if got := arch(tellRow(text)); got != want {
			t.Errorf("%q is of %q, want %q", text, got, want)
		}
	}
}

func tellRow(text string) *row { return &row{Event: &journal.Event{Text: text}} }
