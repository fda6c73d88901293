package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// offersTime is how long servers have to answer. Many first try with a ping
// whether the address is free, which takes a second.
const offersTime = 3 * time.Second

// otherServers asks on each interface who else answers DHCP.
func otherServers(ctx context.Context, p Patient) []Finding {
	own := p.addresses(false)
	all := make([]Finding, len(p.Config.Interfaces))
	var wg sync.WaitGroup
	for n, i := range p.Config.Interfaces {
		wg.Go(func() { all[n] = askOn(ctx, i.Name, own) })
	}
	wg.Wait()
	return slices.DeleteFunc(all, func(f Finding) bool { return f.State == "" })
}

func askOn(ctx context.Context, device string, own map[string]netip.Addr) Finding {
	about := "other DHCP servers on " + device
	if _, found := own[device]; !found {
		return Finding{} // said already: it is not there or has no address
	}
	others, err := offers(ctx, device, own)
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return Finding{Warn, about, "cannot be looked for: this user may not send raw packets", "run doctor as root"}
	case err != nil:
		return Finding{Warn, about, "cannot be looked for: " + err.Error(), "look with: nmap --script broadcast-dhcp-discover"}
	case len(others) > 0:
		return Finding{Warn, about, "answers come from " + strings.Join(others, ", "), "stop that server, or set mode: off for the subnet: machines take whichever answer comes first"}
	}
	return ok(about, "nobody else answered within "+offersTime.String())
}

// offers sends one DISCOVER (RFC 2131 §3.1) from a made-up MAC and collects
// whose offers come. None is accepted, so no lease is taken.
func offers(ctx context.Context, device string, own map[string]netip.Addr) ([]string, error) {
	mac := make(net.HardwareAddr, 6)
	_, _ = rand.Read(mac)  // never fails (crypto/rand)
	mac[0] = mac[0]&^1 | 2 // one station, locally administered (IEEE 802)
	c, err := nclient4.New(device, nclient4.WithHWAddr(mac), nclient4.WithTimeout(offersTime), nclient4.WithRetry(1))
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // nothing is left to send
	discover, err := dhcpv4.NewDiscovery(mac, dhcpv4.WithBroadcast(true))
	if err != nil {
		return nil, err
	}
	var others []string
	collect := func(m *dhcpv4.DHCPv4) bool {
		if who := server(m); m.MessageType() == dhcpv4.MessageTypeOffer && !ours(who, own) && !slices.Contains(others, who) {
			others = append(others, who)
		}
		return false // go on: there may be more
	}
	_, err = c.SendAndRead(ctx, c.RemoteAddr(), discover, collect)
	if errors.Is(err, nclient4.ErrNoResponse) || errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return others, err
}

func server(m *dhcpv4.DHCPv4) string {
	if id := m.ServerIdentifier(); id != nil {
		return id.String()
	}
	return m.ServerIPAddr.String()
}

func ours(who string, own map[string]netip.Addr) bool {
	for _, a := range own {
		if a.String() == who {
			return true
		}
	}
	return false
}
