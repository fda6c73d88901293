package serverdb

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// nameRest is how long a host name that was given back is not given again:
// whoever asked for its address before may keep the answer so long. It is
// twice the life of our records.
const nameRest = 10 * time.Minute

// TakenError tells that something of a machine belongs to another one.
type TakenError struct{ Machine, Field, Value, Other string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("machine %s: %s %s belongs to machine %s: change that one first, or give another", e.Machine, e.Field, e.Value, e.Other)
}

// Unwrap makes it a store.ErrTaken.
func (e *TakenError) Unwrap() error { return store.ErrTaken }

// quarantine lets a host name rest that a machine gives back.
func (w *Write) quarantine(m, was *machine.Machine) error {
	if was == nil || was.Hostname == "" || was.Hostname == m.Hostname {
		return nil
	}
	return w.tx.PutName(was.Hostname, m.ID, w.now.Add(nameRest))
}

// taken says what of a machine belongs to which other one, where a constraint
// refused it.
func (w *Write) taken(m *machine.Machine, err error) error {
	if !errors.Is(err, store.ErrTaken) {
		return err
	}
	for _, o := range w.machines() {
		if o.ID == m.ID {
			continue
		}
		if field, value := shared(m, o); field != "" {
			return &TakenError{m.Name, field, value, o.Name}
		}
	}
	return err
}

// shared finds what two machines cannot both have.
func shared(a, b *machine.Machine) (field, value string) {
	switch {
	case a.Name == b.Name:
		return "name", a.Name
	case a.Hostname != "" && a.Hostname == b.Hostname:
		return "host name", a.Hostname
	}
	for _, n := range a.NICs {
		for _, o := range b.NICs {
			switch {
			case n.MAC == o.MAC:
				return "MAC", n.MAC.String()
			case n.Address != netip.Addr{} && n.Address == o.Address:
				return "address", n.Address.String()
			case n.Switch != "" && n.Port != "" && n.Switch == o.Switch && n.Port == o.Port:
				return "switch port", n.Switch + " " + n.Port
			}
		}
	}
	for _, p := range a.Places() {
		if slices.Contains(b.Places(), p) {
			return "place", p.String()
		}
	}
	return "", ""
}
