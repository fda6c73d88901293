package serverdb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// CreateSession keeps a log-in.
func (p *People) CreateSession(ctx context.Context, s auth.Session) error {
	return p.save(ctx, kindSession, s.Digest.String(), s, func() { p.sessions[s.Digest] = s })
}

// Session finds one by its digest.
func (p *People) Session(_ context.Context, d auth.Digest) (auth.Session, error) {
	return get(p, p.sessions, d)
}

// TouchSession notes when a session was last used.
func (p *People) TouchSession(ctx context.Context, d auth.Digest, at time.Time) error {
	s, err := get(p, p.sessions, d)
	if err != nil {
		return err
	}
	s.SeenAt = at
	return p.touch(func() { p.sessions[d] = s }, func() error { return p.CreateSession(ctx, s) })
}

// DeleteSession ends one.
func (p *People) DeleteSession(ctx context.Context, d auth.Digest) error {
	return p.drop(ctx, kindSession, d.String(), func() { delete(p.sessions, d) })
}

// DeleteSessionsOf ends all of an account.
func (p *People) DeleteSessionsOf(ctx context.Context, name string) error {
	for _, s := range values(p, p.sessions, func(s auth.Session) bool { return s.Account == name }) {
		if err := p.DeleteSession(ctx, s.Digest); err != nil {
			return err
		}
	}
	return nil
}

// values gives what want picks of one of the maps.
func values[K comparable, V any](p *People, m map[K]V, want func(V) bool) []V {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var all []V
	for _, v := range m {
		if want(v) {
			all = append(all, v)
		}
	}
	return all
}

// CreateToken keeps a program's token.
func (p *People) CreateToken(ctx context.Context, t auth.Token) error {
	return p.save(ctx, kindToken, t.Digest.String(), token{t, t.Digest}, func() { p.tokens[t.Digest] = t })
}

// Token finds one by its digest.
func (p *People) Token(_ context.Context, d auth.Digest) (auth.Token, error) {
	return get(p, p.tokens, d)
}

// Tokens gives those of an account, newest first; of all accounts for "".
func (p *People) Tokens(_ context.Context, name string) ([]auth.Token, error) {
	all := values(p, p.tokens, func(t auth.Token) bool { return name == "" || t.Account == name })
	slices.SortFunc(all, func(a, b auth.Token) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// TouchToken notes when a token was last used.
func (p *People) TouchToken(ctx context.Context, d auth.Digest, at time.Time) error {
	t, err := get(p, p.tokens, d)
	if err != nil {
		return err
	}
	t.UsedAt = at
	return p.touch(func() { p.tokens[d] = t }, func() error { return p.CreateToken(ctx, t) })
}

// touch keeps a use, in memory alone while the database is away: nobody is shut
// out for want of a note.
func (p *People) touch(show func(), keep func() error) error {
	if p.db.Away() == nil {
		if err := keep(); !errors.Is(err, machine.ErrAway) {
			return err
		}
	}
	p.locked(show)()
	return nil
}

// DeleteToken ends one of an account's.
func (p *People) DeleteToken(ctx context.Context, name, id string) error {
	found := values(p, p.tokens, func(t auth.Token) bool { return t.Account == name && t.ID == id })
	if len(found) == 0 {
		return nil
	}
	d := found[0].Digest
	return p.drop(ctx, kindToken, d.String(), func() { delete(p.tokens, d) })
}

// Sweep deletes what ended before a time.
func (p *People) Sweep(ctx context.Context, before time.Time) error {
	for _, s := range values(p, p.sessions, func(s auth.Session) bool { return s.Expires.Before(before) }) {
		if err := p.DeleteSession(ctx, s.Digest); err != nil {
			return err
		}
	}
	for _, t := range values(p, p.tokens, func(t auth.Token) bool { return t.Expires.Before(before) }) {
		if err := p.drop(ctx, kindToken, t.Digest.String(), func() { delete(p.tokens, t.Digest) }); err != nil {
			return err
		}
	}
	for _, c := range values(p, p.codes, func(c auth.Code) bool { return c.Expires.Before(before) }) {
		if err := p.drop(ctx, kindCode, c.Digest.String(), func() { delete(p.codes, c.Digest) }); err != nil {
			return err
		}
	}
	return nil
}

// Record appends to the audit.
func (p *People) Record(ctx context.Context, e auth.Entry) error {
	who := Actor{Name: e.Who, Token: e.Token, Address: e.Address, Note: e.Note}
	return p.db.RecordAudit(ctx, who, e.What, e.Object, e.Before, e.After)
}
