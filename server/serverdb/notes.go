package serverdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// What needs not be durable before an answer goes out is gathered here and
// written with the next batch: timeline rows, decisions, what was seen.

const (
	flushEvery      = 50 * time.Millisecond
	maxNotes        = 8192             // waiting; more are counted and dropped
	maxStrangers    = 1024             // events of unknown MACs kept in memory
	maxStrangerRows = 8 * maxStrangers // and on disk
	maxStrangerMACs = 8 * maxStrangers // whose last decision is kept
)

type notes struct {
	mu        sync.Mutex
	events    []journal.Event
	decisions map[machine.MAC]store.Decision // last one of each MAC
	dirty     map[machine.MAC]bool
	observed  map[string]machine.Observed
	booted    map[string]bool // ids of adopted machines whose first boot was seen
	strangers []journal.Event
	dropped   int64
	kept      bool // what was gathered waits for a database that is away
	written   int  // events of strangers since the oldest were forgotten
	flushed   chan struct{}
}

func (n *notes) init() {
	n.decisions, n.dirty = map[machine.MAC]store.Decision{}, map[machine.MAC]bool{}
	n.observed = map[string]machine.Observed{}
	n.flushed = make(chan struct{})
}

func (n *notes) load(all []store.Decision) {
	for _, d := range all {
		n.decisions[d.MAC] = d
	}
}

// Note adds a row to a timeline, soon. An event with a MAC that a machine has
// becomes that machine's.
func (d *DB) Note(e journal.Event) {
	if e.At.IsZero() {
		e.At = d.Now()
	}
	if e.Machine == "" && !e.MAC.IsZero() {
		if m := d.index.mac(e.MAC); m != nil {
			e.Machine = m.ID
		}
	}
	d.notes.mu.Lock()
	defer d.notes.mu.Unlock()
	if len(d.notes.events) >= maxNotes {
		d.notes.dropped++
		return
	}
	d.notes.events = append(d.notes.events, e)
	if e.Machine == "" {
		d.notes.stranger(e)
	}
}

// stranger keeps what strangers do in a bounded ring.
func (n *notes) stranger(e journal.Event) {
	if len(n.strangers) >= maxStrangers {
		n.strangers = append(n.strangers[:0], n.strangers[maxStrangers/4:]...)
	}
	n.strangers = append(n.strangers, e)
}

// Strangers gives what unknown MACs did, newest first.
func (d *DB) Strangers() []journal.Event {
	d.notes.mu.Lock()
	defer d.notes.mu.Unlock()
	var all []journal.Event
	for _, v := range slices.Backward(d.notes.strangers) {
		if d.index.mac(v.MAC) == nil {
			all = append(all, v)
		}
	}
	return all
}

// Decided keeps a boot decision: a row of the timeline when the answer or an
// input differs from the machine's last one, otherwise a count and a time.
func (d *DB) Decided(r boot.Request, a boot.Answer, k boot.Known) {
	now := d.Now()
	in := boot.NewRecord(r, a, k)
	b, err := json.Marshal(in)
	if err != nil {
		d.Log.Error("keep boot decision", "mac", r.MAC, "error", err)
		return
	}
	d.firstBoot(k.Machine, a)
	if k.Machine != nil {
		d.Observe(k.Machine.ID, func(o *machine.Observed) { askedBoot(o, r, a, k, now) })
		d.booted(k.Machine, r.Serial, r.UUID, k.Clash)
	}
	if d.notes.decide(r.MAC, in.Machine, string(b), now) {
		d.Note(DecisionRow(in, string(b), now))
	}
}

// DecisionRow is the row of the timeline for a decision; inputs is the record as
// JSON.
func DecisionRow(rec boot.Record, inputs string, at time.Time) journal.Event {
	r, a := rec.Request, rec.Answer
	text := fmt.Sprintf("Decided %s: %s", wording(a), a.Why)
	if besides := boot.Besides(r, a); besides != "" {
		text += "; " + besides
	}
	return journal.Event{
		MAC: r.MAC, Machine: rec.Machine, Source: journal.Boot, At: at,
		Text:    text,
		Details: map[string]string{journal.DetailInputs: inputs, "stage": asked(r), "target": string(a.Target)},
	}
}

// asked says in what stage of its boot a machine asked.
func asked(r boot.Request) string {
	if r.Script {
		return "script"
	}
	return string(r.Stage)
}

// sameBoot is the time within which a boot asks again: DHCP and script by iPXE
// follow within seconds, and so does a script that says wait.
const sameBoot = time.Minute

// askedBoot notes a boot request: when, what for, how often since the machine
// got on, and whether the loader that its firmware was offered was fetched.
func askedBoot(o *machine.Observed, r boot.Request, a boot.Answer, k boot.Known, now time.Time) {
	script := r.Stage == boot.StageIPXE
	if from := beginning(k); o.BootsFrom.Before(from) {
		o.Boots, o.BootsFrom = 0, from
	}
	if script && (o.BootStage != string(boot.StageIPXE) || now.Sub(o.BootAt) >= sameBoot || o.Boots == 0) {
		o.Boots++
	}
	switch {
	case script || a.Target != boot.Agent:
		o.LoaderFrom = time.Time{}
	case o.LoaderFrom.IsZero():
		o.LoaderFrom = now
	}
	o.BootAt, o.BootAnswer, o.BootStage = now, string(a.Target), string(r.Stage)
}

// beginning is when a machine last got on: into its status, or into the step
// of its job.
func beginning(k boot.Known) time.Time {
	if k.Job != nil && k.Job.Current() != nil && k.Job.Current().StartedAt.After(k.Machine.Since) {
		return k.Job.Current().StartedAt
	}
	return k.Machine.Since
}

