package api

import (
	"context"
	"strconv"
	"time"

	"firstlight/server/auth"
)

// AuditQuery picks rows of the audit.
type AuditQuery struct {
	Who    string    `query:"who" maxLength:"64" doc:"Account, or part of Firstlight; absent: all" example:"ada"`
	What   string    `query:"what" maxLength:"64" doc:"What was done; absent: everything" example:"lock"`
	Object string    `query:"object" maxLength:"200" doc:"To what; absent: to all" example:"C0MPUT3"`
	Since  time.Time `query:"since" doc:"From this time on" example:"2026-03-01T12:00:00Z"`
	Until  time.Time `query:"until" doc:"Before this time" example:"2026-03-02T12:00:00Z"`
}

func (q AuditQuery) query() auth.Query {
	return auth.Query{Who: q.Who, What: q.What, Object: q.Object, Since: q.Since, Until: q.Until}
}

type auditInput struct {
	Page
	AuditQuery
}

func (a *API) audit(ctx context.Context, in *auditInput) (Tail[AuditEntry], error) {
	before, err := idCursor(in.Cursor)
	if err != nil {
		return Tail[AuditEntry]{}, err
	}
	q := in.query()
	q.Before, q.Limit = before, in.Limit+1
	rows, err := a.Desk.Audit(ctx, q)
	if err != nil {
		return Tail[AuditEntry]{}, err
	}
	return tail(rows, in.Limit, entryID, func(e auth.Entry) AuditEntry { return AuditEntry(e) }), nil
}

func entryID(e auth.Entry) string { return strconv.FormatInt(e.ID, 10) }
