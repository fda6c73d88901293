package serverdb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

func stranger(n int) machine.MAC {
	return machine.MAC{2, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// rows counts what the journal has of one machine, "" for strangers.
func rows(t *testing.T, d *DB, id string) int {
	t.Helper()
	all, err := d.Timeline(t.Context(), id, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// remembered counts the decisions in memory.
func remembered(d *DB) int {
	d.notes.mu.Lock()
	defer d.notes.mu.Unlock()
	return len(d.notes.decisions)
}

func TestStrangersStandInABoundedRing(t *testing.T) {
	d := open(t, file(t))
	for n := range 3 * maxStrangers {
		d.Note(journal.Event{MAC: stranger(n), Source: journal.DHCP, Text: fmt.Sprint(n)})
	}
	all := d.Strangers()
	if len(all) > maxStrangers || len(all) < maxStrangers/2 {
		t.Errorf("%d strangers are kept, want at most %d", len(all), maxStrangers)
	}
	if all[0].Text != fmt.Sprint(3*maxStrangers-1) {
		t.Errorf("the newest is %s", all[0].Text)
	}
}

func TestAFloodDoesNotFillTheDisk(t *testing.T) {
	d := open(t, file(t))
	for n := range maxStrangerRows + 2*maxStrangers {
		d.Note(journal.Event{MAC: stranger(n), Source: journal.DHCP})
		d.Decided(boot.Request{MAC: stranger(n)}, boot.Answer{}, boot.Known{})
		if n%1000 == 0 {
			d.flush()
		}
	}
	d.flush()
	// The flush of the clock may have written and not tidied yet.
	for end := time.Now().Add(20 * time.Second); rows(t, d, "") > maxStrangerRows+maxStrangers; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d rows of strangers stay on disk, want about %d", rows(t, d, ""), maxStrangerRows)
		}
	}
	if got := remembered(d); got != maxStrangerMACs {
		t.Errorf("%d decisions about strangers, want %d", got, maxStrangerMACs)
	}
}

func TestNotesThatDoNotFitAreDroppedNotWaitedFor(t *testing.T) {
	d := open(t, file(t))
	start := gate(t, d)
	for range 3 * maxNotes {
		d.Note(journal.Event{Machine: "m"})
	}
	d.notes.mu.Lock()
	waiting, dropped := len(d.notes.events), d.notes.dropped
	d.notes.mu.Unlock()
	if waiting > maxNotes || dropped == 0 {
		t.Errorf("%d wait, %d were dropped", waiting, dropped)
	}
	start()
}

func TestARepeatedDecisionIsCountedNotRepeated(t *testing.T) {
	path := file(t)
	now := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	d := openAt(t, path, now.Now, accept(""))
	m := arrive(t, d, blank(1), 100)
	d.flush()
	before := rows(t, d, m.ID)
	r := boot.Request{MAC: m.BootMAC(), Stage: boot.StageIPXE}
	decide := func() {
		k := d.Known(r)
		d.Decided(r, boot.Decide(r, k, now.Now()), k)
		now.advance(time.Minute)
	}
	for range 5 {
		decide()
	}
	d.flush()
	if got := rows(t, d, m.ID) - before; got != 1 {
		t.Errorf("five equal decisions made %d rows, want 1", got)
	}
	d.notes.mu.Lock()
	last := d.notes.decisions[m.BootMAC()]
	d.notes.mu.Unlock()
	if last.Count != 5 || last.LastAt.Sub(last.FirstAt) != 4*time.Minute {
		t.Errorf("the decision is %+v, want 5 within 4 minutes", last)
	}
	// Another input, the same answer: a row, because a replay needs it.
	r.Stage = boot.StageFirmware
	decide()
	d.flush()
	if got := rows(t, d, m.ID) - before; got != 2 {
		t.Errorf("another input made %d rows in all, want 2", got)
	}
	// A restart remembers the last one.
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openAt(t, path, now.Now)
	decide()
	d.flush()
	if got := rows(t, d, m.ID) - before; got != 2 {
		t.Errorf("after a restart the same decision made a row again: %d in all", got)
	}
}

func TestRetention(t *testing.T) {
	now := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	d := openAt(t, file(t), now.Now, accept(""))
	m := arrive(t, d, blank(1), 100)
	d.Note(journal.Event{MAC: stranger(1)})
	d.Decided(boot.Request{MAC: stranger(1)}, boot.Answer{}, boot.Known{})
	d.Decided(boot.Request{MAC: m.BootMAC()}, boot.Answer{}, d.Known(boot.Request{MAC: m.BootMAC()}))
	d.flush()
	d.forget()
	if rows(t, d, m.ID) == 0 || rows(t, d, "") == 0 {
		t.Fatal("what is young was forgotten")
	}
	now.advance(d.Retention + time.Second)
	d.forget()
	if got := rows(t, d, m.ID) + rows(t, d, ""); got != 0 {
		t.Errorf("%d rows are older than the retention", got)
	}
	var kept []store.Decision
	if err := d.store.View(t.Context(), func(tx *store.Tx) (err error) { kept, err = tx.Decisions(); return err }); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 1 || kept[0].Machine != m.ID || remembered(d) != 1 {
		t.Errorf("decisions on disk = %+v, want the machine's alone", kept)
	}
	if history, err := d.History(t.Context(), m.ID); err != nil || len(history) != 2 {
		t.Errorf("history = %v, %v; want all of it for ever", history, err)
	}
}

func TestAMachineGetsWhatItsMACDidBefore(t *testing.T) {
	d := open(t, file(t), accept(""))
	mac, _ := machine.ParseMAC(blank(1).Boot.MAC)
	d.Note(journal.Event{MAC: mac, Source: journal.DHCP, Text: "Asked for an address"})
	d.flush()
	if len(d.Strangers()) != 1 {
		t.Fatal("an unknown MAC is no stranger")
	}
	m := arrive(t, d, blank(1), 100)
	events, err := d.Timeline(context.Background(), m.ID, 0, 100)
	if err != nil || events[len(events)-1].Text != "Asked for an address" {
		t.Errorf("the timeline begins with %v, %v", events, err)
	}
	if len(d.Strangers()) != 0 {
		t.Error("a machine is still among the strangers")
	}
}
