package auth

import (
	"context"
	"errors"
	"fmt"
)

// Accounts gives all accounts by name.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) { return s.Store.Accounts(ctx) }

// Invite makes an account without password and the code that sets one.
func (s *Service) Invite(ctx context.Context, who User, name string, role Role) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return "", err
	}
	if err := s.record(ctx, who, "add account", name, "", string(role)); err != nil {
		return "", err
	}
	err := s.Store.CreateAccount(ctx, Account{Name: name, Role: role, CreatedAt: s.Now(), CreatedBy: who.Name})
	switch {
	case errors.Is(err, ErrTaken):
		return "", refuse("name %q: there is such an account already", name)
	case err != nil:
		return "", fmt.Errorf("add account %s: %w", name, err)
	}
	return s.NewCode(ctx, who, name)
}

// SetRole changes what an account may do. The last admin stays one.
func (s *Service) SetRole(ctx context.Context, who User, name string, role Role) error {
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	return s.change(ctx, who, name, "set role", func(a *Account) { a.Role = role })
}

// SetDisabled shuts an account out, at once and with all its sessions and
// tokens, or lets it in again.
func (s *Service) SetDisabled(ctx context.Context, who User, name string, disabled bool) error {
	what := "enable account"
	if disabled {
		what = "disable account"
	}
	err := s.change(ctx, who, name, what, func(a *Account) { a.Disabled = disabled })
	if err != nil || !disabled {
		return err
	}
	if err := s.Store.DeleteSessionsOf(ctx, name); err != nil {
		return fmt.Errorf("end sessions of %s: %w", name, err)
	}
	return nil
}

func (s *Service) change(ctx context.Context, who User, name, what string, edit func(*Account)) error {
	a, err := s.Store.Account(ctx, name)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", what, name, err)
	}
	before := describe(a)
	wasAdmin := a.Role == Admin && !a.Disabled
	edit(&a)
	if wasAdmin && (a.Role != Admin || a.Disabled) {
		if err := s.otherAdmin(ctx, name); err != nil {
			return err
		}
	}
	if err := s.record(ctx, who, what, name, before, describe(a)); err != nil {
		return err
	}
	if err := s.Store.UpdateAccount(ctx, a); err != nil {
		return fmt.Errorf("%s of %s: %w", what, name, err)
	}
	return nil
}

// otherAdmin refuses unless somebody else can log in and administer.
func (s *Service) otherAdmin(ctx context.Context, name string) error {
	all, err := s.Store.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	for _, a := range all {
		if a.Name != name && a.Role == Admin && !a.Disabled && a.Password != "" {
			return nil
		}
	}
	return refuse("%s is the last admin: make another account an admin first", name)
}

func describe(a Account) string {
	if a.Disabled {
		return string(a.Role) + ", disabled"
	}
	return string(a.Role)
}
