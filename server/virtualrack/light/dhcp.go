package light

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
)

// program is who on the machine asks for an address. Each says something else
// of itself, by which a server tells how far a boot has come.
type program struct {
	name     string
	identify []dhcpv4.Modifier
	boots    bool // cannot go on without a file name
}

// Names of programs that faults know.
const (
	nameFirmware = "firmware"
	nameLoader   = "iPXE"
)

// lease is what DHCP gave.
type lease struct {
	address netip.Addr
	server  netip.Addr // siaddr: who has the file
	file    string
}

// firmware is a PXE ROM, or UEFI's network stack (RFC 4578; PXE 2.1 §2.2).
func (m *Machine) firmware() program {
	return program{name: nameFirmware, boots: true, identify: m.spec.Firmware()}
}

// ipxe is the boot loader: a PXE client with a user class of its own, which it
// sends bare, and the list of what it can do.
func (m *Machine) ipxe() program {
	return program{name: nameLoader, boots: true, identify: m.spec.Loader()}
}

// Loader is what iPXE says of itself on this machine.
func (s *Spec) Loader() []dhcpv4.Modifier {
	return append(s.Firmware(),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionUserClassInformation, []byte("iPXE"))),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(175), []byte{19, 1, 1})), // HTTP
	)
}

// Firmware is what the firmware says of itself in DHCP.
func (s *Spec) Firmware() []dhcpv4.Modifier {
	arch := s.arch()
	id, _ := hex.DecodeString(strings.ReplaceAll(s.UUID, "-", ""))
	return []dhcpv4.Modifier{
		dhcpv4.WithOption(dhcpv4.OptClassIdentifier(fmt.Sprintf("PXEClient:Arch:%05d:UNDI:003016", arch))),
		dhcpv4.WithOption(dhcpv4.OptClientArch(iana.Arch(arch))),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionClientNetworkInterfaceIdentifier, []byte{1, 3, 16})),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionClientMachineIdentifier, append([]byte{0}, id...))),
		dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionTFTPServerName, dhcpv4.OptionBootfileName),
	}
}

func agentProgram() program {
	return program{name: "the agent", identify: []dhcpv4.Modifier{dhcpv4.WithOption(dhcpv4.OptClassIdentifier("firstlight-agent"))}}
}

func systemProgram(host string) program {
	return program{name: "the system", identify: []dhcpv4.Modifier{dhcpv4.WithOption(dhcpv4.OptHostName(host))}}
}

// address gets one for a program and gives it to the machine, for as long as
// the program runs: the returned function takes it back.
func (m *Machine) address(ctx context.Context, p program) (lease, func(), error) {
	if m.has(RelayLies) {
		if err := m.wire.relay(); err != nil {
			return lease{}, nil, err
		}
	}
	l, err := m.askAddress(ctx, m.disguise(p))
	if err != nil {
		return lease{}, nil, fmt.Errorf("DHCP of %s: %w", p.name, err)
	}
	at := netip.PrefixFrom(l.address, 32)
	if err := m.wire.plug.Add(at); err != nil {
		return lease{}, nil, err
	}
	m.console.Printf("%s: %s from %s %s", p.name, l.address, l.server, l.file)
	return l, func() {
		if err := m.wire.plug.Remove(at); err != nil {
			m.log.Warn("an address stays behind", "address", l.address, "error", err)
		}
	}, nil
}

// Bounds of asking, about those of a PXE ROM (PXE 2.1 §2.2.2), which begins with
// four seconds where we begin with one.
const (
	firstWait = time.Second
	lastWait  = 8 * time.Second
	asks      = 6
)

var errSilence = errors.New("nobody answers")

// askAddress goes DISCOVER, OFFER, REQUEST, ACK, and begins anew when any of
// them is not answered.
func (m *Machine) askAddress(ctx context.Context, p program) (lease, error) {
	heard, deaf := m.wire.listenFor(m.spec.MAC)
	defer deaf()
	err := errSilence
	for n, wait := 0, firstWait; n < asks && ctx.Err() == nil; n, wait = n+1, min(2*wait, lastWait) {
		var l lease
		if l, err = m.exchange(ctx, p, heard, wait/2+rand.N(wait)); err == nil {
			return l, nil
		}
	}
	return lease{}, errors.Join(err, ctx.Err())
}

