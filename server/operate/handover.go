package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firstlight/server/handover"
	"firstlight/server/machine"
)

// Classify answers Puppet for a certificate's name: a host name with or without
// its domain.
func (d *Desk) Classify(certname string) (handover.Node, error) {
	host, domain, _ := strings.Cut(strings.ToLower(certname), ".")
	m, err := d.find(host)
	if err != nil || m.Hostname != host {
		return handover.Node{}, fmt.Errorf("certificate name %q: %w: no machine has the host name %q", certname, machine.ErrNotFound, host)
	}
	h := d.host(m)
	if domain != "" && h.Domain != "" && domain != h.Domain {
		return handover.Node{}, fmt.Errorf("certificate name %q: %w: host %s is in %s", certname, machine.ErrNotFound, host, h.Domain)
	}
	node, err := handover.Classify(h)
	if refusal, ok := errors.AsType[*handover.Refusal](err); ok {
		return node, conflict(refusal.Why, refusal.Remedy)
	}
	return node, err
}

// Inventory groups the machines that a selector picks.
func (d *Desk) Inventory(ctx context.Context, sel machine.Selector) (handover.Inventory, error) {
	hosts, err := d.hosts(ctx, sel)
	return handover.Group(hosts), err
}

// Targets gives what to scrape of the machines that a selector picks.
func (d *Desk) Targets(ctx context.Context, sel machine.Selector, port uint16) ([]handover.Target, error) {
	hosts, err := d.hosts(ctx, sel)
	return handover.Targets(hosts, port), err
}

func (d *Desk) hosts(ctx context.Context, sel machine.Selector) ([]handover.Host, error) {
	picked, err := d.DB.Select(ctx, sel)
	if err != nil {
		return nil, err
	}
	all := make([]handover.Host, 0, len(picked))
	for _, m := range picked {
		if m.Status != machine.Retired {
			all = append(all, d.host(m))
		}
	}
	return all, nil
}

func (d *Desk) host(m *machine.Machine) handover.Host {
	h := handover.Host{Machine: m, Role: d.DB.Role(m.Role)}
	if s := d.subnetOf(m); s != nil {
		h.Domain = s.Domain
	}
	return h
}
