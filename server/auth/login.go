package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// errLogin is the one answer to every wrong name, password or disabled
// account.
var errLogin = &Refusal{"name or password is wrong"}

// Login makes a session for a name and password and gives its secret.
func (s *Service) Login(ctx context.Context, from netip.Addr, name, password string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) > maxPassword || len(password) > maxPassword {
		return "", errLogin
	}
	if err := s.throttled(from, name); err != nil {
		return "", err
	}
	a, err := s.Store.Account(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("log in: %w", err)
	}
	// The zero Account has no password: verify works as long for it.
	ok, err := s.hasher.verify(ctx, a.Password, password)
	if err != nil {
		return "", fmt.Errorf("log in %s: %w", name, err)
	}
	if !ok || a.Disabled {
		return "", errors.Join(s.failed(ctx, from, name, "log in failed"), errLogin)
	}
	return s.begin(ctx, from, name)
}

// begin opens a session for an account that has proven itself.
func (s *Service) begin(ctx context.Context, from netip.Addr, name string) (string, error) {
	secret, err := newSecret(s.Random, "")
	if err != nil {
		return "", err
	}
	now := s.Now()
	if err := s.record(ctx, User{Name: name, Address: from.String()}, "log in", "", "", ""); err != nil {
		return "", err
	}
	if err := s.noteLogin(ctx, name, now); err != nil {
		return "", err
	}
	err = s.Store.CreateSession(ctx, Session{
		Digest: digest(secret), Account: name, Address: from.String(), CreatedAt: now, SeenAt: now, Expires: now.Add(s.Absolute),
	})
	if err != nil {
		return "", fmt.Errorf("open session of %s: %w", name, err)
	}
	s.throttle.forget(accountKey(name))
	return secret, nil
}

// noteLogin reads the account again: while its password was hashed, an admin
// may have changed it or shut it out.
func (s *Service) noteLogin(ctx context.Context, name string, now time.Time) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	a, err := s.Store.Account(ctx, name)
	switch {
	case err != nil:
		return fmt.Errorf("log in %s: %w", name, err)
	case a.Disabled:
		return errLogin
	}
	a.LoginAt = now
	if err := s.Store.UpdateAccount(ctx, a); err != nil {
		return fmt.Errorf("note log-in of %s: %w", name, err)
	}
	return nil
}

// Logout ends a session.
func (s *Service) Logout(ctx context.Context, who User, secret string) error {
	if err := s.record(ctx, who, "log out", "", "", ""); err != nil {
		return err
	}
	return s.Store.DeleteSession(ctx, digest(secret))
}