func (m *Machine) exchange(ctx context.Context, p program, heard <-chan *dhcpv4.DHCPv4, wait time.Duration) (lease, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	mods := append([]dhcpv4.Modifier{dhcpv4.WithHwAddr(net.HardwareAddr(m.spec.MAC[:])), dhcpv4.WithTransactionID(newXID())}, p.identify...)
	discover, err := dhcpv4.New(append(mods, dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover))...)
	if err != nil {
		return lease{}, err
	}
	if m.has(OldLease) {
		return lease{}, m.insist(ctx, mods, heard)
	}
	offer, err := m.talk(ctx, discover, heard, func(r *dhcpv4.DHCPv4) bool {
		return !m.deaf(p) && r.MessageType() == dhcpv4.MessageTypeOffer && (!p.boots || r.BootFileNameOption() != "" || r.BootFileName != "")
	})
	if err != nil {
		return lease{}, err
	}
	if m.has(OtherServer) {
		return lease{}, m.insist(ctx, mods, heard, dhcpv4.WithOption(dhcpv4.OptServerIdentifier(otherServer.AsSlice())))
	}
	request, err := dhcpv4.New(append(mods, dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(offer.YourIPAddr)),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(offer.ServerIdentifier())))...)
	if err != nil {
		return lease{}, err
	}
	ack, err := m.talk(ctx, request, heard, func(r *dhcpv4.DHCPv4) bool {
		return r.MessageType() == dhcpv4.MessageTypeAck || r.MessageType() == dhcpv4.MessageTypeNak
	})
	if err != nil {
		return lease{}, err
	}
	if ack.MessageType() == dhcpv4.MessageTypeNak {
		return lease{}, errors.New("the server takes its offer back")
	}
	if m.has(Declines) {
		return lease{}, m.decline(ctx, mods, ack)
	}
	return read(ack)
}

// insist asks for an address that it must not have.
func (m *Machine) insist(ctx context.Context, mods []dhcpv4.Modifier, heard <-chan *dhcpv4.DHCPv4, more ...dhcpv4.Modifier) error {
	request, err := dhcpv4.New(append(slices.Concat(mods, more), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(otherNetwork.AsSlice())))...)
	if err != nil {
		return err
	}
	_, err = m.talk(ctx, request, heard, func(*dhcpv4.DHCPv4) bool { return false })
	return err
}

// decline says that the address is somebody's (RFC 2131 §4.4.1), and gives up.
func (m *Machine) decline(ctx context.Context, mods []dhcpv4.Modifier, ack *dhcpv4.DHCPv4) error {
	decline, err := dhcpv4.New(append(slices.Clone(mods), dhcpv4.WithMessageType(dhcpv4.MessageTypeDecline),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(ack.YourIPAddr)),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(ack.ServerIdentifier())))...)
	if err == nil {
		err = m.wire.send(m.spec.MAC, decline.ToBytes())
	}
	if err != nil {
		return err
	}
	return hang(ctx)
}

// talk sends a message and waits for the reply that fits.
func (m *Machine) talk(ctx context.Context, p *dhcpv4.DHCPv4, heard <-chan *dhcpv4.DHCPv4, fits func(*dhcpv4.DHCPv4) bool) (*dhcpv4.DHCPv4, error) {
	if err := m.wire.send(m.spec.MAC, p.ToBytes()); err != nil {
		return nil, err
	}
	for {
		select {
		case r := <-heard:
			if r.TransactionID == p.TransactionID && fits(r) {
				return r, nil
			}
		case <-ctx.Done():
			return nil, errSilence
		}
	}
}

func read(ack *dhcpv4.DHCPv4) (lease, error) {
	address, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	if !ok {
		return lease{}, errors.New("the server's ACK has no address")
	}
	server, _ := netip.AddrFromSlice(ack.ServerIPAddr.To4())
	file := strings.TrimRight(ack.BootFileNameOption(), "\x00")
	if file == "" {
		file = ack.BootFileName
	}
	return lease{address: address, server: server, file: file}, nil
}

func newXID() dhcpv4.TransactionID {
	var x dhcpv4.TransactionID
	binary.BigEndian.PutUint32(x[:], rand.Uint32())
	return x
}
