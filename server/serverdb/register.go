package serverdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// ClashError tells that a report cannot be given to one record: a person must
// look. Nothing was changed.
type ClashError struct {
	Sentence string
	Between  []*machine.Machine // whose marks it shows
}

func (e *ClashError) Error() string { return e.Sentence }

// whoAgent is who changes a status because of a report.
const whoAgent = "agent"

// adoptWithin is how far back the events of a MAC become its machine's.
const adoptWithin = time.Hour

// Report takes what an agent said from an address: it finds or makes the
// machine's record, keeps the facts, and lets the rules decide on a machine
// that is new or to be looked at again.
func (d *DB) Report(ctx context.Context, r *report.Report, from netip.Addr) (*machine.Machine, error) {
	subnet, ok := d.SubnetFor(from)
	if !ok {
		return nil, fmt.Errorf("report from %s: %w", from, errNoSubnet)
	}
	boot, _ := machine.ParseMAC(r.Boot.MAC)
	got, err := d.report(ctx, r, from, subnet)
	var clash *ClashError
	switch {
	case errors.As(err, &clash) && !boot.IsZero():
		d.clashed(boot, clash)
	case err == nil:
		d.clashes.clear(boot.String())
		d.claimRelayed(got)
	}
	return got, err
}

func (d *DB) report(ctx context.Context, r *report.Report, from netip.Addr, subnet *machine.Subnet) (got *machine.Machine, err error) {
	err = d.Do(ctx, func(w *Write) (err error) {
		got, err = w.report(r, from, subnet)
		return err
	})
	if errors.Is(err, store.ErrTaken) {
		return nil, &ClashError{Sentence: fmt.Sprintf("a name, MAC or address of it belongs to another machine: %v", err)}
	}
	return got, err
}

func (w *Write) report(r *report.Report, from netip.Addr, subnet *machine.Subnet) (*machine.Machine, error) {
	if err := w.owns(r, from); err != nil {
		return nil, err
	}
	id := discovery.Of(r)
	res := discovery.Resolve(id, w.candidates(id))
	if res.Clash != "" {
		return nil, &ClashError{"this machine cannot be told apart: " + res.Clash + discovery.Unmarked(r), res.Between}
	}
	m := res.Machine
	if m == nil {
		m = w.stranger(r, id)
	}
	old, err := w.full(m)
	if err != nil {
		return nil, err
	}
	changed := hardwareChanged(old, r)
	m = old.Clone()
	agrees := m.Flags.Frozen && !changed
	if agrees {
		w.thaw(m)
	}
	w.learn(m, r, from, subnet)
	if changed && old.Facts != nil {
		m.Checked = nil // it was of other hardware
	}
	if err := w.readdress(m, from, subnet); err != nil {
		return nil, err
	}
	facts := m.Facts
	if m.Status == machine.Unknown || m.Status == machine.Expected {
		if err := w.register(m, res); err != nil {
			return nil, err
		}
	} else if err := w.put(m); err != nil {
		return nil, err
	}
	if err := w.tx.PutFacts(m.ID, facts); err != nil {
		return nil, err
	}
	if err := w.Event(w.reported(m, facts, r)); err != nil {
		return nil, err
	}
	moved := moves(m, old.NICs, r)
	if err := w.Events(moved); err != nil {
		return nil, err
	}
	w.db.seen.lldp.Add(int64(len(moved)))
	if agrees {
		if err := w.thawed(m, "it shows what its record says"); err != nil {
			return nil, err
		}
	}
	return w.consider(m.ID, subnet, changed)
}

// owns tells whether the address that a report comes from was leased to one of
// the interfaces in it.
func (w *Write) owns(r *report.Report, from netip.Addr) error {
	owner, ok := w.lessee(from)
	if !ok {
		return nil // an address of its own, given by somebody else's server
	}
	for _, n := range r.NICs {
		if mac, err := machine.ParseMAC(n.MAC); err == nil && mac == owner {
			return nil
		}
	}
	return &ClashError{Sentence: fmt.Sprintf("the report comes from %s, which is leased to %s, an interface that it does not name", from, owner)}
}

// lessee is whom an address was leased to, by us or, as far as it was heard, by
// another server.
func (w *Write) lessee(a netip.Addr) (machine.MAC, bool) {
	if w.db.proxied(a) {
		return w.db.hearsay.who(a, w.now)
	}
	l, ok := w.db.book.ByAddress(a)
	return l.MAC, ok && l.Holds(w.now)
}

// candidates are the records that share a mark with a report.
func (w *Write) candidates(id discovery.Identity) []*machine.Machine {
	marks := markTexts(id.Serial, id.UUID, id.BMC)
	if id.UUID != "" {
		marks = append(marks, "uuid "+machine.SwapUUID(machine.PlainUUID(id.UUID)))
	}
	all := map[string]*machine.Machine{}
	for _, m := range w.db.index.sharing(marks, id.MACs) {
		all[m.ID] = m
	}
	for _, c := range []*changes{w.batch, &w.own} {
		maps.Copy(all, c.machines)
	}
	list := make([]*machine.Machine, 0, len(all))
	for _, m := range all {
		list = append(list, m)
	}
	return list
}

