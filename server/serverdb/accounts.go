package serverdb

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"firstlight/server/auth"
	"firstlight/server/serverdb/store"
)

// People keeps accounts, codes, sessions and tokens: it is the auth.Store on
// ServerDb. Reads come from memory, because every request asks.
type People struct {
	db *DB
	mu sync.RWMutex

	accounts map[string]auth.Account
	codes    map[auth.Digest]auth.Code
	sessions map[auth.Digest]auth.Session
	tokens   map[auth.Digest]auth.Token
}

var _ auth.Store = (*People)(nil)

// Kinds of record, as the table of people names them.
const (
	kindAccount = "account"
	kindCode    = "code"
	kindSession = "session"
	kindToken   = "token"
)

// account is an auth.Account with the hash that its own JSON leaves out.
type account struct {
	auth.Account
	Hash string `json:"hash"`
}

// token is an auth.Token with the digest that its own JSON leaves out.
type token struct {
	auth.Token
	Digest auth.Digest `json:"digest"`
}

// People loads what is known of people and programs.
func (d *DB) People(ctx context.Context) (*People, error) {
	p := &People{db: d, accounts: map[string]auth.Account{}, codes: map[auth.Digest]auth.Code{}, sessions: map[auth.Digest]auth.Session{}, tokens: map[auth.Digest]auth.Token{}}
	err := d.store.View(ctx, func(tx *store.Tx) error {
		return cmp.Or(
			each(tx, kindAccount, func(a account) { a.Password = a.Hash; p.accounts[a.Name] = a.Account }),
			each(tx, kindCode, func(c auth.Code) { p.codes[c.Digest] = c }),
			each(tx, kindSession, func(s auth.Session) { p.sessions[s.Digest] = s }),
			each(tx, kindToken, func(t token) { t.Token.Digest = t.Digest; p.tokens[t.Digest] = t.Token }),
		)
	})
	return p, err
}

func each[T any](tx *store.Tx, kind string, use func(T)) error {
	all, err := tx.People(kind)
	if err != nil {
		return err
	}
	for id, text := range all {
		var v T
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return fmt.Errorf("read %s %s: %w", kind, id, err)
		}
		use(v)
	}
	return nil
}

// save writes a record and then shows it.
func (p *People) save(ctx context.Context, kind, id string, record any, show func()) error {
	b, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return p.db.Do(ctx, func(w *Write) error {
		w.own.after = append(w.own.after, p.locked(show))
		return w.tx.PutPerson(kind, id, string(b))
	})
}

// drop deletes a record and then hides it.
func (p *People) drop(ctx context.Context, kind, id string, hide func()) error {
	return p.db.Do(ctx, func(w *Write) error {
		w.own.after = append(w.own.after, p.locked(hide))
		return w.tx.DropPerson(kind, id)
	})
}

func (p *People) locked(f func()) func() {
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		f()
	}
}

// get reads from one of the maps.
func get[K comparable, V any](p *People, m map[K]V, k K) (V, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	v, ok := m[k]
	if !ok {
		return v, auth.ErrNotFound
	}
	return v, nil
}

// Accounts gives all of them by name.
func (p *People) Accounts(context.Context) ([]auth.Account, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.SortedFunc(maps.Values(p.accounts), func(a, b auth.Account) int { return cmp.Compare(a.Name, b.Name) }), nil
}

// Account finds one by name.
func (p *People) Account(_ context.Context, name string) (auth.Account, error) {
	return get(p, p.accounts, name)
}

// Account finds one by name, as this write sees it.
func (w *Write) Account(name string) (found auth.Account, err error) {
	missing := auth.ErrNotFound
	err = each(w.tx, kindAccount, func(a account) {
		if a.Name == name {
			a.Password = a.Hash
			found, missing = a.Account, nil
		}
	})
	return found, cmp.Or(err, missing)
}

func (p *People) putAccount(w *Write, a auth.Account) error {
	b, err := json.Marshal(account{a, a.Password})
	if err != nil {
		return err
	}
	w.own.after = append(w.own.after, p.locked(func() { p.accounts[a.Name] = a }))
	return w.tx.PutPerson(kindAccount, a.Name, string(b))
}

// CreateAccount answers auth.ErrTaken when the name exists.
func (p *People) CreateAccount(ctx context.Context, a auth.Account) error {
	return p.db.Do(ctx, func(w *Write) error {
		if _, err := get(p, p.accounts, a.Name); err == nil {
			return auth.ErrTaken
		}
		return p.putAccount(w, a)
	})
}

// UpdateAccount replaces an account that exists.
func (p *People) UpdateAccount(ctx context.Context, a auth.Account) error {
	return p.db.Do(ctx, func(w *Write) error {
		if _, err := get(p, p.accounts, a.Name); err != nil {
			return err
		}
		return p.putAccount(w, a)
	})
}

// PutCode replaces the code that its account had.
func (p *People) PutCode(ctx context.Context, c auth.Code) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return p.db.Do(ctx, func(w *Write) error {
		p.mu.RLock()
		defer p.mu.RUnlock()
		for digest, old := range p.codes {
			if old.Account == c.Account {
				if err := p.dropCode(w, digest); err != nil {
					return err
				}
			}
		}
		w.own.after = append(w.own.after, p.locked(func() { p.codes[c.Digest] = c }))
		return w.tx.PutPerson(kindCode, c.Digest.String(), string(b))
	})
}

func (p *People) dropCode(w *Write, digest auth.Digest) error {
	w.own.after = append(w.own.after, p.locked(func() { delete(p.codes, digest) }))
	return w.tx.DropPerson(kindCode, digest.String())
}

// Code finds one by its digest.
func (p *People) Code(_ context.Context, d auth.Digest) (auth.Code, error) { return get(p, p.codes, d) }

// Redeem trades a code for an account, once.
func (p *People) Redeem(ctx context.Context, digest auth.Digest, a auth.Account) error {
	redeemed := "redeemed " + digest.String()
	return p.db.Do(ctx, func(w *Write) error {
		code, err := get(p, p.codes, digest)
		if err != nil {
			return err
		}
		// Two who race may share one batch, in which the first one's changes do
		// not show in memory yet: the row in the transaction decides.
		used, err := w.tx.Meta(redeemed)
		if err != nil {
			return err
		}
		if used != "" {
			return auth.ErrNotFound
		}
		p.mu.RLock()
		anyone := len(p.accounts) > 0
		p.mu.RUnlock()
		if code.Account == "" && anyone {
			return auth.ErrTaken
		}
		if err := w.tx.PutMeta(redeemed, a.Name); err != nil {
			return err
		}
		if err := p.dropCode(w, digest); err != nil {
			return err
		}
		return p.putAccount(w, a)
	})
}
