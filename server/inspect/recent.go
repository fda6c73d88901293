package inspect

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"firstlight/server/diagnosis"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

const (
	// rowsAtOnce is how many rows of the journal are read in one go.
	rowsAtOnce = 1000
	// rowsAtStart is how far back a start reads, in rows of all machines.
	rowsAtStart = 20000
	// rowsOfOne and rowsOfAll bound what is kept: a machine that boots over and
	// over shows in its last rows.
	rowsOfOne = 60
	rowsOfAll = 60000
)

// recent are the rows of boots that are not over, by machine id or, where no
// machine has it, MAC.
type recent struct {
	mu    sync.Mutex
	read  int64 // id of the last row
	begun bool
	rows  map[string][]journal.Event
	kept  int
}

// follow reads what the journal has new. Rows are never missed, whatever the
// hub dropped.
func (i *Inspector) follow(ctx context.Context) error {
	r := &i.recent
	if !r.begun {
		newest, err := i.DB.NewestEvent(ctx)
		if err != nil {
			return err
		}
		r.read, r.begun = max(0, newest-rowsAtStart), true
	}
	for {
		rows, err := i.DB.Follow(ctx, r.read, rowsAtOnce)
		if err != nil {
			return err
		}
		r.take(rows, i.Now())
		if len(rows) < rowsAtOnce {
			return nil
		}
	}
}

func (r *recent) take(rows []journal.Event, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rows == nil {
		r.rows = map[string][]journal.Event{}
	}
	for _, e := range rows {
		r.read = e.ID
		if tells(&e) && now.Sub(e.At) < diagnosis.Memory {
			r.put(e)
		}
	}
	if r.kept > rowsOfAll {
		r.forget()
	}
}

// tells whether a row says something of a boot.
func tells(e *journal.Event) bool {
	switch e.Source {
	case journal.DHCP, journal.Files, journal.Boot, journal.Agent, journal.BMC, journal.System:
		return true
	case journal.Status, journal.Job:
		return !strings.HasPrefix(e.Text, "Issue ")
	default:
		return false
	}
}

func (r *recent) put(e journal.Event) {
	of := e.Machine
	if of == "" {
		of = e.MAC.String()
	}
	for _, large := range []string{journal.DetailInputs, journal.DetailOutput} {
		if _, has := e.Details[large]; has {
			e.Details = maps.Clone(e.Details)
			delete(e.Details, large)
		}
	}
	all := append(r.rows[of], e)
	if e.Source == journal.Agent && e.Details["boot"] != "" { // it came through
		all = all[len(all)-1:]
	}
	if over := len(all) - rowsOfOne; over > 0 {
		all = all[over:]
	}
	r.kept += len(all) - len(r.rows[of])
	r.rows[of] = slices.Clone(all)
}

// forget drops half of those that were silent longest.
func (r *recent) forget() {
	last := func(of string) time.Time { all := r.rows[of]; return all[len(all)-1].At }
	order := slices.SortedFunc(maps.Keys(r.rows), func(a, b string) int { return last(a).Compare(last(b)) })
	for _, of := range order[:(len(order)+1)/2] {
		r.kept -= len(r.rows[of])
		delete(r.rows, of)
	}
}

// of gives the rows of a machine, those of its MACs from before it was known
// among them; nil: there are none.
func (r *recent) of(m *machine.Machine) []journal.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.rows[m.ID]
	for _, n := range m.NICs {
		if rows := r.rows[n.MAC.String()]; len(rows) > 0 {
			all = append(slices.Clone(rows), all...)
		}
	}
	return all
}

// strangers gives the MACs that have rows and no machine.
func (r *recent) strangers(known func(machine.MAC) bool) map[machine.MAC][]journal.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[machine.MAC][]journal.Event{}
	for of, rows := range r.rows {
		if mac, err := machine.ParseMAC(of); err == nil && !known(mac) {
			all[mac] = rows
		}
	}
	return all
}

// diagnose says what is wrong by some rows; m is nil where nobody knows the
// machine.
func (i *Inspector) diagnose(m *machine.Machine, rows []journal.Event, now time.Time) []diagnosis.Diagnosis {
	if len(rows) == 0 {
		return nil
	}
	in := &diagnosis.Input{Now: now, Events: rows, Machine: m, Servers: machine.ServersOn(i.Others(), subnetOf(rows))}
	if m != nil && i.Usual != nil {
		in.Usual = func(stage string) time.Duration { return i.Usual(m.Product, m.ID, stage) }
	}
	return diagnosis.Of(in)
}

// subnetOf is the last that rows name.
func subnetOf(rows []journal.Event) string {
	for _, e := range slices.Backward(rows) {
		if s := e.Details["subnet"]; s != "" {
			return s
		}
	}
	return ""
}
