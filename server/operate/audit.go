package operate

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"firstlight/server/auth"
	"firstlight/server/serverdb"
)

// Audit reads what a query picks of the audit.
func (d *Desk) Audit(ctx context.Context, q auth.Query) ([]auth.Entry, error) {
	rows, err := d.DB.Audits(ctx, serverdb.AuditQuery{
		Who: q.Who, Action: q.What, Target: q.Object, Since: q.Since, Until: q.Until, Before: q.Before, After: q.After,
		Oldest: q.Oldest, Limit: q.Limit,
	})
	if err != nil {
		return nil, err
	}
	all := make([]auth.Entry, len(rows))
	for i, a := range rows {
		all[i] = auth.Entry{
			ID: a.ID, At: a.At.UTC(), Who: a.Who, Token: a.Token, Address: a.Address, What: a.Action, Object: a.Target,
			Before: a.Before, After: a.After, Note: a.Note, Hash: a.Hash,
		}
	}
	return all, nil
}

// VerifyAudit walks the chain of the audit. kept is a head that was noted
// before, elsewhere; the zero head asks for none.
func (d *Desk) VerifyAudit(ctx context.Context, kept auth.ChainHead) (auth.Chain, error) {
	if kept.Hash != "" && !hexDigest.MatchString(kept.Hash) {
		return auth.Chain{}, &Refused{Field: "hash", Value: clip(kept.Hash), Why: "is no hash of a row", Remedy: "give the 64 hex digits that verify showed with the row's id"}
	}
	if (kept.ID == 0) != (kept.Hash == "") {
		return auth.Chain{}, &Refused{Field: "id", Value: strconv.FormatInt(kept.ID, 10), Why: "a head is an id with its hash", Remedy: "give both, or none"}
	}
	return d.DB.VerifyAudit(ctx, kept)
}

var hexDigest = regexp.MustCompile("^[0-9a-f]{64}$")

// exportPage is how many rows an export reads at once.
const exportPage = 500

// EachAudit hands every row that a query picks to use, oldest first, until one
// answers with an error. Rows that come meanwhile are in it.
func (d *Desk) EachAudit(ctx context.Context, q auth.Query, use func(auth.Entry) error) error {
	q.Oldest, q.Limit = true, exportPage
	for {
		page, err := d.Audit(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := use(e); err != nil {
				return err
			}
			q.After = e.ID
		}
		if len(page) < exportPage {
			return nil
		}
	}
}

// NoteExport keeps in the audit that somebody took it out of the house.
func (d *Desk) NoteExport(ctx context.Context, who auth.User, q auth.Query, format string) error {
	asked, _, err := auth.Differences(struct {
		Who    string    `json:"who"`
		What   string    `json:"what"`
		Object string    `json:"object"`
		Since  time.Time `json:"since,omitzero"`
		Until  time.Time `json:"until,omitzero"`
	}{q.Who, q.What, q.Object, q.Since, q.Until}, nil)
	if err != nil {
		return err
	}
	return d.DB.RecordAudit(ctx, serverdb.ActorOf(who), "export audit", asked, "", format)
}
