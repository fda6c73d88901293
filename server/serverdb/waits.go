package serverdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// waitKept is how long a wait that is over is remembered, for answers that come
// again.
const waitKept = 24 * time.Hour

// waits are those in memory, with those that are over. The values are immutable.
type waits struct {
	mu        sync.RWMutex
	byID      map[string]*machine.Wait
	byMachine map[string][]*machine.Wait
}

func (x *waits) load(all []*machine.Wait) {
	x.byID, x.byMachine = map[string]*machine.Wait{}, map[string][]*machine.Wait{}
	for _, n := range all {
		x.put(n)
	}
}

// put brings a committed wait to memory. A machine has one at each gate.
func (x *waits) put(n *machine.Wait) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(n.Machine, n.Gate)
	x.byID[n.ID] = n
	x.byMachine[n.Machine] = append(slices.Clone(x.byMachine[n.Machine]), n)
	slices.SortFunc(x.byMachine[n.Machine], longer)
}

func (x *waits) drop(machineID, gate string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(machineID, gate)
}

// remove takes one out; the caller holds the lock.
func (x *waits) remove(machineID, gate string) {
	kept := slices.DeleteFunc(slices.Clone(x.byMachine[machineID]), func(n *machine.Wait) bool {
		if n.Gate == gate {
			delete(x.byID, n.ID)
		}
		return n.Gate == gate
	})
	if x.byMachine[machineID] = kept; len(kept) == 0 {
		delete(x.byMachine, machineID)
	}
}

func longer(a, b *machine.Wait) int {
	return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Machine, b.Machine), cmp.Compare(a.Gate, b.Gate))
}

// Waits gives those of all machines that are before a gate, the oldest first.
func (d *DB) Waits() (all []*machine.Wait) {
	d.waits.mu.RLock()
	defer d.waits.mu.RUnlock()
	for _, n := range d.waits.byID {
		if n.State() != machine.WaitOver {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, longer)
	return all
}

// WaitsOf gives what a machine waits for, the oldest first.
func (d *DB) WaitsOf(machineID string) (all []*machine.Wait) {
	d.waits.mu.RLock()
	defer d.waits.mu.RUnlock()
	for _, n := range d.waits.byMachine[machineID] {
		if n.State() != machine.WaitOver {
			all = append(all, n)
		}
	}
	return all
}

// Wait finds one, for a day also when it is over.
func (d *DB) Wait(id string) (*machine.Wait, error) {
	d.waits.mu.RLock()
	defer d.waits.mu.RUnlock()
	if n := d.waits.byID[id]; n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("wait %.64q: %w", id, machine.ErrNotFound)
}

// WaitingError refuses a change of status before a gate that is closed.
type WaitingError struct {
	Name string
	To   machine.Status
	Gate string
}

func (e *WaitingError) Error() string {
	return fmt.Sprintf("machine %s cannot become %s: it waits before gate %s", e.Name, e.To.Human(), e.Gate)
}

// turnstile is a gate that a machine must pass, with its wait there; nil: none
// has begun.
type turnstile struct {
	gate *machine.Gate
	wait *machine.Wait
}

func (s turnstile) closed() bool { return s.wait == nil || s.wait.State() != machine.WaitOpen }

// turnstiles are the gates that hold a machine in a change of status.
func turnstiles(gates []*machine.Gate, m *machine.Machine, from, to machine.Status, waits []*machine.Wait) (all []turnstile) {
	for _, g := range gates {
		if !g.Holds(m, from, to) {
			continue
		}
		s := turnstile{gate: g}
		for _, n := range waits {
			if n.Gate == g.Name && n.From == from && n.To == to && n.State() != machine.WaitOver {
				s.wait = n
			}
		}
		all = append(all, s)
	}
	return all
}

// gates are those of the plan for a change of status.
func (d *DB) gates(from, to machine.Status) (all []*machine.Gate) {
	if !slices.Contains(machine.Gated(), [2]machine.Status{from, to}) {
		return nil
	}
	for _, row := range d.Plan(machine.KindGate) {
		if g, ok := row.Item.(*machine.Gate); ok && g.From == from && g.To == to {
			all = append(all, g)
		}
	}
	return all
}

// turnstiles are those of m, which is as it would be after the change.
func (w *Write) turnstiles(m *machine.Machine, from, to machine.Status) ([]turnstile, error) {
	gates := w.db.gates(from, to)
	if len(gates) == 0 {
		return nil, nil
	}
	full, err := w.full(m)
	if err != nil {
		return nil, err
	}
	full.Status = from
	have, err := w.tx.WaitsOf(m.ID)
	return turnstiles(gates, full, from, to, have), err
}

// pass refuses a change of status while a gate is closed, and notes those that
// were passed as history keeps them.
func (w *Write) pass(m *machine.Machine, from, to machine.Status) (notes []string, err error) {
	all, err := w.turnstiles(m, from, to)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.closed() {
			return nil, &WaitingError{m.Name, to, s.gate.Name}
		}
		notes = append(notes, fmt.Sprintf("passed:gate %s (%s)", s.gate.Name, opener(s.wait)))
	}
	return notes, nil
}

