package serverdb

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"firstlight/server/delivery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Import is a list of machines and how it is to be taken.
type Import struct {
	delivery.Order
	Who Actor
	// Reason is why machines that are in use are adopted, for their history.
	Reason  string
	DryRun  bool
	Partial bool // write the lines that are good, and leave the others
	// Progress is told how many lines of how many are written, every hundred.
	Progress func(done, total int)
}

// Imported is what became of a list.
type Imported struct {
	delivery.Judgement
	Written bool // false of a dry run, and where a line was refused
}

// ImportError tells that the order itself is wrong, whatever its lines say.
type ImportError struct{ Field, Value, Why string }

func (e *ImportError) Error() string { return fmt.Sprintf("%s %q: %s", e.Field, e.Value, e.Why) }

// every is after how many lines progress is told and the caller looked after.
const every = 100

// Import judges a list and writes it in one transaction: all of it, or nothing
// where a line is refused, unless the order asks for the rest. A list that is
// refused is no error: the verdicts say why.
func (d *DB) Import(ctx context.Context, o Import) (*Imported, error) {
	if o.DryRun {
		p := d.settings.Load().plan
		all, err := d.Deliveries(ctx)
		if err == nil {
			err = checkDelivery(p, all, o.Order)
		}
		if err != nil {
			return nil, err
		}
		return &Imported{Judgement: *delivery.Judge(fleet(d.index.machines(), p, d.Images()), o.Order)}, nil
	}
	var got *Imported
	err := d.Do(ctx, func(w *Write) (err error) {
		got, err = w.imported(ctx, o)
		return err
	})
	return got, err
}

func fleet(machines []*machine.Machine, p plan, images []*machine.Image) delivery.Fleet {
	f := delivery.Fleet{
		Machines: machines, Plan: make(map[machine.PlanRef]machine.Plan, len(p)), Images: make(map[string]bool, len(images)),
		Near:  func(r machine.PlanRef) string { return nearest(p, r) },
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	for _, i := range images {
		f.Images[i.Name] = true
	}
	for ref, row := range p {
		f.Plan[ref] = row.Item
	}
	return f
}

var deliveryName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })

func checkDelivery(p plan, all []*machine.Delivery, o delivery.Order) error {
	if d := findDelivery(all, o.Delivery); d != nil && !d.ClosedAt.IsZero() {
		return &ImportError{"delivery", d.Name, fmt.Sprintf("was closed by %s: give another name", d.ClosedBy)}
	}
	if o.Delivery != "" && !deliveryName().MatchString(o.Delivery) {
		return &ImportError{"delivery", o.Delivery, "want 1 to 64 letters, digits, dots, dashes and _, such as the number of the order"}
	}
	ref := machine.PlanRef{Kind: machine.KindSite, Name: o.Site}
	if _, ok := p[ref]; o.Site != "" && !ok && !o.CreateSites {
		return &ImportError{"site", o.Site, "there is no such site" + near(p, ref) + ": add it first: firstlight site set " + o.Site}
	}
	return nil
}

func (w *Write) imported(ctx context.Context, o Import) (*Imported, error) {
	p, err := w.plan()
	if err != nil {
		return nil, err
	}
	all, err := w.tx.Deliveries()
	if err != nil {
		return nil, err
	}
	if err := checkDelivery(p, all, o.Order); err != nil {
		return nil, err
	}
	got := &Imported{Judgement: *delivery.Judge(fleet(w.machines(), p, w.db.Images()), o.Order)}
	if refused := got.Count(delivery.Refused); refused > 0 && !o.Partial || refused == len(got.Verdicts) {
		return got, nil
	}
	created, err := w.addMissing(o, got)
	if err != nil {
		return nil, err
	}
	if err := w.carryOut(ctx, o, got.Verdicts); err != nil {
		return nil, err
	}
	if err := w.extend(all, o, got); err != nil {
		return nil, err
	}
	got.Written = true
	return got, w.Audit(o.Who, "import machines", o.Delivery, "", summary(o, got, created))
}

// addMissing adds the sites and racks that lines which are written rest on.
func (w *Write) addMissing(o Import, got *Imported) (names []string, err error) {
	used := map[machine.PlanRef]bool{}
	for i := range got.Verdicts {
		if v := &got.Verdicts[i]; v.Result != delivery.Refused {
			for _, ref := range v.After.Refers() {
				used[ref] = true
			}
		}
	}
	for _, p := range got.Missing {
		ref := machine.PlanRef{Kind: p.Kind(), Name: p.Key()}
		if !used[ref] {
			continue
		}
		if _, err := w.PutPlan(o.Who, p, -1); err != nil {
			return nil, err
		}
		names = append(names, ref.String())
	}
	return names, nil
}

// carryOut writes the lines that were not refused. Machines that change places
// leave the old ones first.
func (w *Write) carryOut(ctx context.Context, o Import, verdicts []delivery.Verdict) error {
	for i := range verdicts {
		if v := &verdicts[i]; v.Moves() {
			if err := w.vacate(v.Before.ID); err != nil {
				return err
			}
		}
	}
	for i := range verdicts {
		if i%every == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if o.Progress != nil {
				o.Progress(i, len(verdicts))
			}
		}
		if err := w.carry(o, &verdicts[i]); err != nil {
			return fmt.Errorf("line %d: %w", verdicts[i].Line, err)
		}
	}
	if o.Progress != nil {
		o.Progress(len(verdicts), len(verdicts))
	}
	return nil
}

func (w *Write) vacate(id string) error {
	m, err := w.Machine(id)
	if err != nil {
		return err
	}
	if w.own.vacated == nil {
		w.own.vacated = map[string]*machine.Machine{}
	}
	w.own.vacated[id], err = w.tx.Vacate(m)
	return err
}

func (w *Write) carry(o Import, v *delivery.Verdict) error {
	if v.Result != delivery.New && v.Result != delivery.Update {
		return nil
	}
	m := v.After
	switch {
	case o.InUse && m.Status != machine.InUse:
		return w.adopt(m, o.Who, o.Reason, "the list names serial "+m.Serial)
	case v.Result == delivery.New:
		m.CreatedAt = w.now
		return w.Transition(m, Change{
			From: machine.Unknown, To: machine.Expected, Who: o.Who.Name, Why: "delivery", Sentence: ofDelivery(o.Delivery),
			Evidence: machine.Evidence{machine.GuardRealSerial: m.Serial},
		})
	}
	if err := w.put(m); err != nil {
		return err
	}
	fields := make([]string, len(v.Changes))
	for i, c := range v.Changes {
		fields[i] = c.Field
	}
	return w.Event(journal.Event{Machine: m.ID, Source: journal.People, Who: o.Who.Name, Text: "Imported: changed " + strings.Join(fields, ", ")})
}

func ofDelivery(name string) string {
	if name == "" {
		return "on a list"
	}
	return "of delivery " + name
}

// summary is what the audit says of an import.
func summary(o Import, got *Imported, created []string) string {
	parts := []string{fmt.Sprintf("%d new, %d changed, %d unchanged, %d refused",
		got.Count(delivery.New), got.Count(delivery.Update), got.Count(delivery.Unchanged), got.Count(delivery.Refused))}
	if o.InUse {
		parts = append(parts, "adopted in use: "+o.Reason)
	}
	if len(created) > 0 {
		slices.Sort(created)
		parts = append(parts, "added "+strings.Join(created[:min(len(created), 20)], ", "))
	}
	return strings.Join(parts, "; ")
}
