package diagnosis

import (
	"fmt"

	"firstlight/server/journal"
)

// protocol has the words for a version of DHCP (RFC 2131, RFC 8415), and for
// what stands in its way.
type protocol struct {
	name       string
	ask, offer string // its messages of those names
	lost       string // where no offer arrives
	guard      string // of switches, against other servers
	ports      string // of answers, for a firewall
	rival      string // what becomes of another server
	stays      string // where that must stay
}

var v4 = protocol{
	name: "DHCP", ask: "DISCOVER", offer: "OFFER",
	lost:  "broadcasts of ours do not reach it",
	guard: "DHCP snooping",
	rival: "switch its DHCP off, or make it hand out our boot file",
	stays: "; where it must stay, run this subnet as its proxy",
}

// Answers of DHCPv6 go to the client's link-local address, and there is no
// ProxyDHCP. A router that gives addresses, too, goes on as a router.
var v6 = protocol{
	name: "DHCPv6", ask: "SOLICIT", offer: "ADVERTISE",
	lost:  "our answers to its link-local address do not reach it",
	guard: "DHCPv6 guard (RFC 7610)",
	ports: " (UDP from port 547 to 546)",
	rival: "switch its DHCPv6 off, or make it hand out our boot file's URL (option 59); if it is the router, let it go on advertising the flag M",
}

// six tells whether a row is of DHCPv6.
func six(r *row) bool { return r.Details[journal.DetailDUID] != "" }

func protocolOf(r *row) protocol {
	if six(r) {
		return v6
	}
	return v4
}

// inVain counts the messages of an offer that was not taken.
func (p protocol) inVain(r *row) string {
	n := max(r.Count, 1)
	return fmt.Sprintf("%s, %s, no REQUEST", times(n, p.ask), times(n, p.offer))
}

// unadvertised is why a loader that came by IPv6 may be silent besides: iPXE asks
// a server where a router tells it to, and firmware asks without.
func (b *bootOf) unadvertised() string {
	if r := b.bound(false); r == nil || !six(r) {
		return ""
	}
	return ", or no router there advertises the flag M, without which it asks no DHCPv6 server"
}
