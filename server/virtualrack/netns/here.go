package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

// Here is the loopback interface of this process's own namespace, which may own
// networks (Own, Disown) and has no address of theirs.
func Here() *Cable { return &Cable{Name: "lo"} }

// Toward tells through which interface of this process's own namespace an
// address is reached; router is valid where it is not on that link itself.
func Toward(a netip.Addr) (device string, router netip.Addr, err error) {
	routes, err := netlink.RouteGet(a.AsSlice())
	if err != nil || len(routes) == 0 {
		return "", router, fmt.Errorf("find the way to %s: %w", a, errors.Join(err))
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return "", router, fmt.Errorf("find the interface toward %s: %w", a, err)
	}
	router, _ = netip.AddrFromSlice(routes[0].Gw)
	return link.Attrs().Name, router.Unmap(), nil
}

const echoIgnored = "/proc/sys/net/ipv4/icmp_echo_ignore_all"

// NoEcho has nobody in this process's namespace answer pings: addresses that are
// its own as a whole (Cable.Own) would all seem to be taken. What it gives back
// makes that as it was.
func NoEcho() (back func() error, err error) {
	before, err := os.ReadFile(echoIgnored)
	if err == nil {
		err = os.WriteFile(echoIgnored, []byte("1"), 0)
	}
	if err != nil {
		return nil, fmt.Errorf("keep this namespace from answering pings: %w", err)
	}
	return func() error { return os.WriteFile(echoIgnored, []byte(strings.TrimSpace(string(before))), 0) }, nil
}
