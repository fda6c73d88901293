package storm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/net/ipv4"

	"firstlight/server/machine"
)

const dhcpPort = 67

// lease is what DHCP gave.
type lease struct {
	address netip.Addr
	server  netip.Addr // who has the file
	file    string
}

// waits are how long firmware waits for an answer, try by try (PXE 2.1 §2.2.2).
var waits = []time.Duration{4 * time.Second, 8 * time.Second, 16 * time.Second}

// listenRelays opens the socket that all relays share: replies go to whichever
// of their addresses is in giaddr.
func listenRelays() (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{Port: dhcpPort})
	if err != nil {
		return nil, fmt.Errorf("open the relays' socket: %w", err)
	}
	_ = conn.SetReadBuffer(8 << 20) // less is granted without the right to more
	return conn, nil
}

// readRelays hands replies to their machines until the socket closes. One that
// does not listen misses its reply and asks again, as real ones do.
func (w *wires) readRelays() {
	for b := make([]byte, 2048); ; {
		n, _, err := w.relays.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		p, err := dhcpv4.FromBytes(b[:max(n, 0)])
		if err != nil || p.OpCode != dhcpv4.OpcodeBootReply {
			continue
		}
		if to := w.nodes[machine.MACFrom(p.ClientHWAddr)]; to != nil {
			select {
			case to.replies <- p:
			default:
			}
		}
	}
}

// relay sends a machine's message on, as its rack's relay does (RFC 3046): with
// the relay's address, and the rack and the port that it came from.
func (w *wires) relay(n *node, p *dhcpv4.DHCPv4) error {
	p.GatewayIPAddr, p.HopCount = n.relay.AsSlice(), 1
	rack, port := n.number/perRack+1, n.number%perRack+1
	p.UpdateOption(dhcpv4.OptRelayAgentInfo(
		dhcpv4.OptGeneric(dhcpv4.AgentCircuitIDSubOption, fmt.Appendf(nil, "rack-%d/port-%d", rack, port)),
		dhcpv4.OptGeneric(dhcpv4.AgentRemoteIDSubOption, fmt.Appendf(nil, "sw-rack-%d", rack)),
	))
	source := ipv4.ControlMessage{Src: n.relay.AsSlice()}
	_, _, err := w.relays.WriteMsgUDPAddrPort(p.ToBytes(), source.Marshal(), netip.AddrPortFrom(w.server, dhcpPort))
	return err
}

// dhcp gets an address for a program of the machine.
func (w *wires) dhcp(ctx context.Context, n *node, identify []dhcpv4.Modifier) (l lease, retries int, err error) {
	for ; retries < len(waits); retries++ {
		spread := time.Duration(rand.Int64N(int64(2*time.Second))) - time.Second // RFC 2131 §4.1
		if l, err = w.exchange(ctx, n, identify, time.Now().Add(waits[retries]+spread)); !errors.Is(err, errSilence) || ctx.Err() != nil {
			return l, retries, err
		}
	}
	return lease{}, retries, err
}

// exchange goes DISCOVER, OFFER, REQUEST, ACK.
func (w *wires) exchange(ctx context.Context, n *node, identify []dhcpv4.Modifier, until time.Time) (lease, error) {
	xid := rand.Uint32()
	offer, err := w.talk(ctx, n, until, xid, dhcpv4.MessageTypeOffer, append(identify, dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover)))
	if err != nil {
		return lease{}, err
	}
	ack, err := w.talk(ctx, n, until, xid, dhcpv4.MessageTypeAck, append(identify, dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(offer.YourIPAddr)),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(offer.ServerIdentifier()))))
	if err != nil {
		return lease{}, err
	}
	return read(ack)
}

// talk sends one message and waits for the reply of a kind.
func (w *wires) talk(ctx context.Context, n *node, until time.Time, xid uint32, kind dhcpv4.MessageType, say []dhcpv4.Modifier) (*dhcpv4.DHCPv4, error) {
	p, err := dhcpv4.New(append(say, dhcpv4.WithHwAddr(n.MAC[:]))...)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(p.TransactionID[:], xid)
	if err := w.relay(n, p); err != nil {
		return nil, err
	}
	for {
		r, ok := wait(ctx, n.replies, until)
		switch {
		case !ok:
			return nil, errSilence
		case r.TransactionID != p.TransactionID:
		case r.MessageType() == kind:
			return r, nil
		case r.MessageType() == dhcpv4.MessageTypeNak:
			return nil, errors.New("the server took its offer back (NAK)")
		}
	}
}

func read(ack *dhcpv4.DHCPv4) (lease, error) {
	address, _ := netip.AddrFromSlice(ack.YourIPAddr.To4())
	server, _ := netip.AddrFromSlice(ack.ServerIPAddr.To4())
	l := lease{address: address, server: server, file: strings.TrimRight(ack.BootFileNameOption(), "\x00")}
	if l.file == "" {
		l.file = ack.BootFileName
	}
	if !address.IsValid() || address.IsUnspecified() || l.file == "" {
		return lease{}, errors.New("the ACK has no address or no file name")
	}
	return l, nil
}
