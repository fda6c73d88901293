package auth

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const maxLabel = 64

// NewToken makes an API token for an account and gives its text, which is
// never shown again. It allows at most a role, and acts for some of the
// account's teams, or for all that it has at the time when none is named.
func (s *Service) NewToken(ctx context.Context, who User, label string, role Role, teams []string, life time.Duration) (string, Token, error) {
	label = strings.TrimSpace(label)
	if err := checkToken(who, label, role, life); err != nil {
		return "", Token{}, err
	}
	teams, err := tokenTeams(who, teams)
	if err != nil {
		return "", Token{}, err
	}
	plain, err := newSecret(s.Random, TokenPrefix)
	if err != nil {
		return "", Token{}, err
	}
	now := s.Now()
	t := Token{
		Digest: digest(plain), Account: who.Name, Label: label, Role: role, Teams: teams,
		CreatedAt: now, Expires: now.Add(life),
	}
	t.ID = t.Digest.String()[:12]
	if err := s.recordChange(ctx, who, "make token", t.Account+"/"+t.ID, nil, t); err != nil {
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

// tokenTeams refuses teams that the account is not in.
func tokenTeams(who User, teams []string) ([]string, error) {
	teams, err := checkTeams(teams)
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		if !who.InTeam(t) {
			return nil, refuse("team %q: you are not in it: name some of yours (%s), or none to act for all of them", t, cmp.Or(strings.Join(who.Teams, ", "), "you are in none"))
		}
	}
	return teams, nil
}

// Tokens gives an account's tokens, newest first; those of all for "".
func (s *Service) Tokens(ctx context.Context, account string) ([]Token, error) {
	return s.Store.Tokens(ctx, account)
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, who User, account, id string) error {
	if who.Name != account && !who.Role.Allows(Admin) {
		return refuse("token %.64s belongs to %.64s: only an admin may revoke it", id, account)
	}
	t, err := s.token(ctx, account, id)
	if err != nil {
		return err
	}
	if err := s.recordChange(ctx, who, "revoke token", account+"/"+id, t, nil); err != nil {
		return err
	}
	if err := s.Store.DeleteToken(ctx, account, id); err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}

func (s *Service) token(ctx context.Context, account, id string) (Token, error) {
	all, err := s.Store.Tokens(ctx, account)
	if err != nil {
		return Token{}, err
	}
	if i := slices.IndexFunc(all, func(t Token) bool { return t.ID == id && t.Account == account }); i >= 0 {
		return all[i], nil
	}
	return Token{}, fmt.Errorf("token %.64q of %.64q: %w", id, account, ErrNotFound)
}
