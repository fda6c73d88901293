package operate

import (
	"context"

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
