package replay

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// FuzzRead reads any packets as a recording: each is one that a site may send.
func FuzzRead(f *testing.F) {
	mac := machine.MAC{2, 0, 0, 0, 0, 1}
	p, err := dhcpv4.New(dhcpv4.WithHwAddr(mac[:]), dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover))
	if err != nil {
		f.Fatal(err)
	}
	from, to := netip.MustParseAddrPort("10.0.0.9:68"), netip.MustParseAddrPort("10.0.0.1:67")
	f.Add(frame.UDP(from, to, p.ToBytes()), frame.UDP(from, netip.MustParseAddrPort("10.0.0.1:69"), []byte("\x00\x01a\x00octet\x00")))
	get := make([]byte, 40, 80) // headers of IPv4 and TCP
	get[0], get[9], get[32] = 0x45, 6, 5<<4
	f.Add(frame.UDP(from, to, p.ToBytes()), append(get, "GET /boot/script HTTP/1.1\r\n"...))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		at := time.Unix(int64(binary.BigEndian.Uint16(append(first[:min(2, len(first))], 0, 0))), 0)
		r, err := Read([]frame.Raw{{At: at, IPv4: first}, {At: at.Add(time.Second), IPv4: second}}, machine.MAC{})
		if err != nil {
			return
		}
		if len(r.steps) == 0 || len(r.steps) > 2 || r.MAC.IsZero() {
			t.Errorf("of two packets: %+v", r)
		}
		for _, s := range r.steps {
			if s.at < 0 || s.message == nil && s.file == "" && s.path == "" {
				t.Errorf("a step = %+v", s)
			}
		}
	})
}