func opener(n *machine.Wait) string {
	if n.Why != "" {
		return n.OpenedBy + ": " + n.Why
	}
	return n.OpenedBy
}

// await lets a machine wait before the gates of a change of status, and gives
// those that are closed. m is as it would be after the change.
func (w *Write) await(m *machine.Machine, from, to machine.Status) (closed []*machine.Wait, err error) {
	all, err := w.turnstiles(m, from, to)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if !s.closed() {
			continue
		}
		if s.wait == nil {
			if s.wait, err = w.begin(m, s.gate); err != nil {
				return nil, err
			}
		}
		closed = append(closed, s.wait)
	}
	return closed, nil
}

func (w *Write) begin(m *machine.Machine, g *machine.Gate) (*machine.Wait, error) {
	n := &machine.Wait{
		ID: uuid.Must(uuid.NewV7()).String(), Machine: m.ID, Gate: g.Name, Title: g.Title, From: g.From, To: g.To,
		Since: w.now, Deadline: w.now.Add(g.Deadline),
	}
	if err := w.putWait(n); err != nil {
		return nil, err
	}
	return n, w.Event(journal.Event{
		Machine: m.ID, Source: journal.Status, Who: "gate " + g.Name, Text: "Waits for: " + n.Text(w.now),
		Details: map[string]string{"gate": g.Name, "wait": n.ID, "deadline": spell(n.Deadline), "change": g.From.Human() + " → " + g.To.Human()},
	})
}

func (w *Write) putWait(n *machine.Wait) error {
	if err := w.tx.PutWait(n); err != nil {
		return err
	}
	w.own.after = append(w.own.after, func() { w.db.waits.put(n) })
	w.own.touched = append(w.own.touched, n.Machine)
	return nil
}

// leave ends the waits of a machine that changes its status.
func (w *Write) leave(m *machine.Machine) error {
	if !slices.ContainsFunc(machine.Gated(), func(g [2]machine.Status) bool { return g[0] == m.Status }) {
		return nil
	}
	all, err := w.tx.WaitsOf(m.ID)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.State() == machine.WaitOver {
			continue
		}
		next := *n
		next.EndedAt = w.now
		err = errors.Join(err, w.putWait(&next))
	}
	return err
}

// forgetWaits drops the waits of a machine: after a restore nobody outside knows
// of them any more.
func (w *Write) forgetWaits(machineID string) error {
	all, err := w.tx.WaitsOf(machineID)
	for _, n := range all {
		err = errors.Join(err, w.dropWait(n))
	}
	return err
}

func (w *Write) dropWait(n *machine.Wait) error {
	w.own.after = append(w.own.after, func() { w.db.waits.drop(n.Machine, n.Gate) })
	w.own.touched = append(w.own.touched, n.Machine)
	return w.tx.DropWait(n.Machine, n.Gate)
}

// SweepWaits forgets waits that are over for long.
func (d *DB) SweepWaits(ctx context.Context) error {
	d.waits.mu.RLock()
	var old []*machine.Wait
	for _, n := range d.waits.byID {
		if !n.EndedAt.IsZero() && d.Now().Sub(n.EndedAt) > waitKept {
			old = append(old, n)
		}
	}
	d.waits.mu.RUnlock()
	if len(old) == 0 {
		return nil
	}
	return d.Do(ctx, func(w *Write) (err error) {
		for _, n := range old {
			if now, _ := w.wait(n.ID); now != nil && now.State() == machine.WaitOver {
				err = errors.Join(err, w.dropWait(now))
			}
		}
		return err
	})
}

func (w *Write) wait(id string) (*machine.Wait, error) {
	n, err := w.db.Wait(id)
	if err != nil {
		return nil, err
	}
	all, err := w.tx.WaitsOf(n.Machine)
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.ID == id {
			return n, nil
		}
	}
	return nil, fmt.Errorf("wait %s: %w", id, machine.ErrNotFound)
}
