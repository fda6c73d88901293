package collect

import (
	"math"
	"strconv"
	"strings"
)

// routes is a table of routes as the kernel prints it: which column holds what.
type routes struct {
	file               string
	to                 [2]int // destination and its mask or length: zero in a default route
	via, metric, flags int    // flags are hexadecimal
	base               int    // of metrics
}

// The main tables (kernel: net/ipv4/fib_trie.c, net/ipv6/route.c).
var (
	routes4 = routes{file: "proc/net/route", to: [2]int{1, 7}, via: 0, metric: 6, flags: 3, base: 10}
	routes6 = routes{file: "proc/net/ipv6_route", to: [2]int{0, 1}, via: 9, metric: 5, flags: 8, base: 16}
)

// defaultRoute is the interface that the rest of the world is behind, by IPv4
// before IPv6; "" when there is none.
func (c *collector) defaultRoute() string {
	if via := c.best(routes4); via != "" {
		return via
	}
	return c.best(routes6)
}

// best is the interface of the default route with the least metric.
func (c *collector) best(r routes) string {
	via, least := "", uint64(math.MaxUint64)
	for line := range strings.Lines(c.text(r.file)) {
		words := strings.Fields(line)
		if len(words) <= max(r.to[1], r.via, r.metric, r.flags) || strings.Trim(words[r.to[0]]+words[r.to[1]], "0") != "" {
			continue
		}
		metric, err := strconv.ParseUint(words[r.metric], r.base, 64)
		if err == nil && metric < least && usable(words[r.flags]) {
			via, least = words[r.via], metric
		}
	}
	return via
}

// usable leaves out routes that are down and those that refuse
// (kernel: include/uapi/linux/route.h).
func usable(flags string) bool {
	const up, reject = 0x0001, 0x0200
	f, err := strconv.ParseUint(flags, 16, 32)
	return err == nil && f&(up|reject) == up
}