func (w *Write) stranger(r *report.Report, id discovery.Identity) *machine.Machine {
	boot, _ := machine.ParseMAC(r.Boot.MAC)
	if boot.IsZero() && len(id.MACs) > 0 {
		boot = id.MACs[0]
	}
	kind := machine.Metal
	if strings.Contains(r.System.Vendor, "QEMU") {
		kind = machine.Virtual
	}
	return &machine.Machine{
		ID: uuid.Must(uuid.NewV7()).String(), Name: discovery.Name(id, boot), Kind: kind,
		Serial: strings.TrimSpace(r.System.Serial), UUID: id.UUID, CreatedAt: w.now,
	}
}

// learn puts what was discovered into a record. What people declared stays.
func (w *Write) learn(m *machine.Machine, r *report.Report, from netip.Addr, subnet *machine.Subnet) {
	facts := discovery.Facts(r)
	keepReleases(m, facts)
	m.Facts, m.ReportedAt = facts, w.now
	m.Vendor, m.Product = facts.Vendor, facts.Product
	if machine.PlaceholderSerial(m.Serial) {
		m.Serial = strings.TrimSpace(r.System.Serial)
	}
	if m.UUID == "" && !machine.PlaceholderUUID(r.System.UUID) {
		m.UUID = r.System.UUID
	}
	m.NICs = discovery.NICs(r, m.NICs, w.now)
	boot := m.BootMAC()
	for i := range m.NICs {
		n := &m.NICs[i]
		if n.MAC == boot && !n.Address.IsValid() && subnet.Mode != machine.ModeProxy && subnet.Prefix.Contains(from) {
			n.Address = from
		}
	}
	if r.BMC != nil && r.BMC.Address != "" && m.BMC.Address == "" {
		m.BMC.Address, m.BMC.Firmware = r.BMC.Address, r.BMC.Firmware
		m.BMC.MAC, _ = machine.ParseMAC(r.BMC.MAC)
		m.BMC.Type = "redfish"
	}
	if m.Site == "" {
		m.Site = subnet.Site
	}
}

// keepReleases forgets that a disk was given free when its contents are not
// those that were seen then. While a job writes, they change by its hand.
func keepReleases(m *machine.Machine, now *machine.Facts) {
	switch m.Status {
	case machine.Held, machine.Registered, machine.Available:
	default:
		return
	}
	maps.DeleteFunc(m.Released, func(serial, _ string) bool {
		return !reflect.DeepEqual(contents(m.Facts, serial), contents(now, serial))
	})
}

func contents(f *machine.Facts, serial string) []machine.Content {
	if f == nil {
		return nil
	}
	for _, d := range f.Disks {
		if d.Serial == serial {
			return d.Contents
		}
	}
	return nil
}

func (w *Write) register(m *machine.Machine, res discovery.Resolution) error {
	how := "a new machine: nothing in ServerDb shares a mark with it"
	if res.Machine != nil {
		how = "recognised by " + strings.Join(res.Marks, " and ")
	}
	err := w.Transition(m, Change{
		From: m.Status, To: machine.Registered, Who: whoAgent, Why: "reported",
		Evidence: machine.Evidence{machine.GuardIdentity: how},
	})
	if err != nil {
		return err
	}
	for _, n := range m.NICs {
		if err := w.tx.AdoptEvents(n.MAC, m.ID, w.now.Add(-adoptWithin)); err != nil {
			return err
		}
	}
	return nil
}

// clockTrust is how far a machine's clock may be from ours: a report is on its
// way for seconds, and certificates are judged by days.
const clockTrust = 2 * time.Minute

func (w *Write) reported(m *machine.Machine, f *machine.Facts, r *report.Report) journal.Event {
	details := map[string]string{"kernel": f.Kernel, "agent": r.Boot.Agent, "boot": r.Boot.ID, "platform": f.Platform}
	if order := discovery.BootOrder(r.Boot.Order); order != "" {
		details["boot order"] = order
	}
	if off := r.Boot.Started.Add(time.Duration(r.Boot.Uptime * float64(time.Second))).Sub(w.now); !r.Boot.Started.IsZero() && off.Abs() > clockTrust {
		details[journal.DetailClock] = off.Round(time.Second).String()
	}
	return journal.Event{
		Machine: m.ID, MAC: m.BootMAC(), Source: journal.Agent, Duration: r.Collected,
		Text: fmt.Sprintf("Reported %.1f s after kernel start: %s, %s memory, %s, %s",
			r.Boot.Uptime, count(f.Cores, "core"), discovery.Bytes(f.Memory), count(len(f.Disks), "disk"), count(len(f.NICs), "interface")),
		Details: details,
	}
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// hardwareChanged tells whether what is in the machine, or on its disks,
// differs from what was there when it was last looked at.
func hardwareChanged(m *machine.Machine, r *report.Report) bool {
	if m.Facts == nil {
		return true
	}
	now := discovery.Facts(r)
	return !reflect.DeepEqual(hardware(m.Facts, m.Facts), hardware(now, m.Facts))
}

// Clash marks the error for those who do not import this package.
func (e *ClashError) Clash() bool { return true }
