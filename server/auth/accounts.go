package auth

import (
	"context"
	"errors"
	"fmt"
)

// Accounts gives all accounts by name.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) { return s.Store.Accounts(ctx) }

// Account finds one by name.
func (s *Service) Account(ctx context.Context, name string) (Account, error) {
	a, err := s.Store.Account(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return a, fmt.Errorf("account %.64q: %w: firstlight user ls lists those that there are", name, err)
	}
	if err != nil {
		return a, fmt.Errorf("account %.64q: %w", name, err)
	}
	return a, nil
}

// Invite makes an account without password and the code that sets one.
func (s *Service) Invite(ctx context.Context, who User, name string, role Role, teams []string) (string, error) {
	if err := checkNew(name); err != nil {
		return "", err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return "", err
	}
	teams, err := checkTeams(teams)
	if err != nil {
		return "", err
	}
	if err := s.add(ctx, who, Account{Name: name, Role: role, Teams: teams, CreatedAt: s.Now(), CreatedBy: who.Name}); err != nil {
		return "", err
	}
	return s.NewCode(ctx, who, name)
}

func (s *Service) add(ctx context.Context, who User, a Account) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	switch _, err := s.Store.Account(ctx, a.Name); {
	case err == nil:
		return refuse("name %q: there is such an account already", a.Name)
	case !errors.Is(err, ErrNotFound):
		return fmt.Errorf("add account %s: %w", a.Name, err)
	}
	if err := s.recordChange(ctx, who, "add account", a.Name, nil, access(a)); err != nil {
		return err
	}
	if err := s.Store.CreateAccount(ctx, a); err != nil {
		return fmt.Errorf("add account %s: %w", a.Name, err)
	}
	return nil
}

// SetRole changes what an account may do. The last admin stays one.
func (s *Service) SetRole(ctx context.Context, who User, name string, role Role) error {
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	return s.change(ctx, who, name, "set role", func(a *Account) { a.Role = role })
}

// SetTeams changes for which teams an account may act.
func (s *Service) SetTeams(ctx context.Context, who User, name string, teams []string) error {
	teams, err := checkTeams(teams)
	if err != nil {
		return err
	}
	return s.change(ctx, who, name, "set teams", func(a *Account) { a.Teams = teams })
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
	s.changing.Lock()
	defer s.changing.Unlock()
	a, err := s.Account(ctx, name)
	if err != nil {
		return err
	}
	before := access(a)
	wasAdmin := a.Role == Admin && !a.Disabled
	edit(&a)
	if wasAdmin && (a.Role != Admin || a.Disabled) {
		if err := s.otherAdmin(ctx, name); err != nil {
			return err
		}
	}
	if err := s.recordChange(ctx, who, what, name, before, access(a)); err != nil {
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

// grant is what an account lets its person do: what the audit compares.
type grant struct {
	Role     Role     `json:"role"`
	Teams    []string `json:"teams,omitempty"`
	Disabled bool     `json:"disabled,omitempty"`
}

func access(a Account) grant { return grant{a.Role, a.Teams, a.Disabled} }

// recordChange appends to the audit which fields a change changes.
func (s *Service) recordChange(ctx context.Context, who User, what, object string, before, after any) error {
	was, is, err := Differences(before, after)
	if err != nil {
		return fmt.Errorf("record %q: %w", what, err)
	}
	return s.record(ctx, who, what, object, was, is)
}
