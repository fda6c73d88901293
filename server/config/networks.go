package config

import (
	"net/netip"
	"time"

	"firstlight/server/machine"
)

func (c *Config) readNetworks(s *section) {
	s.each("subnets", func(n *section) {
		subnet := c.readSubnet(n)
		for _, other := range c.Subnets {
			if subnet.Name != "" && other.Name == subnet.Name {
				n.bad(n.lineOf("name"), n.at("name"), "%q is taken: give each subnet a name of its own", subnet.Name)
			}
			if subnet.Prefix.IsValid() && other.Prefix.Overlaps(subnet.Prefix) {
				n.bad(n.lineOf("prefix"), n.at("prefix"), "%q overlaps %s of subnet %s: give each network one row", subnet.Prefix, other.Prefix, other.Name)
			}
		}
		c.Subnets = append(c.Subnets, subnet)
	})
	s.each("rules", func(n *section) {
		rule := c.readRule(n)
		for _, other := range c.Rules {
			if rule.Name != "" && other.Name == rule.Name {
				n.bad(n.lineOf("name"), n.at("name"), "%q is taken: give each rule a name of its own", rule.Name)
			}
		}
		c.Rules = append(c.Rules, rule)
	})
}

// readSubnet reads one row. A new subnet observes: plugging the appliance into
// a live segment changes nothing.
func (c *Config) readSubnet(n *section) *machine.Subnet {
	n.need("name", "a short name such as lon6-boot")
	n.need("prefix", "a network such as 10.80.12.0/24 or 2001:db8:12::/64")
	before := len(n.problems)
	subnet := &machine.Subnet{
		Name:    one(n, "name", "", label),
		Prefix:  one(n, "prefix", netip.Prefix{}, network),
		Network: one(n, "network", "", label),
		Site:    one(n, "site", c.Site.Name, label),
		Ranges:  many(n, "ranges", addrRange),
		Gateway: one(n, "gateway", netip.Addr{}, addr4),
		DNS:     many(n, "dns", addr),
		Domain:  one(n, "domain", c.Site.Domain, domain),
		Mode:    one(n, "mode", machine.ModeServer, oneOf(machine.ModeServer, machine.ModeProxy, machine.ModeOff)),
		Policy:  one(n, "policy", machine.PolicyObserve, oneOf(machine.PolicyIgnore, machine.PolicyObserve, machine.PolicyRegister)),
		Lease:   one(n, "lease", 12*time.Hour, atLeast(time.Minute)),

		SecureBoot: one(n, "secure_boot", false, yesNo),
	}
	if subnet.Prefix.IsValid() {
		inside(n, subnet)
	}
	// What is said above has a line of its own; this is for the rest.
	if err := subnet.Validate(); err != nil && len(n.problems) == before && subnet.Name != "" && c.Site.Name != "" {
		n.bad(n.line, n.path, "%v", err)
	}
	return subnet
}

// inside checks that every address lies in the subnet's prefix.
func inside(n *section, s *machine.Subnet) {
	for _, r := range s.Ranges {
		if !s.Prefix.Contains(r.First) || !s.Prefix.Contains(r.Last) {
			n.bad(n.lineOf("ranges"), n.at("ranges"), "\"%s-%s\": lies outside %s", r.First, r.Last, s.Prefix)
		}
	}
	for i, r := range s.Ranges {
		for _, other := range s.Ranges[:i] {
			if r.Contains(other.First) || other.Contains(r.First) {
				n.bad(n.lineOf("ranges"), n.at("ranges"), "\"%s-%s\": overlaps %s-%s", r.First, r.Last, other.First, other.Last)
			}
		}
	}
	if s.Gateway.IsValid() && !s.Prefix.Contains(s.Gateway) {
		n.bad(n.lineOf("gateway"), n.at("gateway"), "%q: lies outside %s", s.Gateway, s.Prefix)
	}
}

func (c *Config) readRule(n *section) *machine.Rule {
	n.need("name", "a short name such as lab-metal")
	before := len(n.problems)
	r := &machine.Rule{
		Name:   one(n, "name", "", label),
		Order:  len(c.Rules) + 1,
		Match:  one(n, "match", "", selector),
		Accept: one(n, "accept", true, yesNo),
		Site:   one(n, "site", c.Site.Name, label),
		Rack:   one(n, "rack", "", text),
		Role:   one(n, "role", "", label),
		Image:  one(n, "image", "", text),
		Limit:  one(n, "limit", 0, between(0, 1_000_000)),
	}
	if r.Image != "" && r.Role == "" {
		n.bad(n.lineOf("image"), n.at("image"), "%q: an image is installed for a role: add role", r.Image)
	}
	if err := r.Validate(); err != nil && len(n.problems) == before && r.Name != "" && c.Site.Name != "" {
		n.bad(n.line, n.path, "%v", err)
	}
	return r
}
