package inspect

import (
	"context"
	"maps"

	"firstlight/server/issue"
	"firstlight/server/machine"
)

// reconcile brings the list to what was found. Nothing is written where it is
// so already.
func (i *Inspector) reconcile(ctx context.Context, o outcome) error {
	var closed []machine.IssueRef
	for _, old := range i.DB.Issues() {
		now := o.open[old.Ref()]
		switch {
		case now == nil && o.blind[old.Machine] && fromFacts(old.Kind):
		case now == nil:
			closed = append(closed, old.Ref())
		case now.Sentence == old.Sentence && now.Name == old.Name && maps.Equal(now.Evidence, old.Evidence):
			delete(o.open, old.Ref())
		}
	}
	open := make([]*machine.Issue, 0, len(o.open))
	for _, n := range o.open {
		open = append(open, n)
	}
	for len(open)+len(closed) > 0 {
		n, c := min(len(open), atOnce), min(len(closed), atOnce)
		if err := i.DB.SetIssues(ctx, open[:n], closed[:c]); err != nil {
			return err
		}
		open, closed = open[n:], closed[c:]
	}
	return nil
}

func fromFacts(kind machine.IssueKind) bool {
	e, _ := issue.Of(kind)
	return e.FromFacts
}
