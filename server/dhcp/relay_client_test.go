package dhcp

import (
	"strings"
	"testing"

	"firstlight/server/virtualrack/netns/netnstest"
)

// A client two networks away gets an address of the segment on which its relay,
// dnsmasq, hears it, and of the segment's second subnet where the first is full.
func TestUdhcpcThroughARelay(t *testing.T) {
	t.Parallel()
	netnstest.Need(t, "dnsmasq", "udhcpc", "ip")
	ours, relay, client := netnstest.New(t), netnstest.New(t), netnstest.New(t)
	ours.Cable("br0", relay, "up0", "52:54:00:12:34:98")
	relay.Cable("lan0", client, "eth0", testMAC.String())
	ours.Address("br0", "10.80.12.1/24")
	relay.Address("up0", "10.80.12.254/24")
	relay.Address("lan0", "10.80.13.254/24")
	ours.Run("ip", "route", "add", "10.80.13.0/24", "via", "10.80.12.254")
	m := newMemory(lab())
	hall(m)
	m.subnets[0].Network = "" // it is the appliance's own; "more" is at the relay, with "far" beside it
	m.subnets[2].Network = "hall"
	m.subnets[1].Ranges = nil
	serveOn(t, ours, m)
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
