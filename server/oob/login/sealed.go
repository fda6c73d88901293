package login

import (
	"context"
	"strings"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
)

// SerialOwner begins the owner of the credential of a machine that has not shown
// itself yet: the serial that a delivery list names follows. Afterwards the
// machine's id owns it.
const SerialOwner = "serial:"

func bySerial(serial string) string { return SerialOwner + serial }

// put seals a credential, with the address that came with it, and keeps it.
func (k *Keeper) put(ctx context.Context, owner, address string, c credential.Credential) error {
	sealed, err := credential.SealText(k.Key, owner, oob.Secret(c.User+"\x00"+string(c.Password)+"\x00"+address))
	if err != nil {
		return err
	}
	return k.Store.PutCredential(ctx, owner, sealed)
}

// own opens the credential that is kept for a machine and the address that came
// with it; nil where there is none.
func (k *Keeper) own(ctx context.Context, m *machine.Machine) (*credential.Credential, string, error) {
	for _, owner := range []string{m.ID, bySerial(m.Serial)} {
		text, err := k.Store.Credential(ctx, owner)
		if err != nil {
			return nil, "", err
		}
		if text != "" {
			return k.unseal(owner, text)
		}
	}
	return nil, "", nil
}

func (k *Keeper) unseal(owner, text string) (*credential.Credential, string, error) {
	plain, err := credential.OpenText(k.Key, owner, text)
	if err != nil {
		return nil, "", err
	}
	user, rest, _ := strings.Cut(string(plain), "\x00")
	password, address, _ := strings.Cut(rest, "\x00")
	return &credential.Credential{User: user, Password: oob.Secret(password), Source: credential.Own}, address, nil
}

// Give keeps the credential that a person or a delivery list has for the
// machine with a serial, which may not have shown itself yet; its next log-in
// proves it. An empty address leaves the one that the machine reports.
func (k *Keeper) Give(ctx context.Context, who string, l oob.Login) error {
	c := credential.Credential{User: l.User, Password: l.Password}
	m := k.withSerial(l.Serial)
	if m == nil {
		return k.put(ctx, bySerial(l.Serial), l.Address, c)
	}
	if err := k.put(ctx, m.ID, l.Address, c); err != nil {
		return err
	}
	return k.Store.Edit(ctx, m.ID, 0, who, "Credential of the BMC set", func(m *machine.Machine) error {
		if l.Address != "" {
			m.BMC.Address, m.BMC.Type = l.Address, guess(l.Address)
		}
		// Whoever gives a log-in vouches for the BMC that takes it, also for one
		// with a new certificate.
		m.BMC.Proven, m.BMC.Failed, m.BMC.Pin, m.BMC.Factory = false, "", "", false
		return nil
	})
}

func (k *Keeper) withSerial(serial string) *machine.Machine {
	for _, m := range k.Store.Machines() {
		if m.Serial == serial {
			return m
		}
	}
	return nil
}
