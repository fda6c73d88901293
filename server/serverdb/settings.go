package serverdb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// settings are rows that change seldom and are read with every packet.
type settings struct {
	subnets []*machine.Subnet
	rules   []*machine.Rule
	images  []*machine.Image
	plan    plan
	options *machine.OptionTable // of the plan, ready for packets
	own     []netip.Addr         // the appliance's own addresses
}

// current is swapped whole; see DB.settings.
type current = atomic.Pointer[settings]

func (d *DB) loadSettings(tx *store.Tx) (err error) {
	s := &settings{}
	if old := d.settings.Load(); old != nil {
		s.own = old.own
	}
	if s.subnets, err = tx.Subnets(); err != nil {
		return err
	}
	if s.rules, err = tx.Rules(); err != nil {
		return err
	}
	if s.images, err = tx.Images(); err != nil {
		return err
	}
	rows, err := tx.Plan()
	if err != nil {
		return err
	}
	s.plan = byRef(rows)
	s.options = machine.NewOptionTable(s.plan.optionSets())
	d.settings.Store(s)
	return nil
}

// Seed brings subnets and rules of the configuration into the database. What is
// there under the same name already stays as people left it. Sites, racks and
// roles that anything refers to come into the plan.
func (d *DB) Seed(ctx context.Context, subnets []*machine.Subnet, rules []*machine.Rule) error {
	err := d.Do(ctx, func(w *Write) error {
		if err := errors.Join(w.liftOptions(), w.seedSubnets(subnets), w.seedRules(rules)); err != nil {
			return err
		}
		return w.reload()
	})
	if err != nil {
		return err
	}
	return d.Do(ctx, func(w *Write) error {
		if err := w.seedPlan(); err != nil {
			return err
		}
		return w.reload()
	})
}

func (w *Write) seedSubnets(subnets []*machine.Subnet) error {
	have, err := w.tx.Subnets()
	if err != nil {
		return err
	}
	for _, s := range subnets {
		if err := s.Validate(); err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(o *machine.Subnet) bool { return o.Name == s.Name }) {
			continue
		}
		if err := overlap(have, s); err != nil {
			return err
		}
		if err := w.tx.PutSubnet(s); err != nil {
			return err
		}
		have = append(have, s)
	}
	return nil
}

func overlap(have []*machine.Subnet, s *machine.Subnet) error {
	for _, o := range have {
		if o.Prefix.Overlaps(s.Prefix) {
			return &machine.FieldError{
				Of: "subnet " + s.Name, Field: "prefix", Value: s.Prefix.String(),
				Want: fmt.Sprintf("overlaps %s of subnet %s: give each network one row", o.Prefix, o.Name),
			}
		}
	}
	return nil
}

// reload shows changed settings after the commit.
func (w *Write) reload() error {
	d := w.db
	w.own.after = append(w.own.after, func() {
		if err := d.store.View(context.Background(), d.loadSettings); err != nil {
			d.Log.Error("reload settings", "error", err)
		}
		d.hub.Publish(journal.Signal{}) // zones are made of subnets, too
	})
	return nil
}

// PutSubnet adds or changes a subnet. found judges what is there (nil: nothing)
// before anything is written.
func (d *DB) PutSubnet(ctx context.Context, who Actor, s *machine.Subnet, found func(*machine.Subnet) error) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return d.Do(ctx, func(w *Write) error {
		// From the transaction: another write of this batch may overlap it.
		have, err := w.tx.Subnets()
		if err != nil {
			return err
		}
		var before any
		old, _ := subnetOf(have, s.Name)
		if err := found(old); err != nil {
			return err
		}
		if old != nil {
			before = old
		}
		others := slices.DeleteFunc(have, func(o *machine.Subnet) bool { return o.Name == s.Name })
		if err := overlap(others, s); err != nil {
			return err
		}
		if err := errors.Join(w.tx.PutSubnet(s), w.ensure(&machine.Site{Name: s.Site})); err != nil {
			return err
		}
		if err := w.AuditChange(who, "write subnet", s.Name, before, s); err != nil {
			return err
		}
		return w.reload()
	})
}

// PutImage adds or changes an image of the catalogue.
func (d *DB) PutImage(ctx context.Context, who Actor, i *machine.Image) error {
	var before any
	if old, err := d.Image(i.Name); err == nil {
		before = old
		if old.SHA256 == i.SHA256 && old.Arch == i.Arch && old.File == i.File && old.Bytes == i.Bytes && old.Compressed == i.Compressed &&
			old.CompressedSHA256 == i.CompressedSHA256 {
			return nil
		}
	}
	return d.Do(ctx, func(w *Write) error {
		if err := w.tx.PutImage(i); err != nil {
			return err
		}
		if err := w.AuditChange(who, "write image", i.Name, before, i); err != nil {
			return err
		}
		return w.reload()
	})
}

// SetOwn tells which addresses are the appliance's own, never to be leased.
func (d *DB) SetOwn(own []netip.Addr) {
	s := *d.settings.Load()
	s.own = own
	d.settings.Store(&s)
}

func (d *DB) ownAddress(a netip.Addr) bool { return slices.Contains(d.settings.Load().own, a) }

// Subnets gives all of them by name.
func (d *DB) Subnets() []*machine.Subnet { return d.settings.Load().subnets }

// Subnet finds one by name.
func (d *DB) Subnet(name string) (*machine.Subnet, error) { return subnetOf(d.Subnets(), name) }

// Subnet is DB.Subnet as this write sees it.
func (w *Write) Subnet(name string) (*machine.Subnet, error) {
	have, err := w.tx.Subnets()
	if err != nil {
		return nil, err
	}
	return subnetOf(have, name)
}

func subnetOf(all []*machine.Subnet, name string) (*machine.Subnet, error) {
	if i := slices.IndexFunc(all, func(s *machine.Subnet) bool { return s.Name == name }); i >= 0 {
		return all[i], nil
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	return nil, machine.Missing("subnet", name, names...)
}

// SubnetFor finds the subnet that holds an address.
func (d *DB) SubnetFor(a netip.Addr) (*machine.Subnet, bool) {
	for _, s := range d.Subnets() {
		if s.Prefix.Contains(a) {
			return s, true
		}
	}
	return nil, false
}

// Rules gives all of them in their order.
func (d *DB) Rules() []*machine.Rule { return d.settings.Load().rules }

// Images gives the catalogue by name.
func (d *DB) Images() []*machine.Image { return d.settings.Load().images }

// Image finds one by name.
func (d *DB) Image(name string) (*machine.Image, error) {
	var names []string
	for _, i := range d.Images() {
		if i.Name == name {
			return i, nil
		}
		names = append(names, i.Name)
	}
	return nil, machine.Missing("image", name, names...)
}
