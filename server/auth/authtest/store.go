package authtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"firstlight/server/auth"
)

// Store keeps everything in memory. Entries is its audit.
type Store struct {
	mu       sync.Mutex
	accounts map[string]auth.Account
	codes    map[string]auth.Code // by account
	sessions map[auth.Digest]auth.Session
	tokens   map[auth.Digest]auth.Token
	entries  []auth.Entry
}

var _ auth.Store = (*Store)(nil)

// NewStore makes an empty Store.
func NewStore() *Store {
	return &Store{
		accounts: map[string]auth.Account{},
		codes:    map[string]auth.Code{},
		sessions: map[auth.Digest]auth.Session{},
		tokens:   map[auth.Digest]auth.Token{},
	}
}

// Entries gives the audit, oldest first.
func (s *Store) Entries() []auth.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}

// Accounts implements auth.Store.
func (s *Store) Accounts(context.Context) ([]auth.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []auth.Account
	for _, a := range s.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b auth.Account) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Account implements auth.Store.
func (s *Store) Account(_ context.Context, name string) (auth.Account, error) {
	return find(s, s.accounts, name)
}

// CreateAccount implements auth.Store.
func (s *Store) CreateAccount(_ context.Context, a auth.Account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.accounts[a.Name]; ok {
		return auth.ErrTaken
	}
	s.accounts[a.Name] = a
	return nil
}

// UpdateAccount implements auth.Store.
func (s *Store) UpdateAccount(_ context.Context, a auth.Account) error {
	return change(s, s.accounts, a.Name, func(old *auth.Account) { *old = a })
}

// PutCode implements auth.Store.
func (s *Store) PutCode(_ context.Context, c auth.Code) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[c.Account] = c
	return nil
}

// Code implements auth.Store.
func (s *Store) Code(_ context.Context, d auth.Digest) (auth.Code, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code(d)
}

func (s *Store) code(d auth.Digest) (auth.Code, error) {
	for _, c := range s.codes {
		if c.Digest.Equal(d) {
			return c, nil
		}
	}
	return auth.Code{}, auth.ErrNotFound
}

// Redeem implements auth.Store.
func (s *Store) Redeem(_ context.Context, d auth.Digest, a auth.Account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.code(d)
	if err != nil {
		return err
	}
	if c.Account == "" && len(s.accounts) > 0 {
		return auth.ErrTaken
	}
	delete(s.codes, c.Account)
	s.accounts[a.Name] = a
	return nil
}

// CreateSession implements auth.Store.
func (s *Store) CreateSession(_ context.Context, n auth.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[n.Digest] = n
	return nil
}

// Session implements auth.Store.
func (s *Store) Session(_ context.Context, d auth.Digest) (auth.Session, error) {
	return find(s, s.sessions, d)
}

// TouchSession implements auth.Store.
func (s *Store) TouchSession(_ context.Context, d auth.Digest, at time.Time) error {
	return change(s, s.sessions, d, func(n *auth.Session) { n.SeenAt = at })
}

// DeleteSession implements auth.Store.
func (s *Store) DeleteSession(_ context.Context, d auth.Digest) error {
	return remove(s, s.sessions, func(k auth.Digest, _ auth.Session) bool { return k == d })
}

// DeleteSessionsOf implements auth.Store.
func (s *Store) DeleteSessionsOf(_ context.Context, account string) error {
	return remove(s, s.sessions, func(_ auth.Digest, n auth.Session) bool { return n.Account == account })
}

// CreateToken implements auth.Store.
func (s *Store) CreateToken(_ context.Context, t auth.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[t.Digest] = t
	return nil
}

// Token implements auth.Store.
func (s *Store) Token(_ context.Context, d auth.Digest) (auth.Token, error) {
	return find(s, s.tokens, d)
}

// Tokens implements auth.Store.
func (s *Store) Tokens(_ context.Context, account string) ([]auth.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []auth.Token
	for _, t := range s.tokens {
		if account == "" || t.Account == account {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b auth.Token) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return all, nil
}

// TouchToken implements auth.Store.
func (s *Store) TouchToken(_ context.Context, d auth.Digest, at time.Time) error {
	return change(s, s.tokens, d, func(t *auth.Token) { t.UsedAt = at })
}

// DeleteToken implements auth.Store.
func (s *Store) DeleteToken(_ context.Context, account, id string) error {
	return remove(s, s.tokens, func(_ auth.Digest, t auth.Token) bool { return t.Account == account && t.ID == id })
}

// Sweep implements auth.Store.
func (s *Store) Sweep(_ context.Context, before time.Time) error {
	_ = remove(s, s.sessions, func(_ auth.Digest, n auth.Session) bool { return n.Expires.Before(before) })
	_ = remove(s, s.tokens, func(_ auth.Digest, t auth.Token) bool { return t.Expires.Before(before) })
	return remove(s, s.codes, func(_ string, c auth.Code) bool { return c.Expires.Before(before) })
}

// Record implements auth.Store.
func (s *Store) Record(_ context.Context, e auth.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, e)
	return nil
}

func find[K comparable, V any](s *Store, m map[K]V, k K) (V, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := m[k]
	if !ok {
		return v, auth.ErrNotFound
	}
	return v, nil
}

func change[K comparable, V any](s *Store, m map[K]V, k K, edit func(*V)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := m[k]
	if !ok {
		return auth.ErrNotFound
	}
	edit(&v)
	m[k] = v
	return nil
}

// remove deletes what picks says; absence is no error.
func remove[K comparable, V any](s *Store, m map[K]V, picks func(K, V) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range m {
		if picks(k, v) {
			delete(m, k)
		}
	}
	return nil
}
