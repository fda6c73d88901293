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
	if _, err := s.Store.Account(ctx, name); err != nil {
		return "", fmt.Errorf("make code for %s: %w", name, err)
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
	err = s.Store.PutCode(ctx, Code{Digest: codeDigest(code), Account: account, Expires: s.Now().Add(codeLife)})
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
	account, err := s.redeemed(ctx, c, name, password)
	if err != nil {
		return "", err
	}
	if err := s.record(ctx, User{Name: name, Address: from.String()}, "set password with one-time code", name, "", string(account.Role)); err != nil {
		return "", err
	}
	switch err := s.Store.Redeem(ctx, c.Digest, account); {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrTaken):
		return "", errCode
	case err != nil:
		return "", fmt.Errorf("redeem one-time code of %s: %w", name, err)
	}
	if err := s.Store.DeleteSessionsOf(ctx, name); err != nil {
		return "", fmt.Errorf("end sessions of %s: %w", name, err)
	}
	return s.begin(ctx, from, account)
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

// redeemed is the account as it stands after its code is used.
func (s *Service) redeemed(ctx context.Context, c Code, name, password string) (Account, error) {
	if err := checkName(name); err != nil {
		return Account{}, err
	}
	if err := checkPassword(name, password); err != nil {
		return Account{}, err
	}
	account := Account{Name: name, Role: Admin, CreatedAt: s.Now(), CreatedBy: "one-time code"}
	if c.Account != "" {
		var err error
		if account, err = s.Store.Account(ctx, c.Account); err != nil {
			return Account{}, fmt.Errorf("find account %s: %w", c.Account, err)
		}
		if account.Disabled {
			return Account{}, errCode
		}
	}
	var err error
	account.Password, err = s.hasher.hash(ctx, password)
	return account, err
}
