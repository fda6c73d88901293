package serverdb

import (
	"errors"
	"net/netip"
	"slices"

	"firstlight/server/lease"
)

// Other processes may write to the same database. Memory does not follow what
// they do, but nothing rests on it alone: a row is written over its last
// version only, and whoever runs into another's row takes it into memory.

// meet reads what another process wrote where err says that it did.
func (w *Write) meet(err error, read func() error) error {
	if errors.Is(err, ErrConflict) {
		err = errors.Join(err, read())
	}
	return err
}

func (w *Write) meetMachine(id string) error {
	m, err := w.tx.Machine(id)
	if m != nil {
		w.met.putMachine(m)
	}
	return err
}

func (w *Write) meetJob(id string) error {
	j, err := w.tx.Job(id)
	if err == nil {
		w.met.putJob(j)
	}
	return err
}

func (w *Write) meetLease(a netip.Addr) error {
	found, err := w.tx.Lease(a)
	w.met.leases = append(w.met.leases, found...)
	return err
}

// lease gives the lease of an address as this write sees it; one of version 0
// where there is none.
func (w *Write) lease(a netip.Addr) lease.Lease {
	for _, c := range []*changes{&w.own, w.batch} {
		for _, v := range slices.Backward(c.leases) {
			if v.Address == a {
				return v
			}
		}
	}
	l, _ := w.db.book.ByAddress(a)
	return l
}

// hostnameTaken asks memory first, which knows most, then the database. A name
// that was given back must rest before it is given again.
func (w *Write) hostnameTaken(name string) (bool, error) {
	if w.db.elsewhere[name] || w.db.index.hostname(name) {
		return true, nil
	}
	for _, c := range []*changes{&w.own, w.batch} {
		for _, m := range c.machines {
			if m.Hostname == name {
				return true, nil
			}
		}
	}
	taken, err := w.tx.HostnameTaken(name)
	if taken {
		w.db.elsewhere[name] = true
	}
	if taken || err != nil {
		return taken, err
	}
	until, err := w.tx.Name(name)
	return w.now.Before(until), err
}
