package light

import (
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/net/bpf"

	"firstlight/server/machine"
)

func TestAFrameComesThroughTheFilterAndBack(t *testing.T) {
	mac := machine.MAC{2, 0x4c, 0x54, 0x80, 0, 1}
	p, err := dhcpv4.New(dhcpv4.WithHwAddr(mac[:]), dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer))
	if err != nil {
		t.Fatal(err)
	}
	frame := broadcast(mac, p.ToBytes())
	vm, err := bpf.NewVM(toClients)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func([]byte)
		want   bool
	}{
		{"to the client port", func(b []byte) { b[37] = 68 }, true},
		{"to the server port", func([]byte) {}, false},
		{"to the relay", func(b []byte) { copy(b[30:], ownRelay.AsSlice()) }, true},
		{"a fragment", func(b []byte) { b[37], b[20] = 68, 0x20 }, false},
		{"TCP", func(b []byte) { b[37], b[23] = 68, 6 }, false},
		{"ARP", func(b []byte) { b[37], b[13] = 68, 6 }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := append([]byte(nil), frame...)
			test.change(b)
			n, err := vm.Run(b)
			if err != nil || n > 0 != test.want {
				t.Errorf("the filter takes %d bytes, %v; want it to pass: %v", n, err, test.want)
			}
		})
	}
	got, ok := unwrap(frame)
	if !ok || got.MessageType() != dhcpv4.MessageTypeOffer || machine.MACFrom(got.ClientHWAddr) != mac {
		t.Errorf("unwrap = %v, %v; want the message that was wrapped", got, ok)
	}
	if checksum(frame[ethernetBytes:ethernetBytes+ipv4Bytes]) != 0 {
		t.Error("the header's checksum does not add up to 0")
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(broadcast(machine.MAC{2}, []byte("message")))
	f.Fuzz(func(_ *testing.T, frame []byte) { _, _ = unwrap(frame) })
}
