package serverdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// What a boot token was redeemed by is kept by MAC, because a machine has no
// record before its agent reports: the last enrolment of each, which has every
// earlier token of the MAC used up. It is read with every call of an agent and
// written with each boot.

// metaEnrolment is what the keys of enrolments begin with.
const metaEnrolment = "enrolment "

const (
	// enrolmentLife is that of a session: after it nobody can speak for the boot.
	enrolmentLife = 30 * 24 * time.Hour
	// maxEnrolled bounds what interfaces of no machine can make us keep.
	maxEnrolled = 1 << 16
)

// errCrowded means that too many interfaces that nobody knows enrolled.
type errCrowded struct{}

func (errCrowded) Error() string {
	return "too many interfaces that belong to no machine boot: ask again, or let the subnet ignore such machines"
}

// Crowded tells it from other errors.
func (errCrowded) Crowded() bool { return true }

type enrolled struct {
	mu        sync.RWMutex
	by        map[machine.MAC]trust.Enrolment
	strangers map[machine.MAC]time.Time // those of no machine, as far as is known
	drop      []string                  // keys of what is over, for the next write
}

func (d *DB) loadEnrolments(kept map[string]string) error {
	e := &d.enrolled
	e.by, e.strangers = make(map[machine.MAC]trust.Enrolment, len(kept)), map[machine.MAC]time.Time{}
	for key, text := range kept {
		mac, err := machine.ParseMAC(strings.TrimPrefix(key, metaEnrolment))
		var one trust.Enrolment
		if err = errors.Join(err, json.Unmarshal([]byte(text), &one)); err != nil {
			return fmt.Errorf("read %s: %w", key, err)
		}
		if d.Now().Sub(one.At) > enrolmentLife {
			e.drop = append(e.drop, key)
			continue
		}
		e.by[mac] = one
		if d.index.mac(mac) == nil {
			e.strangers[mac] = one.At
		}
	}
	return nil
}

// Enrolment gives the last enrolment of a MAC.
func (d *DB) Enrolment(mac machine.MAC) (trust.Enrolment, bool) {
	d.enrolled.mu.RLock()
	defer d.enrolled.mu.RUnlock()
	e, ok := d.enrolled.by[mac]
	return e, ok
}

// Enrol has decide look at the last enrolment of a MAC, nil for none, and keeps
// what it makes of it, on disk before it returns. Two that come at the same
// moment are decided one after the other. The text is a row of the timeline.
func (d *DB) Enrol(ctx context.Context, mac machine.MAC, decide func(have *trust.Enrolment) (next trust.Enrolment, text string, keep bool)) error {
	return d.Do(ctx, func(w *Write) error {
		key := metaEnrolment + mac.String()
		have, err := w.enrolment(key)
		if err != nil {
			return err
		}
		next, text, keep := decide(have)
		if !keep {
			return nil
		}
		if have == nil && !d.enrolled.room(d, mac) {
			return errCrowded{}
		}
		if err := w.putEnrolment(key, next); err != nil {
			return err
		}
		w.After(func() { d.enrolled.put(mac, next) })
		if text != "" {
			d.Note(journal.Event{MAC: mac, Source: journal.Agent, Text: text})
		}
		return nil
	})
}

// enrolment reads one as this write sees it.
func (w *Write) enrolment(key string) (*trust.Enrolment, error) {
	text, err := w.tx.Meta(key)
	if err != nil || text == "" {
		return nil, err
	}
	var e trust.Enrolment
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return &e, nil
}

func (w *Write) putEnrolment(key string, e trust.Enrolment) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	for _, old := range w.db.enrolled.over() {
		if err := w.tx.DropMeta(old); err != nil {
			return err
		}
	}
	return w.tx.PutMeta(key, string(text))
}

func (e *enrolled) put(mac machine.MAC, one trust.Enrolment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.by[mac] = one
}

// room tells whether one more may be kept. Strangers whose token is over make
// room: it cannot be redeemed any more.
func (e *enrolled) room(d *DB, mac machine.MAC) bool {
	if d.index.mac(mac) != nil {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.strangers) >= maxEnrolled {
		for other, at := range e.strangers {
			known := d.index.mac(other) != nil
			if known || d.Now().Sub(at) > trust.TokenLife {
				delete(e.strangers, other)
			}
			if !known && d.Now().Sub(at) > trust.TokenLife {
				delete(e.by, other)
				e.drop = append(e.drop, metaEnrolment+other.String())
			}
		}
	}
	if len(e.strangers) >= maxEnrolled {
		return false
	}
	e.strangers[mac] = d.Now()
	return true
}

// over gives the keys that may be dropped, once.
func (e *enrolled) over() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.drop
	e.drop = nil
	return all
}
