package dhcp

import (
	"strings"
	"syscall"
	"testing"

	"firstlight/server/virtualrack/netns/netnstest"
)

// hallway is a server, a relay's host with an interface to each side, and a
// client behind it. The segment there has two subnets, of which the first is
// full.
func hallway(t *testing.T, tools ...string) (m *memory, s *Server, relay, client *netnstest.Host) {
	t.Helper()
	netnstest.Need(t, append(tools, "udhcpc", "ip")...)
	ours, relay, client := netnstest.New(t), netnstest.New(t), netnstest.New(t)
	ours.Cable("br0", relay, "up0", "52:54:00:12:34:98")
	relay.Cable("lan0", client, "eth0", testMAC.String())
	ours.Address("br0", "10.80.12.1/24")
	relay.Address("up0", "10.80.12.254/24")
	relay.Address("lan0", "10.80.13.254/24")
	relay.Address("lan0", "10.80.14.254/24")
	relay.Run("sysctl", "-q", "net.ipv4.ip_forward=1")
	ours.Run("ip", "route", "add", "10.80.13.0/24", "via", "10.80.12.254")
	ours.Run("ip", "route", "add", "10.80.14.0/24", "via", "10.80.12.254")
	m = newMemory(lab())
	hall(m)
	m.subnets[0].Network = "" // it is the appliance's own; "more" is at the relay, with "far" beside it
	m.subnets[2].Network = "hall"
	m.subnets[1].Ranges = nil
	return m, serveOn(t, ours, m), relay, client
}

// A client two networks away gets an address of the segment on which its relay,
// dnsmasq, hears it, and of the segment's second subnet where the first is full.
func TestUdhcpcThroughARelay(t *testing.T) {
	t.Parallel()
	m, _, relay, client := hallway(t, "dnsmasq")
	relay.Start("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--port=0", "--pid-file=",
		"--dhcp-relay=10.80.13.254,10.80.12.1", "--user=root").Await("DHCP relay from")
	// -B: dnsmasq's relay writes to an address that the client does not have yet,
	// unless it asks for broadcasts.
	out := udhcpcOnce(t, client, "-B")
	if !strings.Contains(out, "ip=10.80.14.1") || !strings.Contains(out, "router=10.80.14.254") {
		t.Errorf("udhcpc said:\n%s", out)
	}
	if texts := waitRows(t, m, 1); !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: DHCP client udhcp") {
		t.Errorf("rows = %q", texts)
	}
}

// ISC's relay puts its interface's name into option 82 (-a) and takes back only
// replies that have it unchanged. The client does not ask for broadcasts, renews
// through the router and gives the address back.
func TestUdhcpcThroughDhcrelay(t *testing.T) {
	t.Parallel()
	m, s, relay, client := hallway(t, "dhcrelay")
	relay.Start("dhcrelay", "-4", "-d", "--no-pid", "-a", "-id", "lan0", "-iu", "up0", "10.80.12.1").Await("Sending on   Socket")
	p := client.Start("udhcpc", "-i", "eth0", "-s", executable(t, udhcpcScript), "-f", "-R", "-t", "5", "-T", "2")
	bound := p.Await("bound ip=")
	if !strings.Contains(bound, "ip=10.80.14.1") || !strings.Contains(bound, "router=10.80.14.254") {
		t.Errorf("udhcpc said %s", bound)
	}
	p.Signal(syscall.SIGUSR1)
	p.Await("renew ip=")
	p.Signal(syscall.SIGTERM)
	givenBack(t, s, m, strings.TrimPrefix(strings.Fields(bound)[1], "ip="))
}
