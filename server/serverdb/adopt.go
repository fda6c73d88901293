package serverdb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"sync"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// adopt takes a machine over that is in use already, as it is: nothing is
// installed nor wiped, its disks are its owner's, and automation keeps away at
// least until its first boot is seen.
func (w *Write) adopt(m *machine.Machine, who Actor, reason, how string) error {
	if m.Status == machine.Unknown {
		m.CreatedAt = w.now
	}
	return w.Transition(m, Change{
		From: m.Status, To: machine.InUse, Who: who.Name, Why: "adopted", Sentence: reason,
		Evidence: machine.Evidence{
			machine.GuardIdentity: how, machine.GuardRealSerial: m.Serial, machine.GuardConfirmed: who.Name + ": " + reason,
		},
		Apply: func(m *machine.Machine) {
			m.Owned = true
			m.Flags.Locked, m.Flags.UntilBoot = true, true
			m.Flags.LockNote = fmt.Sprintf("adopted by %s (%s): locked until its first boot is seen", who.Name, reason)
		},
	})
}

// Adopt takes over the machine that a report from its own system describes. A
// machine that is in use already keeps its status: its facts are renewed.
func (d *DB) Adopt(ctx context.Context, who Actor, r *report.Report, reason string) (got *machine.Machine, err error) {
	err = d.Do(ctx, func(w *Write) error {
		got, err = w.adoptReport(r, who, reason)
		return err
	})
	var taken *TakenError
	if errors.Is(err, store.ErrTaken) && !errors.As(err, &taken) {
		return nil, &ClashError{Sentence: fmt.Sprintf("a name, MAC or address of it belongs to another machine: %v", err)}
	}
	return got, err
}

func (w *Write) adoptReport(r *report.Report, who Actor, reason string) (*machine.Machine, error) {
	id := discovery.Of(r)
	if id.Serial == "" {
		return nil, &ImportError{"report.system.serial", r.System.Serial, "is a placeholder that several machines have, so that this one cannot be told apart: set the real one in its firmware"}
	}
	res := discovery.Resolve(id, w.candidates(id))
	if res.Clash != "" {
		return nil, &ClashError{"this machine cannot be told apart: " + res.Clash, res.Between}
	}
	m, how := res.Machine, "recognised by "+strings.Join(res.Marks, " and ")
	if m == nil {
		m, how = w.stranger(r, id), "a new machine: nothing in ServerDb shares a mark with it"
	}
	was := m.Status
	m = m.Clone()
	w.learnInUse(m, r)
	facts := m.Facts
	var err error
	switch was {
	case machine.InUse:
		err = w.put(m)
	case machine.Unknown, machine.Expected:
		err = w.adopt(m, who, reason, how)
	default:
		err = &machine.IllegalError{Name: m.Name, From: was, To: machine.InUse}
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.tx.PutFacts(m.ID, facts), w.Event(w.reported(m, facts, r))); err != nil {
		return nil, err
	}
	if err := w.Audit(who, "adopt machine", m.Name, was.Human(), machine.InUse.Human()+": "+reason); err != nil {
		return nil, err
	}
	return w.Machine(m.ID)
}

var hostLabel = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) })

// learnInUse keeps the facts of a machine that serves: its addresses in our
// subnets stay its own, so that nobody else is given them, and so does its
// host name.
func (w *Write) learnInUse(m *machine.Machine, r *report.Report) {
	w.learn(m, r, netip.Addr{}, &machine.Subnet{})
	for i := range m.NICs {
		n := &m.NICs[i]
		for _, seen := range r.NICs {
			if mac, err := machine.ParseMAC(seen.MAC); err != nil || mac != n.MAC || n.Address.IsValid() {
				continue
			}
			n.Address, m.Site = w.ours(seen.Addresses, m.Site)
		}
	}
	host, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(r.OS.Hostname)), ".")
	if m.Hostname == "" && hostLabel().MatchString(host) && host != "localhost" {
		m.Hostname = host
	}
}

// ours is the first address that is in a subnet of ours, and the site.
func (w *Write) ours(addresses []string, site string) (netip.Addr, string) {
	for _, text := range addresses {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			continue
		}
		if s, ok := w.db.SubnetFor(p.Addr()); ok {
			if site == "" {
				site = s.Site
			}
			return p.Addr(), site
		}
	}
	return netip.Addr{}, site
}

// firstBoot remembers an adopted machine that booted its own disk: its lock
// ends with the next batch.
func (d *DB) firstBoot(m *machine.Machine, a boot.Answer) {
	if m == nil || !m.Flags.UntilBoot || a.Target != boot.Disk {
		return
	}
	d.notes.mu.Lock()
	defer d.notes.mu.Unlock()
	if d.notes.booted == nil {
		d.notes.booted = map[string]bool{}
	}
	d.notes.booted[m.ID] = true
}

// unlock ends the locks of adopted machines whose boot was seen. A lock that
// stays because the disk does not answer ends with the next boot.
func (d *DB) unlock(booted map[string]bool) {
	if len(booted) == 0 {
		return
	}
	if err := d.Do(context.Background(), func(w *Write) error { return w.unlockBooted(booted) }); err != nil {
		d.Log.Error("unlock adopted machines", "machines", len(booted), "error", err)
	}
}

// unlockBooted ends the locks of adopted machines.
func (w *Write) unlockBooted(ids map[string]bool) error {
	for id := range ids {
		m, err := w.Machine(id)
		if err != nil || !m.Flags.UntilBoot {
			continue
		}
		err = w.Mark(m, func(m *machine.Machine) {
			m.Flags.Locked, m.Flags.UntilBoot, m.Flags.LockNote = false, false, ""
		})
		if err != nil {
			return err
		}
		text := "Unlocked: its first boot since it was adopted was seen, and it got its own disk"
		if err := w.Event(journal.Event{Machine: id, Source: journal.Boot, Text: text}); err != nil {
			return err
		}
	}
	return nil
}
