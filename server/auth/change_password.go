package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// ChangePassword is SetOwnPassword, and gives the secret of a new session.
func (s *Service) ChangePassword(ctx context.Context, who User, from netip.Addr, old, password string) (string, error) {
	if err := s.SetOwnPassword(ctx, who, old, password); err != nil {
		return "", err
	}
	return s.begin(ctx, from, who.Name)
}

// SetOwnPassword gives somebody who knows the old password a new one. All
// sessions of the account end; its tokens stay, since they are the programs'.
func (s *Service) SetOwnPassword(ctx context.Context, who User, old, password string) error {
	from, _ := netip.ParseAddr(who.Address)
	if who.Token != "" {
		return refuse("a token cannot change a password: log in")
	}
	if len(old) > maxPassword {
		return errOld
	}
	if err := s.throttled(from, who.Name); err != nil {
		return err
	}
	a, err := s.Account(ctx, who.Name)
	if err != nil {
		return err
	}
	switch ok, err := s.hasher.verify(ctx, a.Password, old); {
	case err != nil:
		return fmt.Errorf("change password of %s: %w", a.Name, err)
	case !ok:
		return errors.Join(s.failed(ctx, from, a.Name, "change of password failed"), errOld)
	}
	hash, err := s.chosen(ctx, Code{Account: a.Name}, a.Name, password)
	if err != nil {
		return err
	}
	if err := s.setPassword(ctx, who, a.Password, hash); err != nil {
		return err
	}
	if err := s.Store.DeleteSessionsOf(ctx, a.Name); err != nil {
		return fmt.Errorf("end sessions of %s: %w", a.Name, err)
	}
	return nil
}

var errOld = &Refusal{"the old password is wrong"}

// setPassword writes the new hash where the old one was, unless somebody else
// has changed it meanwhile.
func (s *Service) setPassword(ctx context.Context, who User, old, hash string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	a, err := s.Account(ctx, who.Name)
	if err != nil {
		return err
	}
	if a.Password != old || a.Disabled {
		return errOld
	}
	a.Password = hash
	if err := s.record(ctx, who, "change password", a.Name, "", ""); err != nil {
		return err
	}
	if err := s.Store.UpdateAccount(ctx, a); err != nil {
		return fmt.Errorf("change password of %s: %w", a.Name, err)
	}
	return nil
}
