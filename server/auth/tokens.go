package auth

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const maxLabel = 64

// NewToken makes an API token for an account and gives its text, which is
// never shown again.
func (s *Service) NewToken(ctx context.Context, who User, label string, role Role, life time.Duration) (string, Token, error) {
	label = strings.TrimSpace(label)
	if err := checkToken(who, label, role, life); err != nil {
		return "", Token{}, err
	}
	plain, err := newSecret(s.Random, TokenPrefix)
	if err != nil {
		return "", Token{}, err
	}
	now := s.Now()
	t := Token{
		Digest: digest(plain), Account: who.Name, Label: label, Role: role,
		CreatedAt: now, Expires: now.Add(life),
	}
	t.ID = t.Digest.String()[:12]
	if err := s.record(ctx, who, "make token", label, "", string(role)+" until "+t.Expires.UTC().Format(time.DateTime)); err != nil {
		return "", Token{}, err
	}
	if err := s.Store.CreateToken(ctx, t); err != nil {
		return "", Token{}, fmt.Errorf("make token %q: %w", label, err)
	}
	return plain, t, nil
}

func checkToken(who User, label string, role Role, life time.Duration) error {
	switch {
	case label == "" || utf8.RuneCountInString(label) > maxLabel || !utf8.ValidString(label):
		return refuse("label %.80q: say in 1 to %d characters what the token is for", label, maxLabel)
	case life < time.Minute || life > maxTokenLife:
		return refuse("life %s: want between a minute and 90 days", life)
	case who.Token != "":
		return refuse("a token cannot make tokens: log in")
	case role == Nobody || !who.Role.Allows(role):
		return refuse("role %q: want one up to your own, %s", role, who.Role)
	}
	return nil
}

// Tokens gives an account's tokens, newest first; those of all for "".
func (s *Service) Tokens(ctx context.Context, account string) ([]Token, error) {
	return s.Store.Tokens(ctx, account)
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, who User, account, id string) error {
	if who.Name != account && !who.Role.Allows(Admin) {
		return refuse("token %s belongs to %s: only an admin may revoke it", id, account)
	}
	if err := s.record(ctx, who, "revoke token", account+"/"+id, "", ""); err != nil {
		return err
	}
	if err := s.Store.DeleteToken(ctx, account, id); err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}
