package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

var errCode = &Refusal{"the one-time code is wrong, used or older than a day"}

// Empty tells whether there is no account yet.
func (s *Service) Empty(ctx context.Context) (bool, error) {
	all, err := s.Store.Accounts(ctx)
	if err != nil {
		return false, fmt.Errorf("list accounts: %w", err)
	}
	return len(all) == 0, nil
}

// FirstCode gives a new code that makes the first admin, for the console to
// print; "" when an account exists. The code before it stops working.
func (s *Service) FirstCode(ctx context.Context) (string, error) {
	empty, err := s.Empty(ctx)
	if err != nil || !empty {
		return "", err
	}
	return s.code(ctx, "")
}

// NewCode gives a code that sets the password of an account: an invitation, or
// the way back of somebody who forgot theirs.
func (s *Service) NewCode(ctx context.Context, who User, name string) (string, error) {
	a, err := s.Account(ctx, name)
	if err != nil {
		return "", err
	}
	if a.Disabled {
		return "", refuse("%s is shut out, so that a code would open nothing: let it in again first", name)
	}
	if err := s.record(ctx, who, "make one-time code", name, "", ""); err != nil {
		return "", err
	}
	return s.code(ctx, name)
}

func (s *Service) code(ctx context.Context, account string) (string, error) {
	code, err := newCode(s.Random)
	if err != nil {
		return "", err
	}
	err = s.Store.PutCode(ctx, Code{Digest: codeDigest(code), Account: account, Expires: s.Now().Add(CodeLife)})
	if err != nil {
		return "", fmt.Errorf("keep one-time code: %w", err)
	}
	return code, nil
}

// Redeem sets a password with a one-time code, makes the first admin where
// the code is for that, and logs in. The name must be the code's account.
func (s *Service) Redeem(ctx context.Context, from netip.Addr, code, name, password string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if err := s.throttled(from, name); err != nil {
		return "", err
	}
	c, err := s.lookup(ctx, code, name)
	if errors.Is(err, ErrNotFound) {
		return "", errors.Join(s.failed(ctx, from, name, "one-time code refused"), errCode)
	}
	if err != nil {
		return "", fmt.Errorf("redeem one-time code: %w", err)
	}
	hash, err := s.chosen(ctx, c, name, password)
	if err != nil {
		return "", err
	}
	if err := s.redeem(ctx, from, c, name, hash); err != nil {
		return "", err
	}
	if err := s.Store.DeleteSessionsOf(ctx, name); err != nil {
		return "", fmt.Errorf("end sessions of %s: %w", name, err)
	}
	return s.begin(ctx, from, name)
}

// chosen gives the hash of a password that may be the account's.
func (s *Service) chosen(ctx context.Context, c Code, name, password string) (string, error) {
	check := checkName
	if c.Account == "" {
		check = checkNew
	}
	if err := check(name); err != nil {
		return "", err
	}
	if err := checkPassword(name, password); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// redeem trades a code for the account with its new password.
func (s *Service) redeem(ctx context.Context, from netip.Addr, c Code, name, hash string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	account, err := s.redeemed(ctx, c, name)
	if err != nil {
		return err
	}
	account.Password = hash
	who := User{Name: name, Address: from.String()}
	if err := s.record(ctx, who, "set password with one-time code", name, "", string(account.Role)); err != nil {
		return err
	}
	switch err := s.Store.Redeem(ctx, c.Digest, account); {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrTaken):
		return errCode
	case err != nil:
		return fmt.Errorf("redeem one-time code of %s: %w", name, err)
	}
	return nil
}

// lookup finds a code that is alive and meant for the name.
func (s *Service) lookup(ctx context.Context, code, name string) (Code, error) {
	d := codeDigest(code)
	if d.IsZero() {
		return Code{}, ErrNotFound
	}
	c, err := s.Store.Code(ctx, d)
	if err != nil {
		return Code{}, err
	}
	if !c.Digest.Equal(d) || !s.Now().Before(c.Expires) || (c.Account != "" && c.Account != name) {
		return Code{}, ErrNotFound
	}
	return c, nil
}

// redeemed is whose password a code sets: the first admin's, or that of the
// account as it stands now.
func (s *Service) redeemed(ctx context.Context, c Code, name string) (Account, error) {
	if c.Account == "" {
		return Account{Name: name, Role: Admin, CreatedAt: s.Now(), CreatedBy: "one-time code"}, nil
	}
	account, err := s.Store.Account(ctx, c.Account)
	switch {
	case err != nil:
		return Account{}, fmt.Errorf("find account %s: %w", c.Account, err)
	case account.Disabled:
		return Account{}, errCode
	}
	return account, nil
}
