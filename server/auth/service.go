package auth

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Config is what a Service needs. Zero durations take the defaults.
type Config struct {
	Store    Store
	Random   io.Reader        // crypto/rand.Reader
	Now      func() time.Time // time.Now
	Idle     time.Duration    // a session ends when unused for so long; 30 min
	Absolute time.Duration    // and at the latest after; 12 h
}

// CodeLife is how long a one-time code is good.
const CodeLife = 24 * time.Hour

// Life of other secrets.
const (
	defaultIdle     = 30 * time.Minute
	defaultAbsolute = 12 * time.Hour
	maxTokenLife    = 90 * 24 * time.Hour
	touchEvery      = time.Minute // a session's use is written this often at most
)

// Service is the one door to accounts, sessions and tokens.
type Service struct {
	Config
	hasher   *hasher
	throttle throttle
	// changing is held from the reading of an account to its writing: of two
	// admins who demote each other, one must see that the other is gone.
	changing sync.Mutex
}

// User is who acts. Its zero value is nobody.
type User struct {
	Name    string
	Role    Role
	Teams   []string
	Token   string // id of the API token it came with; empty for a session
	Address string // of the client
}

// New checks the configuration and makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Random == nil || c.Now == nil {
		return nil, fmt.Errorf("new auth service: Store, Random and Now must be set")
	}
	if c.Idle <= 0 {
		c.Idle = defaultIdle
	}
	if c.Absolute <= 0 {
		c.Absolute = defaultAbsolute
	}
	h, err := newHasher(c.Random)
	if err != nil {
		return nil, fmt.Errorf("new auth service: %w", err)
	}
	return &Service{Config: c, hasher: h}, nil
}

var accountName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`) })

// parts are names that the audit and the history have for parts of Firstlight:
// nobody can look like one of them.
var parts = []string{"agent", "audit", "bmc", "deadline", "discovery", "firstlight", "job", "jobs", "local", "rule", "system"}

func checkName(name string) error {
	if !accountName().MatchString(name) {
		return refuse("name %.64q: want a lower-case letter, then up to 31 letters, digits, dots and dashes", name)
	}
	return nil
}

// checkNew refuses names that no new account may have.
func checkNew(name string) error {
	if slices.Contains(parts, name) {
		return refuse("name %q: a part of Firstlight is called so: choose another", name)
	}
	return checkName(name)
}

// Sweep deletes what has ended; call it now and then.
func (s *Service) Sweep(ctx context.Context) error { return s.Store.Sweep(ctx, s.Now()) }

// record appends to the audit. What cannot be recorded does not happen: its
// callers act afterwards, or return the error.
func (s *Service) record(ctx context.Context, who User, what, object, before, after string) error {
	err := s.Store.Record(ctx, Entry{
		At: s.Now(), Who: who.Name, Token: who.Token, Address: who.Address, What: what, Object: object, Before: before, After: after,
	})
	if err != nil {
		return fmt.Errorf("record %q: %w", what, err)
	}
	return nil
}

// throttled refuses an address, or an account at it, that failed too often.
func (s *Service) throttled(from netip.Addr, name string) error {
	now := s.Now()
	wait := max(
		s.throttle.wait(addressKey(from), addressFailures, now),
		s.throttle.wait(accountKey(name), accountFailures, now))
	if wait > 0 {
		return refuse("too many failed log-ins: try again in %s", wait.Round(time.Second))
	}
	return nil
}

// failed counts and records a failure. What cannot be a name is left out of
// the audit: people type passwords into the wrong field.
func (s *Service) failed(ctx context.Context, from netip.Addr, name, what string) error {
	now := s.Now()
	s.throttle.fail(addressKey(from), now)
	s.throttle.fail(accountKey(name), now)
	if checkName(name) != nil {
		name = ""
	}
	return s.record(ctx, User{Name: name, Address: from.String()}, what, "", "", "")
}
