package virtualrack

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/ipv6"
)

// advertiseEvery is shorter than routers are (RFC 4861 §6.2.1): firmware that
// missed one should not wait for minutes.
const advertiseEvery = 5 * time.Second

var (
	allNodes   = &net.UDPAddr{IP: net.ParseIP("ff02::1")}
	allRouters = &net.UDPAddr{IP: net.ParseIP("ff02::2")}
)

// router is what an IPv6 network must have beside the appliance: it says what is
// on the link and that addresses come by DHCPv6 (RFC 4861 §6.2). It routes
// nothing.
type router struct {
	conn   *ipv6.PacketConn
	socket net.PacketConn
	device *net.Interface
	tasks  sync.WaitGroup
	end    context.CancelFunc
	log    func(msg string, args ...any)
	advert []byte
}

// advertise starts a router on an interface of this process's namespace.
func advertise(device string, prefix netip.Prefix, log func(msg string, args ...any)) (*router, error) {
	dev, err := net.InterfaceByName(device)
	if err != nil {
		return nil, fmt.Errorf("advertise %s: %w", prefix, err)
	}
	socket, err := net.ListenPacket("ip6:ipv6-icmp", "::")
	if err != nil {
		return nil, fmt.Errorf("advertise %s: %w", prefix, err)
	}
	r := &router{conn: ipv6.NewPacketConn(socket), socket: socket, device: dev, log: log, advert: advertisement(dev.HardwareAddr, prefix)}
	if err := r.prepare(); err != nil {
		_ = socket.Close()
		return nil, fmt.Errorf("advertise %s: %w", prefix, err)
	}
	ctx, end := context.WithCancel(context.Background())
	r.end = end
	r.tasks.Go(r.answer)
	r.tasks.Go(func() { r.repeat(ctx) })
	return r, nil
}

// prepare hears solicitations alone, and sends with the hop limit that proves
// that an advertisement is of this link (RFC 4861 §6.1.2).
func (r *router) prepare() error {
	var filter ipv6.ICMPFilter
	filter.SetAll(true)
	filter.Accept(ipv6.ICMPTypeRouterSolicitation)
	for _, set := range []func() error{
		func() error { return r.conn.SetICMPFilter(&filter) },
		func() error { return r.conn.JoinGroup(r.device, allRouters) },
		func() error { return r.conn.SetMulticastInterface(r.device) },
		func() error { return r.conn.SetMulticastHopLimit(255) },
	} {
		if err := set(); err != nil {
			return err
		}
	}
	return nil
}

func (r *router) close() error {
	r.end()
	err := r.socket.Close()
	r.tasks.Wait()
	return err
}

// answer sends an advertisement to everybody for each solicitation.
func (r *router) answer() {
	for b := make([]byte, 1500); ; {
		if _, _, _, err := r.conn.ReadFrom(b); err != nil {
			return // it was closed
		}
		r.send()
	}
}

func (r *router) repeat(ctx context.Context) {
	tick := time.NewTicker(advertiseEvery)
	defer tick.Stop()
	for {
		r.send()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// send may fail while the interface has no link-local address yet; the next one
// does not.
func (r *router) send() {
	if _, err := r.conn.WriteTo(r.advert, nil, allNodes); err != nil {
		r.log("a router advertisement was not sent", "error", err)
	}
}

// advertisement is a message of type 134 (RFC 4861 §4.2) with the flags M and O,
// the router's MAC (§4.6.1), and a prefix that is on the link and makes no
// addresses by itself (§4.6.2). The kernel fills in the checksum.
func advertisement(mac net.HardwareAddr, prefix netip.Prefix) []byte {
	const managed, otherConfig, onLink, life = 0x80, 0x40, 0x80, 1800
	b := []byte{134, 0, 0, 0, 64, managed | otherConfig}
	b = binary.BigEndian.AppendUint16(b, life)
	b = append(b, make([]byte, 8)...) // reachable and retransmission time: the host's own
	b = append(append(b, 1, 1), mac...)
	b = append(b, 3, 4, byte(prefix.Bits()), onLink)
	b = binary.BigEndian.AppendUint32(b, 2*life) // valid
	b = binary.BigEndian.AppendUint32(b, life)   // preferred
	b = append(b, make([]byte, 4)...)
	return append(b, prefix.Masked().Addr().AsSlice()...)
}
