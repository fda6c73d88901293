package dhcp

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/machine"
)

var testMAC = machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x56}

// opt changes a packet.
type opt = dhcpv4.Modifier

func option(code uint8, value ...byte) opt {
	return dhcpv4.WithGeneric(dhcpv4.GenericOptionCode(code), value)
}

func text(code uint8, s string) opt { return option(code, []byte(s)...) }

func ciaddr(s string) opt { return dhcpv4.WithClientIP(slice(netip.MustParseAddr(s))) }

func relayedBy(s string) opt { return dhcpv4.WithGatewayIP(slice(netip.MustParseAddr(s))) }

func wants(s string) opt {
	return dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(slice(netip.MustParseAddr(s))))
}

func toServer(s string) opt {
	return dhcpv4.WithOption(dhcpv4.OptServerIdentifier(slice(netip.MustParseAddr(s))))
}

func arch(a iana.Arch) opt { return dhcpv4.WithOption(dhcpv4.OptClientArch(a)) }

func fromMAC(m machine.MAC) opt { return dhcpv4.WithHwAddr(m[:]) }

// What kinds of boot clients say of themselves.
var (
	pxeBIOS = []opt{text(60, "PXEClient:Arch:00000:UNDI:002001"), arch(0)}
	pxeUEFI = []opt{text(60, "PXEClient:Arch:00007:UNDI:003016"), arch(7)}
	pxeARM  = []opt{text(60, "PXEClient:Arch:00011:UNDI:003000"), arch(11)}
	http64  = []opt{text(60, "HTTPClient:Arch:00016:UNDI:003001"), arch(16)}
	ipxe    = []opt{text(60, "PXEClient:Arch:00007:UNDI:003010"), arch(7), text(77, "iPXE"), option(175, 19, 1, 1, 18, 1, 1)}
)

func packetOf(kind dhcpv4.MessageType, opts ...opt) *dhcpv4.DHCPv4 {
	p, err := dhcpv4.New(append([]opt{fromMAC(testMAC), dhcpv4.WithMessageType(kind)}, opts...)...)
	if err != nil {
		panic(err) // the system gives no random numbers
	}
	return p
}

func join(groups ...[]opt) (all []opt) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// incoming is p as it came from the wire.
func incoming(p *dhcpv4.DHCPv4) *datagram { return incomingBytes(p.ToBytes()) }

func incomingBytes(b []byte) *datagram {
	d := &datagram{from: here, arrived: epoch, wire: &fakeWire{}, port: serverPort, peer: netip.MustParseAddrPort("0.0.0.0:68")}
	d.size = copy(d.buffer[:], b)
	return d
}

// fakeWire keeps replies.
type fakeWire struct {
	mu     sync.Mutex
	routes []route
	sent   [][]byte
	broken error
}

func (w *fakeWire) send(l *letter) {
	if w.broken == nil {
		w.mu.Lock()
		w.routes, w.sent = append(w.routes, l.route), append(w.sent, l.payload)
		w.mu.Unlock()
	}
	l.gone(l, w.broken)
}

// count gives the number of replies.
func (w *fakeWire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

var errWire = errors.New("network is down")

// ask hands one packet to a server and gives its reply, nil for silence.
func ask(t testing.TB, s *Server, d *datagram) (*dhcpv4.DHCPv4, route) {
	t.Helper()
	w := &fakeWire{}
	d.wire = w
	d.arrived = s.cfg.Now()
	s.handle(context.Background(), d)
	if len(w.sent) == 0 {
		return nil, route{}
	}
	r, err := dhcpv4.FromBytes(w.sent[0])
	if err != nil {
		t.Fatalf("the reply does not decode: %v", err)
	}
	return r, w.routes[0]
}
