package api

import (
	"context"
	"fmt"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// TestWhatIsShownRestsOnItsTag: a context that rests on what was shown writes
// while it is so, and not afterwards.
func TestWhatIsShownRestsOnItsTag(t *testing.T) {
	b := newBench(t)
	b.account()
	m := b.add(1)
	rule := b.db.Rules()[0]
	b.must(b.db.SetIssues(t.Context(), []*machine.Issue{{Subject: m.ID, Name: m.Name, Machine: m.ID, Kind: "silent", Sentence: "silent"}}, nil))
	issue := machine.IssueRef{Subject: m.ID, Kind: "silent"}
	silent, err := b.db.Issue(issue)
	b.must(err)
	account, err := b.api.People.Account(t.Context(), "ada")
	b.must(err)
	ada := serverdb.Actor{Name: "ada"}
	for name, tt := range map[string]struct {
		thing any
		write func(context.Context) error
	}{
		"machine": {m, func(ctx context.Context) error {
			return b.db.Edit(ctx, m.ID, 0, "ada", "", func(m *machine.Machine) error { m.Note += "x"; return nil })
		}},
		"rule": {rule, func(ctx context.Context) error {
			next := *rule
			next.Limit++
			return b.db.PutRule(ctx, ada, &next, func(*machine.Rule) error { return nil })
		}},
		"issue": {silent, func(ctx context.Context) error {
			return b.db.TakeIssue(ctx, ada, issue, false)
		}},
		"account": {account, func(ctx context.Context) error {
			return b.api.People.SetTeams(ctx, auth.User{Name: "root", Role: auth.Admin}, "ada", []string{fmt.Sprint("t", time.Now().UnixNano())})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tag := b.api.Tag(tt.thing)
			if _, err := b.api.Resting(t.Context(), tt.thing, `"v999"`); !b.api.Overtaken(err) {
				t.Errorf("Resting() on another state = %v", err)
			}
			first, err := b.api.Resting(t.Context(), tt.thing, tag)
			b.must(err)
			late, err := b.api.Resting(t.Context(), tt.thing, tag)
			b.must(err)
			b.must(tt.write(first))
			if err := tt.write(late); !b.api.Overtaken(err) {
				t.Errorf("a write on a state that is over = %v", err)
			}
		})
	}
}
