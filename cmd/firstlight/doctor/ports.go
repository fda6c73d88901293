package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// door is one socket that the appliance will open.
type door struct {
	what    string
	network string // udp4, udp6, tcp4, tcp
	address string
	device  string // it belongs to this interface alone
}

// ports tries every socket, and says who has those that are taken.
func ports(ctx context.Context, p Patient) []Finding {
	var all []Finding
	for _, d := range p.doors() {
		all = append(all, try(ctx, d))
	}
	return all
}

func (p Patient) doors() []door {
	var all []door
	own, six := p.addresses(false), p.addresses(true)
	for _, i := range p.Config.Interfaces {
		if addr, has := own[i.Name]; has {
			all = append(append(all, door{"DHCP", "udp4", "0.0.0.0:67", i.Name}), p.doorsAt(addr)...)
		}
		if addr, has := six[i.Name]; has {
			all = append(append(all, door{"DHCPv6", "udp6", "[::]:547", i.Name}), p.doorsAt(addr)...)
		}
	}
	for _, l := range p.Config.DNS.Listen {
		all = append(all, door{"DNS", "udp", l.String(), ""}, door{"DNS", "tcp", l.String(), ""})
	}
	if !strings.HasPrefix(p.Config.People.Listen, "fd:") {
		all = append(all, door{"pages and API", "tcp", p.Config.People.Listen, ""})
	}
	return all
}

// doorsAt are those of machines at one of our addresses.
func (p Patient) doorsAt(addr netip.Addr) []door {
	version := "4"
	if addr.Is6() {
		version = "6"
	}
	at := func(port int) string { return netip.AddrPortFrom(addr, uint16(port)).String() } //nolint:gosec // checked by config
	all := []door{{"TFTP", "udp" + version, at(69), ""}, {"HTTP boot", "tcp" + version, at(p.Config.HTTPPort), ""}}
	if port := p.Config.HTTPSPort; port != 0 {
		all = append(all, door{"HTTPS boot", "tcp" + version, at(port), ""})
	}
	if len(p.Config.DNS.Listen) == 0 {
		all = append(all, door{"DNS", "udp" + version, at(53), ""}, door{"DNS", "tcp" + version, at(53), ""})
	}
	return all
}

// try opens a socket for a moment.
func try(ctx context.Context, d door) Finding {
	about := fmt.Sprintf("%s, %s port %s", d.what, strings.ToUpper(d.network[:3]), d.address)
	if d.device != "" {
		about += " on " + d.device
	}
	err := d.open(ctx)
	switch {
	case err == nil:
		return ok(about, "is free")
	case errors.Is(err, syscall.EADDRINUSE):
		return taken(ctx, about, d)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return Finding{Fail, about, "this user may not open it", "start with the systemd unit of the package, as root, or with the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW"}
	}
	return Finding{Fail, about, err.Error(), "correct the address in the configuration"}
}

// open and close. A socket of one interface is bound to it first, so that it
// only meets those who share the interface.
func (d door) open(ctx context.Context) error {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if d.device == "" {
			return nil
		}
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, d.device)
		})
		return errors.Join(err, failed)
	}}
	if strings.HasPrefix(d.network, "udp") {
		conn, err := lc.ListenPacket(ctx, d.network, d.address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	l, err := lc.Listen(ctx, d.network, d.address)
	if err != nil {
		return err
	}
	return l.Close()
}

// taken tells our own appliance from a stranger.
func taken(ctx context.Context, about string, d door) Finding {
	holders := holding(d.network[:3], wanted(ctx, d.address))
	var texts []string
	for _, h := range holders {
		texts = append(texts, h.String())
	}
	if slices.ContainsFunc(holders, func(h holder) bool { return h.name == "firstlight" }) {
		return ok(about, "is held by "+strings.Join(texts, ", "))
	}
	if len(holders) == 0 {
		return Finding{Fail, about, "is held by a program of another user", "find it as root: ss -lnptu; then stop it"}
	}
	return Finding{Fail, about, "is held by " + strings.Join(texts, ", "), "stop it, such as: systemctl disable --now " + holders[0].name}
}

// wanted is the address of a door; an empty or unknown host stands for all.
func wanted(ctx context.Context, address string) netip.AddrPort {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", text)
	if err != nil {
		return netip.AddrPort{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		addr = netip.IPv4Unspecified()
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}