func wording(a boot.Answer) string {
	switch a.Target {
	case boot.Disk:
		return "own disk"
	case boot.Agent:
		return "agent, " + string(a.Mode)
	case boot.Wait:
		return "wait"
	default:
		return "no answer"
	}
}

// decide tells whether the decision differs from the last one of its MAC.
func (n *notes) decide(mac machine.MAC, id, record string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	last, ok := n.decisions[mac]
	if !ok && id == "" && len(n.decisions) >= maxStrangerMACs {
		return false // a flood of made-up MACs must not fill the disk
	}
	n.dirty[mac] = true
	if ok && last.Record == record {
		last.Count++
		last.LastAt = now
		n.decisions[mac] = last
		return false
	}
	n.decisions[mac] = store.Decision{MAC: mac, Machine: id, Record: record, FirstAt: now, LastAt: now, Count: 1}
	return true
}

// Observe changes what was last seen of a machine. It shows at once and is
// written with the next batch.
func (d *DB) Observe(id string, change func(*machine.Observed)) {
	m := d.index.observe(id, change)
	if m == nil {
		return
	}
	d.notes.mu.Lock()
	d.notes.observed[id] = m.Observed
	d.notes.mu.Unlock()
	d.hub.Publish(journal.Signal{Machine: id})
}

// flushNotes writes what was gathered, until Close.
func (d *DB) flushNotes() {
	defer close(d.notes.flushed)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	forget := time.NewTicker(time.Hour)
	defer forget.Stop()
	for {
		select {
		case <-tick.C:
			d.flush()
		case <-forget.C:
			d.forget()
			d.forgetAudit()
		case <-d.stop:
			d.flush()
			return
		}
	}
}

func (d *DB) flush() {
	n := &d.notes
	n.mu.Lock()
	events, observed := n.events, n.observed
	var decisions []store.Decision
	for mac := range n.dirty {
		if last, ok := n.decisions[mac]; ok {
			decisions = append(decisions, last)
		}
	}
	booted := n.booted
	n.events, n.observed, n.dirty, n.booted = nil, map[string]machine.Observed{}, map[machine.MAC]bool{}, nil
	n.mu.Unlock()
	if len(events)+len(observed)+len(decisions) == 0 {
		return // a boot that was seen is always observed, too
	}
	err := d.Do(context.Background(), func(w *Write) error { return w.notes(events, observed, decisions) })
	if away(err) {
		if n.putBack(events, observed, decisions, booted) {
			d.Log.Error("write notes: they wait", "events", len(events), "error", err)
		}
		return
	}
	if err != nil {
		d.Log.Error("write notes", "events", len(events), "error", err)
	}
	n.mu.Lock()
	n.kept = false
	n.mu.Unlock()
	d.unlock(booted)
	d.keepStrangers(events)
}

// putBack keeps what could not be written for the next time, as far as there is
// room. It tells whether this is news.
func (n *notes) putBack(events []journal.Event, observed map[string]machine.Observed, decisions []store.Decision, booted map[string]bool) (news bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(events, n.events...)
	if over := len(n.events) - maxNotes; over > 0 {
		n.events, n.dropped = n.events[:maxNotes], n.dropped+int64(over)
	}
	for id, o := range observed {
		if _, newer := n.observed[id]; !newer {
			n.observed[id] = o
		}
	}
	for _, d := range decisions {
		n.dirty[d.MAC] = true
	}
	if booted != nil {
		maps.Copy(booted, n.booted)
		n.booted = booted
	}
	news, n.kept = !n.kept, true
	return news
}

// keepStrangers bounds what a flood of made-up MACs can write.
func (d *DB) keepStrangers(events []journal.Event) {
	if !d.notes.full(events) {
		return
	}
	if err := d.Do(context.Background(), func(w *Write) error { return w.tx.KeepStrangers(maxStrangerRows) }); err != nil {
		d.Log.Error("forget strangers", "error", err)
	}
}

// full tells whether so many events of strangers were written that the oldest
// are to be forgotten.
func (n *notes) full(events []journal.Event) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range events {
		if e.Machine == "" {
			n.written++
		}
	}
	if n.written < maxStrangers {
		return false
	}
	n.written = 0
	return true
}

func (w *Write) notes(events []journal.Event, observed map[string]machine.Observed, decisions []store.Decision) error {
	if err := w.Events(events); err != nil {
		return err
	}
	for id, o := range observed {
		if err := w.tx.PutObserved(id, o); err != nil {
			return err
		}
	}
	for _, dec := range decisions {
		if err := w.tx.PutDecision(dec); err != nil {
			return err
		}
	}
	return nil
}

// forget drops what is older than the retention: the journal's rows and the
// decisions about strangers, which makes room for others; and replies that
// nobody asks for any more. History stays.
func (d *DB) forget() {
	before := d.Now().Add(-d.Retention)
	err := d.Do(context.Background(), func(w *Write) error {
		return errors.Join(w.tx.DropEvents(before), w.tx.DropDecisions(before), w.tx.DropReplies(d.Now().Add(-ReplyLife)))
	})
	if err != nil {
		d.Log.Error("forget old journal", "error", err)
		return
	}
	d.notes.mu.Lock()
	defer d.notes.mu.Unlock()
	maps.DeleteFunc(d.notes.decisions, func(_ machine.MAC, last store.Decision) bool {
		return last.Machine == "" && last.LastAt.Before(before)
	})
}

func (d *DB) forgetAudit() {
	if d.AuditRetention == 0 {
		return
	}
	if err := d.ForgetAudit(context.Background(), d.Now().Add(-d.AuditRetention)); err != nil {
		d.Log.Error("forget old audit", "error", err)
	}
}
