package login

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/oob/ipmi"
	"firstlight/server/oob/redfish"
)

// Protocols of BMCs, as machine.BMC.Type has them.
const (
	redfishType = "redfish"
	ipmiType    = "ipmi"
)

// spelled are their names for people.
var spelled = map[string]string{redfishType: "Redfish", ipmiType: "IPMI"}

// door is a BMC that was logged in to: how it was spoken with, and its certificate.
type door struct {
	oob.Controller
	protocol, pin string
}

// protocolOf is what a machine's BMC speaks: what its address says, or what a
// log-in has proven; "": nobody knows yet.
func protocolOf(b machine.BMC) string {
	switch {
	case strings.HasPrefix(b.Address, ipmi.Scheme):
		return ipmiType
	case strings.HasPrefix(b.Address, "https://"), b.Pin != "":
		return redfishType
	case b.Proven:
		return b.Type
	}
	return ""
}

// guess is the protocol that is shown before a log-in has proven one.
func guess(address string) string {
	if strings.HasPrefix(address, ipmi.Scheme) {
		return ipmiType
	}
	return redfishType
}

// dial logs in. Where the protocol is not known, Redfish is tried before IPMI,
// which gets its turn only where nothing that speaks Redfish answered: a BMC that
// refused a password must not be asked twice for it.
func (k *Keeper) dial(ctx context.Context, m *machine.Machine, c credential.Credential) (*door, error) {
	switch protocolOf(m.BMC) {
	case redfishType:
		return k.byRedfish(ctx, m, c)
	case ipmiType:
		return k.byIPMI(ctx, m, c)
	}
	half, cancel := halfOf(ctx)
	d, first := k.byRedfish(half, m, c)
	cancel()
	if first == nil || ctx.Err() != nil || !errors.Is(first, oob.ErrUnreachable) && !errors.Is(first, oob.ErrUnsupported) {
		return d, first
	}
	d, err := k.byIPMI(ctx, m, c)
	if errors.Is(err, oob.ErrUnreachable) || errors.Is(err, oob.ErrUnsupported) {
		return nil, first // Redfish is what it should speak
	}
	return d, err
}

// halfOf leaves the second protocol half of the time.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(end)/2)
	}
	return context.WithCancel(ctx)
}

func (k *Keeper) byRedfish(ctx context.Context, m *machine.Machine, c credential.Credential) (*door, error) {
	ctl, err := redfish.Dial(ctx, redfish.Config{
		Address: m.BMC.Address, User: c.User, Password: c.Password, Pin: m.BMC.Pin,
		Serial: m.Serial, UUID: m.UUID, Timeout: k.Timeout,
	})
	if err != nil {
		return nil, err
	}
	return &door{ctl, redfishType, ctl.Pin()}, nil
}

// byIPMI speaks IPMI. A port in an address that does not name IPMI is that of
// Redfish; IPMI then has its own.
func (k *Keeper) byIPMI(ctx context.Context, m *machine.Machine, c credential.Credential) (*door, error) {
	address := m.BMC.Address
	if !strings.HasPrefix(address, ipmi.Scheme) {
		if host, _, err := net.SplitHostPort(address); err == nil {
			address = host
		}
	}
	ctl, err := ipmi.Dial(ctx, ipmi.Config{
		Address: address, User: c.User, Password: c.Password, Serial: m.Serial, UUID: m.UUID,
		Timeout: k.Timeout, EFI: m.Observed.BootOrder != "",
	})
	if err != nil {
		return nil, err
	}
	return &door{ctl, ipmiType, ""}, nil
}
