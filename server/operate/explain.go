package operate

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Explanation is what would be served now, and why.
type Explanation struct {
	Request boot.Request
	Known   boot.Known
	Answer  boot.Answer
	Script  string // as it would be served to iPXE, or GRUB; empty when nothing is
}

// Lookup explains what a machine, or an interface that nobody knows, would
// boot if it asked now: the same Decide on the same facts, written nowhere.
func (d *Desk) Lookup(ctx context.Context, ref string) (Explanation, error) {
	var e Explanation
	req, subnet, err := d.asker(ctx, ref)
	if err == nil {
		err = d.decide(&e, req, subnet)
	}
	return e, err
}

// decide is the decision on a request, with the script as a machine of the
// subnet gets it; nil: none is fetched.
func (d *Desk) decide(e *Explanation, req boot.Request, subnet *machine.Subnet) error {
	req.Script = true
	e.Known = d.DB.Known(req)
	if boot.Signed(req, e.Known) != "" {
		req.Stage = boot.StageGRUB
	}
	e.Request = req
	e.Answer = boot.Decide(req, e.Known, d.Now())
	if d.Render == nil || e.Answer.Target == boot.Ignore || subnet == nil {
		return nil
	}
	script, err := d.Render(req, e.Known, e.Answer, subnet)
	if err != nil {
		return fmt.Errorf("write the script for %s: %w", req.MAC, err)
	}
	e.Script = session.ReplaceAllString(script, "${1}…")
	return nil
}

// TryRules tells which rule a machine would get if it were judged now, and why
// not the others. Nothing is changed.
func (d *Desk) TryRules(ctx context.Context, ref string) (*discovery.Trial, error) {
	m, err := d.find(ref)
	if err != nil {
		return nil, err
	}
	if err := d.reported(m, "power it on: rules judge by what it reports"); err != nil {
		return nil, err
	}
	return d.DB.Try(ctx, m.ID)
}

// session is the secret of a boot: an explanation must not hand it out. GRUB's
// form has it in quotes.
var session = regexp.MustCompile(`(firstlight\.session=)[^\s']+`)

// asker makes the request that a machine would send.
func (d *Desk) asker(ctx context.Context, ref string) (boot.Request, *machine.Subnet, error) {
	m, err := d.find(ref)
	if err == nil {
		req := boot.Request{MAC: m.BootMAC(), UUID: m.UUID, Serial: m.Serial, Stage: boot.StageIPXE}
		full, err := d.DB.Full(ctx, m)
		if err != nil {
			return boot.Request{}, nil, err
		}
		if full.Facts != nil {
			req.Platform, req.Arch = full.Facts.Platform, boot.LoaderArch(full.Facts.Platform, full.Facts.Arch)
		}
		if last, err := d.DB.LastAsked(ctx, req.MAC); err == nil { // what nobody but a loader tells
			req.Card = last.Card
		}
		return at(req, d.subnetOf(m))
	}
	mac, bad := machine.ParseMAC(ref)
	if bad != nil {
		return boot.Request{}, nil, err
	}
	last, err := d.DB.LastAsked(ctx, mac)
	if err != nil && !errors.Is(err, machine.ErrAway) { // away: what it would get is known without it
		return boot.Request{}, nil, err
	}
	return at(boot.Request{MAC: mac, Stage: boot.StageIPXE, Arch: last.Arch, Platform: last.Platform, Card: last.Card}, d.leased(mac))
}

func at(req boot.Request, s *machine.Subnet) (boot.Request, *machine.Subnet, error) {
	if s != nil {
		req.Subnet = s.Name
	}
	return req, s, nil
}

func (d *Desk) subnetOf(m *machine.Machine) *machine.Subnet {
	if s, ok := d.DB.SubnetFor(m.Address()); ok {
		return s
	}
	return d.leased(m.BootMAC())
}

// leased is the subnet in which an interface has or had a lease, or the only
// one that there is.
func (d *Desk) leased(mac machine.MAC) *machine.Subnet {
	var last time.Time
	var found *machine.Subnet
	for _, l := range d.DB.Leases() {
		if s, ok := d.DB.SubnetFor(l.Address); ok && l.MAC == mac && l.UpdatedAt.After(last) {
			last, found = l.UpdatedAt, s
		}
	}
	if all := d.DB.Subnets(); found == nil && len(all) == 1 {
		return all[0]
	}
	return found
}

// Explain is Lookup in the words of the pages.
func (d *Desk) Explain(ctx context.Context, name string) (boot.Answer, boot.Request, []string, error) {
	e, err := d.Lookup(ctx, name)
	return e.Answer, e.Request, e.Lines(), err
}

// Lines are those of the script.
func (e Explanation) Lines() []string {
	if e.Script == "" {
		return nil
	}
	return strings.Split(strings.TrimRight(e.Script, "\n"), "\n")
}

// InstallDisk is the disk that an install of the machine's image, or of the
// smallest one, would write.
func (d *Desk) InstallDisk(ctx context.Context, name string) (machine.Disk, error) {
	m, err := d.find(name)
	if err != nil {
		return machine.Disk{}, err
	}
	if m, err = d.DB.Full(ctx, m); err != nil {
		return machine.Disk{}, err
	}
	if m.Facts == nil {
		return machine.Disk{}, conflict("the hardware of machine "+m.Name+" is not known", "let it boot the agent first")
	}
	return discovery.InstallDisk(m.Facts, d.need(m))
}

func (d *Desk) need(m *machine.Machine) int64 {
	if i, err := d.DB.Image(m.Image); err == nil {
		return i.Bytes
	}
	var least int64
	for _, i := range d.DB.Images() {
		if least == 0 || i.Bytes < least {
			least = i.Bytes
		}
	}
	return least
}
