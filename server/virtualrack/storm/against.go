package storm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/netns"
)

// target is what a storm is on, and where its machines stand.
type target struct {
	server  netip.Addr                // the appliance
	relay   func(rack int) netip.Addr // of a rack, from 0
	process func() int                // the appliance's; nil: it is not ours to look at
}

func rackTarget(rack *virtualrack.Rack) target {
	return target{
		server:  rack.Address(),
		relay:   func(n int) netip.Addr { return virtualrack.RelayedNetwork(n).Addr().Next() },
		process: rack.Appliance().PID,
	}
}

// Against is an appliance that runs already. The storm is in the caller's own
// network namespace and goes to loopback, or to a link that somebody named, and
// never through a router: whoever is beyond did not agree to it.
type Against struct {
	Appliance netip.Addr
	Interface string         // the link to it; "": loopback
	Behind    []netip.Prefix // networks of its subnets of which this host is the relay, in turns
}

// Validate names the first field that is wrong, its value and the remedy. It
// looks at this host and changes nothing.
func (a *Against) Validate() error {
	if !a.Appliance.Is4() {
		return fmt.Errorf("against %s: want the IPv4 address on which the appliance answers DHCP", a.Appliance)
	}
	if len(a.Behind) == 0 {
		return errors.New("behind: want a network of the appliance's subnets of which this host is the relay, such as 10.99.0.0/16")
	}
	for _, p := range a.Behind {
		if err := a.network(p); err != nil {
			return fmt.Errorf("behind %s: %w", p, err)
		}
	}
	return a.way()
}

// network holds that owning it takes no address from anybody.
func (a *Against) network(p netip.Prefix) error {
	if !p.IsValid() || !p.Addr().Is4() || p != p.Masked() || p.Bits() < 8 || p.Bits() > 29 {
		return errors.New("want a network from /8 to /29, such as 10.99.0.0/16")
	}
	if p.Contains(a.Appliance) {
		return fmt.Errorf("the appliance %s is in it: want a network of machines alone", a.Appliance)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, o := range own {
		if o, err := netip.ParsePrefix(o.String()); err == nil && p.Overlaps(o.Masked()) {
			return fmt.Errorf("this host has the address %s in it: want a network that exists nowhere else, for all its addresses become this host's", o)
		}
	}
	return nil
}

// way holds that the storm stays on a link that may bear it.
func (a *Against) way() error {
	device, router, err := netns.Toward(a.Appliance)
	allowed := a.Interface
	if allowed == "" {
		allowed = "lo"
	}
	switch {
	case err != nil:
		return err
	case router.IsValid():
		return fmt.Errorf("against %s: the router %s is in between, and a storm crosses none: run it on a host of the appliance's own network", a.Appliance, router)
	case device != allowed && a.Interface == "":
		return fmt.Errorf("against %s: it is reached through %s, and a storm goes to loopback alone unless a link is named: if all who are on it may bear that, add --interface %[2]s", a.Appliance, device)
	case device != allowed:
		return fmt.Errorf("interface %s: %s is reached through %s", a.Interface, a.Appliance, device)
	}
	return nil
}

// Run has the storm, and gives back what it took of this host: until then all
// addresses of the networks are its own, and it answers no ping, which would
// say of each that it is in use.
func (a *Against) Run(ctx context.Context, s Spec) (_ *Result, err error) {
	if s.Known > 0 {
		return nil, fmt.Errorf("known %d: tell an appliance that runs of its machines with firstlight import, and want 0 here", s.Known)
	}
	if err := errors.Join(s.Validate(), a.Validate()); err != nil {
		return nil, err
	}
	back, err := a.take()
	defer func() { err = errors.Join(err, back()) }()
	if err != nil {
		return nil, err
	}
	return run(ctx, target{server: a.Appliance, relay: a.relay}, s)
}

func (a *Against) relay(rack int) netip.Addr { return a.Behind[rack%len(a.Behind)].Addr().Next() }

// take takes the networks; back undoes as much as was done.
func (a *Against) take() (back func() error, err error) {
	var undo []func() error
	back = func() (err error) {
		for _, f := range undo {
			err = errors.Join(err, f())
		}
		return err
	}
	echo, err := netns.NoEcho()
	if err != nil {
		return back, fmt.Errorf("%w: a storm against an appliance that runs needs root", err)
	}
	undo = append(undo, echo)
	for _, p := range a.Behind {
		if err := netns.Here().Own(p); err != nil {
			return back, fmt.Errorf("%w: a storm against an appliance that runs needs root", err)
		}
		undo = append(undo, func() error { return netns.Here().Disown(p) })
	}
	return back, nil
}
