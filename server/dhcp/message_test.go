package dhcp

import (
	"bytes"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// A message is on the wire what the library reads out of it and writes again.
func TestAMessageIsWhatTheLibraryWrites(t *testing.T) {
	long := bytes.Repeat([]byte("route"), 130)
	for name, change := range map[string]func(*message){
		"short": func(*message) {},
		"full": func(m *message) {
			m.has, m.yours, m.server, m.file, m.broadcast = ourServer, ourServer, ourServer, "snponly.efi", true
			m.set(dhcpv4.OptionRelayAgentInformation, []byte{1, 2, 'e', '0'})
			m.set(dhcpv4.GenericOptionCode(optionRoutes), long) // in three pieces
			m.setText(dhcpv4.OptionHostName, "")
			m.setText(dhcpv4.OptionDomainName, "before")
			m.setText(dhcpv4.OptionDomainName, "lab.example")
			m.setNumber(dhcpv4.OptionRenewTimeValue, 1800)
			m.setAddresses(dhcpv4.OptionRouter, ourServer, ourServer)
			m.setText(dhcpv4.OptionMessage, string(long[:200])) // more than the values have room for
			m.set(optionIPXE, noProxies)
			m.drop(optionIPXE)
		},
	} {
		m := newMessage(packetOf(request, relayedBy("10.80.12.254")), acked)
		change(m)
		size, got := m.size(), m.bytes()
		r, err := dhcpv4.FromBytes(got)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := r.ToBytes(); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
		if len(got) != size || r.MessageType() != acked || r.IsBroadcast() != m.broadcast || r.Options.Has(optionIPXE) {
			t.Errorf("%s: %d bytes, size says %d: %s", name, len(got), size, r.Summary())
		}
	}
}
