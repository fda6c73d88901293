// Package login logs in to the BMC of a machine of ServerDb: it chooses the
// credential, proves it by a log-in, keeps it sealed, and pins the BMC's
// certificate.
//
// It speaks Redfish, and IPMI where no Redfish answers. It imports the words, oob
// and its adapters; the wiring hands it ServerDb.
package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
)

// Store keeps what was proven.
type Store interface {
	Machine(ref string) (*machine.Machine, error)
	Machines() []*machine.Machine
	Credential(ctx context.Context, owner string) (sealed string, err error)
	PutCredential(ctx context.Context, owner, sealed string) error
	DropCredential(ctx context.Context, owner string) error
	Edit(ctx context.Context, id string, version int64, who, what string, change func(*machine.Machine) error) error
	Note(journal.Event)
	Observe(id string, change func(*machine.Observed))
}

// Keeper logs in to BMCs.
type Keeper struct {
	Store   Store
	Key     *credential.Key
	Vendors []credential.VendorCredential
	Site    *credential.Credential
	// Timeout of one operation; the adapter's default when zero.
	Timeout time.Duration
	Now     func() time.Time

	busy turns
}

// Open logs in to a machine's BMC, proving a credential first where none is
// known. oob.ErrNoLogin tells that a person must press the button. One at a
// time asks a BMC, by what ServerDb says then: two who guess at once would lock
// its account.
func (k *Keeper) Open(ctx context.Context, m *machine.Machine) (oob.Controller, error) {
	leave, err := k.busy.enter(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	defer leave()
	if m, err = k.Store.Machine(m.ID); err != nil {
		return nil, err
	}
	c, err := k.open(ctx, m)
	k.saw(ctx, m.ID, err)
	return c, err
}

// saw notes whether a BMC answered. One that refused a log-in did; of one that
// nobody waited for, nothing is known.
func (k *Keeper) saw(ctx context.Context, id string, err error) {
	unreachable := errors.Is(err, oob.ErrUnreachable)
	switch {
	case err != nil && !unreachable && !errors.Is(err, oob.ErrCredentials), unreachable && errors.Is(ctx.Err(), context.Canceled):
		return
	}
	k.Store.Observe(id, func(o *machine.Observed) {
		if o.BMCError = ""; unreachable {
			o.BMCError = strings.ToValidUTF8(err.Error()[:min(len(err.Error()), 200)], "")
			return
		}
		o.BMCAt = k.Now()
	})
}

func (k *Keeper) open(ctx context.Context, m *machine.Machine) (oob.Controller, error) {
	own, address, err := k.own(ctx, m)
	if err != nil {
		return nil, err
	}
	if m = at(m, address); m.BMC.Address == "" {
		return nil, fmt.Errorf("machine %s: its BMC's address is not known: %w", m.Name, oob.ErrNoLogin)
	}
	if own == nil || !m.BMC.Proven {
		if own, err = k.prove(ctx, m, own); err != nil {
			return nil, err
		}
		// The pin is new.
		if m, err = k.Store.Machine(m.ID); err != nil {
			return nil, err
		}
	}
	c, err := k.dial(ctx, m, *own)
	switch {
	case errors.Is(err, oob.ErrCredentials):
		// It worked once: somebody changed it. Guessing on would lock the account.
		return nil, errors.Join(err, k.failed(ctx, m, err))
	case err != nil:
		return nil, err // not c, which would be a Controller that is nil
	}
	return c, nil
}

// prove tries the candidates and keeps the first that works.
func (k *Keeper) prove(ctx context.Context, m *machine.Machine, own *credential.Credential) (*credential.Credential, error) {
	if strings.HasPrefix(m.BMC.Failed, refused) {
		return nil, fmt.Errorf("machine %s: %s; set its credential anew: %w", m.Name, m.BMC.Failed, oob.ErrNoLogin)
	}
	var through *door
	dial := func(ctx context.Context, c credential.Credential) (oob.Controller, error) {
		d, err := k.dial(ctx, m, c)
		if err != nil {
			return nil, err
		}
		through = d
		return d, nil
	}
	found, id, err := credential.Prove(ctx, dial, credential.Candidates(own, m.Vendor, m.Product, k.Vendors, k.Site))
	switch {
	case errors.Is(err, credential.ErrNone):
		return nil, fmt.Errorf("machine %s: no credential for its BMC %s: %w", m.Name, m.BMC.Address, oob.ErrNoLogin)
	case errors.Is(err, oob.ErrCredentials):
		return nil, errors.Join(err, k.failed(ctx, m, err))
	case err != nil:
		return nil, err
	}
	return &found, k.keep(ctx, m, found, id, through)
}

const refused = "log-in refused"

// failed parks a credential that was refused: nobody tries it again by itself.
func (k *Keeper) failed(ctx context.Context, m *machine.Machine, cause error) error {
	k.Store.Note(journal.Event{Machine: m.ID, Source: journal.BMC, Text: "Log-in to the BMC refused: " + cause.Error()})
	return k.Store.Edit(ctx, m.ID, 0, "bmc", "", func(m *machine.Machine) error {
		m.BMC.Proven, m.BMC.Failed = false, refused+": "+cause.Error()
		return nil
	})
}

func (k *Keeper) keep(ctx context.Context, m *machine.Machine, c credential.Credential, id oob.Identity, d *door) error {
	if err := k.put(ctx, m.ID, m.BMC.Address, c); err != nil {
		return err
	}
	k.Store.Note(journal.Event{
		Machine: m.ID, Source: journal.BMC,
		Text: fmt.Sprintf("Log-in to BMC %s proven by %s: user %s (%s), firmware %s", m.BMC.Address, spelled[d.protocol], c.User, c.Source, id.Firmware),
	})
	address := m.BMC.Address
	return k.Store.Edit(ctx, m.ID, 0, "bmc", "", func(m *machine.Machine) error {
		*m = *at(m, address)
		m.BMC.Proven, m.BMC.Failed, m.BMC.Type, m.BMC.Pin, m.BMC.Firmware = true, "", d.protocol, d.pin, id.Firmware
		m.BMC.Factory = c.Source == credential.Vendor
		return nil
	})
}

// at is a machine whose BMC has an address: its own, where one is known.
func at(m *machine.Machine, address string) *machine.Machine {
	if m.BMC.Address != "" || address == "" {
		return m
	}
	c := *m
	c.BMC.Address, c.BMC.Type = address, guess(address)
	return &c
}
