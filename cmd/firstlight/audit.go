package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type auditCmd struct {
	Ls     auditLsCmd     `cmd:"" help:"List what people and programs did."`
	Verify auditVerifyCmd `cmd:"" help:"Check whether the audit is what was written."`
}

type auditLsCmd struct {
	remote
	listFlags
	Limit  int    `default:"100" help:"The newest so many; 0 for all."`
	Who    string `help:"Of this account, or part of Firstlight."`
	What   string `help:"Of this act, such as 'power off'."`
	Object string `help:"To this machine, account or other thing."`
	Since  string `placeholder:"TIME" help:"From this time on: 2026-03-01, 2026-03-01T12:00:00Z, or an age such as 24h."`
	Until  string `placeholder:"TIME" help:"Before this time, likewise."`
}

// Run lists the audit, the newest first.
func (c *auditLsCmd) Run(ctx context.Context, h *host) error {
	since, err := h.moment("--since", c.Since)
	if err != nil {
		return err
	}
	until, err := h.moment("--until", c.Until)
	if err != nil {
		return err
	}
	l := listing[api.AuditEntry]{columns: auditColumns, newest: true, limited: true}
	l.read = paged[api.AuditEntry]("/audit", queryOf("who", c.Who, "what", c.What, "object", c.Object, "since", since, "until", until), c.Limit)
	return l.run(ctx, h, &c.remote, c.listFlags)
}

// moment reads a time as people give it; "" for none.
func (h *host) moment(flag, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if age, err := time.ParseDuration(text); err == nil {
		return h.now().Add(-age.Abs()).UTC().Format(time.RFC3339), nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return at.UTC().Format(time.RFC3339), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", usage("%s %q: want a day such as 2026-03-01, a time such as 2026-03-01T12:00:00Z, or an age such as 24h", flag, text)
	}
	return at.UTC().Format(time.RFC3339), nil
}

var auditColumns = []output.Column[api.AuditEntry]{
	{Name: "id", Wide: true, Value: func(e api.AuditEntry) any { return e.ID }},
	{Name: "at", Value: func(e api.AuditEntry) any { return e.At }},
	{Name: "who", Value: func(e api.AuditEntry) any { return e.Who }},
	{Name: "token", Wide: true, Value: func(e api.AuditEntry) any { return e.Token }},
	{Name: "address", Head: "FROM", Value: func(e api.AuditEntry) any { return e.Address }},
	{Name: "what", Value: func(e api.AuditEntry) any { return e.What }},
	{Name: "object", Value: func(e api.AuditEntry) any { return e.Object }},
	{Name: "before", Value: func(e api.AuditEntry) any { return e.Before }},
	{Name: "after", Value: func(e api.AuditEntry) any { return e.After }},
	{Name: "note", Value: func(e api.AuditEntry) any { return e.Note }},
	{Name: "hash", Wide: true, Value: func(e api.AuditEntry) any { return e.Hash }},
}

type auditVerifyCmd struct {
	remote
	Kept string `placeholder:"ID:HASH" help:"A head that was printed before and kept elsewhere: shows also an end that was cut off and a chain that was written anew."`
}

// Run walks the chain, prints its head to keep, and fails where it is broken.
func (c *auditVerifyCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	id, hash, _ := strings.Cut(c.Kept, ":")
	if _, err := strconv.ParseUint(id, 10, 63); c.Kept != "" && (err != nil || hash == "") {
		return usage("--kept %q: want the id and hash that were printed, such as 4711:9f3c…", c.Kept)
	}
	var chain api.AuditChain
	if _, err := a.Get(ctx, "/audit/chain", queryOf("id", id, "hash", hash), &chain); err != nil {
		return err
	}
	if !chain.Whole {
		return failure{code: exitFailed, err: fmt.Errorf("the chain of the audit is broken at row %d: %s", chain.Broken, chain.Why)}
	}
	h.note("the chain of %s is whole; keep its head elsewhere and give it to --kept the next time", plural(int(chain.Rows), "row"))
	return h.say("%d:%s", chain.Head.ID, chain.Head.Hash)
}
