package serverdb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// issues are the open ones in memory. The values are immutable.
type issues struct {
	mu        sync.RWMutex
	open      map[machine.IssueRef]*machine.Issue
	byMachine map[string][]*machine.Issue // the oldest first
	ordered   []*machine.Issue            // the oldest first; nil after a change
}

func (x *issues) load(all []*machine.Issue) {
	x.open, x.byMachine = map[machine.IssueRef]*machine.Issue{}, map[string][]*machine.Issue{}
	for _, i := range all {
		x.put(i)
	}
}

// put brings a committed issue to memory.
func (x *issues) put(i *machine.Issue) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(i.Ref())
	x.open[i.Ref()] = i
	if i.Machine != "" {
		x.byMachine[i.Machine] = append(slices.Clone(x.byMachine[i.Machine]), i)
		slices.SortFunc(x.byMachine[i.Machine], older)
	}
}

func (x *issues) drop(ref machine.IssueRef) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(ref)
}

// remove takes one out; the caller holds the lock.
func (x *issues) remove(ref machine.IssueRef) {
	x.ordered = nil
	old := x.open[ref]
	if old == nil {
		return
	}
	delete(x.open, ref)
	rest := slices.DeleteFunc(slices.Clone(x.byMachine[old.Machine]), func(i *machine.Issue) bool { return i == old })
	if x.byMachine[old.Machine] = rest; len(rest) == 0 {
		delete(x.byMachine, old.Machine)
	}
}

func older(a, b *machine.Issue) int {
	return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Kind, b.Kind))
}

// Issues gives all that are open, the oldest first. It never fails.
func (d *DB) Issues() []*machine.Issue {
	x := &d.issues
	x.mu.RLock()
	all := x.ordered
	x.mu.RUnlock()
	if all != nil {
		return all
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ordered = slices.SortedFunc(maps.Values(x.open), older)
	return x.ordered
}

// IssuesOf gives those of a machine, the oldest first.
func (d *DB) IssuesOf(machineID string) []*machine.Issue {
	d.issues.mu.RLock()
	defer d.issues.mu.RUnlock()
	return d.issues.byMachine[machineID]
}

// Issue finds an open one.
func (d *DB) Issue(ref machine.IssueRef) (*machine.Issue, error) {
	d.issues.mu.RLock()
	defer d.issues.mu.RUnlock()
	if i := d.issues.open[ref]; i != nil {
		return i, nil
	}
	return nil, fmt.Errorf("issue %s of %q: %w", ref.Kind, ref.Subject, machine.ErrNotFound)
}

// SetIssues opens issues, renews what open ones say, and closes others. One
// that was open keeps its beginning and who took it.
func (d *DB) SetIssues(ctx context.Context, open []*machine.Issue, closed []machine.IssueRef) error {
	return d.Do(ctx, func(w *Write) error {
		for _, i := range open {
			if err := w.openIssue(i); err != nil {
				return err
			}
		}
		for _, ref := range closed {
			if err := w.closeIssue(ref); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Write) openIssue(i *machine.Issue) error {
	old, err := w.tx.Issue(i.Ref())
	if err != nil {
		return err
	}
	next := i.Clone()
	if next.Since.IsZero() {
		next.Since = w.now
	}
	if old != nil {
		next.Since, next.Taken, next.TakenAt = old.Since, old.Taken, old.TakenAt
		if reflect.DeepEqual(old, next) {
			return nil
		}
	}
	if err := w.putIssue(next); err != nil || old != nil {
		return err
	}
	details := maps.Clone(next.Evidence)
	if details == nil {
		details = map[string]string{}
	}
	details["issue"] = string(next.Kind)
	return w.Event(journal.Event{Machine: next.Machine, Source: journal.Status, Text: "Issue opened: " + next.Sentence, Details: details})
}

func (w *Write) putIssue(i *machine.Issue) error {
	if err := w.tx.PutIssue(i); err != nil {
		return err
	}
	w.own.after = append(w.own.after, func() { w.db.issues.put(i) })
	w.own.touched = append(w.own.touched, i.Machine)
	return nil
}

// Issue finds an open one as it stands within the write.
func (w *Write) Issue(ref machine.IssueRef) (*machine.Issue, error) {
	i, err := w.tx.Issue(ref)
	if err == nil && i == nil {
		err = fmt.Errorf("issue %s of %q: %w", ref.Kind, ref.Subject, machine.ErrNotFound)
	}
	return i, err
}

func (w *Write) closeIssue(ref machine.IssueRef) error {
	old, err := w.tx.Issue(ref)
	if err != nil || old == nil {
		return err
	}
	if err := w.tx.DropIssue(ref.Subject, ref.Kind); err != nil {
		return err
	}
	w.own.after = append(w.own.after, func() { w.db.issues.drop(ref) })
	return w.Event(journal.Event{
		Machine: old.Machine, Source: journal.Status, Text: "Issue closed: " + string(old.Kind),
		Details: map[string]string{"issue": string(old.Kind), "was": old.Sentence, "since": old.Since.UTC().Format("2006-01-02 15:04:05")},
	})
}

// OthersError tells that somebody else has an issue.
type OthersError struct{ Issue *machine.Issue }

func (e *OthersError) Error() string {
	return fmt.Sprintf("%s has the issue %s of %s since %s", e.Issue.Taken, e.Issue.Kind, e.Issue.Name, e.Issue.TakenAt.UTC().Format("2006-01-02 15:04 UTC"))
}

// TakeIssue notes that somebody has an issue, so that no other goes after it.
// One that another has is a *OthersError, unless it is taken over.
func (d *DB) TakeIssue(ctx context.Context, who Actor, ref machine.IssueRef, over bool) error {
	return d.Do(ctx, func(w *Write) error {
		i, err := w.Issue(ref)
		if err != nil || i.Taken == who.Name {
			return err
		}
		if i.Taken != "" && !over {
			return &OthersError{i}
		}
		return w.taking(who, i, who.Name)
	})
}

// DropIssue gives an issue back that somebody took.
func (d *DB) DropIssue(ctx context.Context, who Actor, ref machine.IssueRef, over bool) error {
	return d.Do(ctx, func(w *Write) error {
		i, err := w.Issue(ref)
		if err != nil || i.Taken == "" {
			return err
		}
		if i.Taken != who.Name && !over {
			return &OthersError{i}
		}
		return w.taking(who, i, "")
	})
}

// taking writes who has an issue, with its row in the timeline and its audit.
func (w *Write) taking(who Actor, i *machine.Issue, by string) error {
	before := i.Taken
	next := i.Clone()
	if next.Taken, next.TakenAt = by, w.now; by == "" {
		next.TakenAt = time.Time{}
	}
	if err := w.putIssue(next); err != nil {
		return err
	}
	action, text := "take issue", fmt.Sprintf("%s has this: %s", by, i.Kind)
	switch {
	case by == "":
		action, text = "drop issue", fmt.Sprintf("%s does not have this any more: %s", before, i.Kind)
	case before != "":
		text = fmt.Sprintf("%s took this over from %s: %s", by, before, i.Kind)
	}
	if err := w.Event(journal.Event{Machine: i.Machine, Source: journal.People, Who: who.Name, Text: text}); err != nil {
		return err
	}
	return w.Audit(who, action, i.Name+" "+string(i.Kind), before, by)
}
