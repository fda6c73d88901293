// Package handover says what other programs want to know of machines: Puppet
// what a node is (external node classifier), Ansible which hosts there are
// (dynamic inventory), Prometheus what to scrape (HTTP service discovery).
//
// It is pure: machines, roles and domains come in as arguments, so that the same
// fleet gives the same answers. server/operate imports it.
package handover

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// Host is a machine with what a hand-over adds to its record.
type Host struct {
	Machine *machine.Machine
	Role    *machine.Role // nil: it has none, or the plan does not know it
	Domain  string        // of its subnet; empty: not known
}

// FQDN is the whole name, or the host name where there is no domain.
func (h Host) FQDN() string {
	if h.Domain == "" || h.Machine.Hostname == "" {
		return h.Machine.Hostname
	}
	return h.Machine.Hostname + "." + h.Domain
}

// Node is what Puppet's external node classifier answers.
type Node struct {
	Classes     []string          `json:"classes"`
	Parameters  map[string]string `json:"parameters"`
	Environment string            `json:"environment,omitempty"`
}

// Refusal says why a node gets no answer: Puppet must not configure it.
type Refusal struct{ Why, Remedy string }

func (e *Refusal) Error() string { return e.Why + ": " + e.Remedy }

// Classify answers for a machine that is being installed or in use, and for no
// other: a catalogue must not be compiled for a machine that nobody was given.
func Classify(h Host) (Node, error) {
	m := h.Machine
	switch m.Status {
	case machine.Installing, machine.Configuring, machine.InUse:
	default:
		return Node{}, &Refusal{fmt.Sprintf("machine %s is %s", m.Name, m.Status.Human()), "only machines that are installing, configuring or in use are classified"}
	}
	node := Node{Classes: []string{}, Parameters: map[string]string{}}
	if h.Role != nil {
		node.Classes, node.Environment = append(node.Classes, h.Role.Classes...), h.Role.Environment
		maps.Copy(node.Parameters, h.Role.Params)
	}
	// the machine's own win over its role's
	maps.Copy(node.Parameters, m.Params)
	for k, v := range facts(h) {
		node.Parameters["firstlight_"+k] = v
	}
	return node, nil
}

// facts are what every program may know of a machine, by name; what is not
// known is left out.
func facts(h Host) map[string]string {
	m := h.Machine
	all := map[string]string{
		"name": m.Name, "serial": m.Serial, "kind": string(m.Kind), "status": string(m.Status), "site": m.Site, "room": m.Room, "rack": m.Rack,
		"role": m.Role, "pool": m.Pool, "owner": m.Owner, "type": m.Type, "vendor": m.Vendor, "product": m.Product, "image": m.Image,
		"fqdn": h.FQDN(),
	}
	if m.Unit > 0 {
		all["unit"] = strconv.Itoa(m.Unit)
	}
	if a := m.Address(); a.IsValid() {
		all["address"] = a.String()
	}
	for k, v := range all {
		if v == "" {
			delete(all, k)
		}
	}
	return all
}

// Inventory is Ansible's: groups with their hosts, and what is known of each.
type Inventory struct {
	Groups map[string][]string
	Hosts  map[string]map[string]string
}

// Group sorts hosts into groups by status, site, rack, role, pool, owner, type
// and tag. A host without a name of its own is known by its hardware name.
func Group(hosts []Host) Inventory {
	inv := Inventory{map[string][]string{}, map[string]map[string]string{}}
	for _, h := range hosts {
		m := h.Machine
		name := cmp.Or(h.FQDN(), m.Name)
		vars := map[string]string{}
		for k, v := range facts(h) {
			vars["firstlight_"+k] = v
		}
		maps.Copy(vars, m.Params)
		if a := m.Address(); a.IsValid() {
			vars["ansible_host"] = a.String()
		}
		inv.Hosts[name] = vars
		for by, value := range map[string]string{
			"status": string(m.Status), "site": m.Site, "rack": m.Rack, "role": m.Role, "pool": m.Pool, "owner": m.Owner, "type": m.Type,
		} {
			inv.add(by, value, name)
		}
		for _, tag := range m.Tags {
			inv.add("tag", tag, name)
		}
	}
	for _, all := range inv.Groups {
		slices.SortFunc(all, machine.CompareNames)
	}
	return inv
}

// add spells a group's name as Ansible takes it: letters, digits and _.
func (inv Inventory) add(by, value, host string) {
	if value == "" {
		return
	}
	group := by + "_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, value)
	inv.Groups[group] = append(inv.Groups[group], host)
}

// Target is one thing that Prometheus scrapes.
type Target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// Targets gives every host that has an address, at a port.
func Targets(hosts []Host, port uint16) []Target {
	all := []Target{}
	for _, h := range hosts {
		a := h.Machine.Address()
		if !a.IsValid() {
			continue
		}
		labels := map[string]string{}
		for k, v := range facts(h) {
			labels["__meta_firstlight_"+k] = v
		}
		if len(h.Machine.Tags) > 0 {
			labels["__meta_firstlight_tags"] = "," + strings.Join(h.Machine.Tags, ",") + ","
		}
		all = append(all, Target{[]string{netip.AddrPortFrom(a, port).String()}, labels})
	}
	return all
}
