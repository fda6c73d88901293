package main

import (
	"context"
	"net/url"
	"slices"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
)

// listFlags choose how a list is printed.
type listFlags struct {
	Output string `short:"o" enum:"table,wide,json,yaml,csv,name" default:"table" help:"table, wide (all columns), json (as the API says it), yaml, csv or name (one on a line)."`
	Watch  bool   `short:"w" help:"Print again what changes, until Ctrl-C."`
}

// listing is a command that lists: what of, and from where.
type listing[T any] struct {
	columns []output.Column[T]
	read    func(context.Context, *client.Client) (client.Rows[T], error)
	none    string // said when there is no row
	newest  bool   // rows come newest first
	limited bool   // to so many rows: that one leaves the list is no news
}

// run prints the list once, or for as long as somebody watches.
func (l listing[T]) run(ctx context.Context, h *host, r *remote, f listFlags) error {
	a, err := r.open(h)
	if err != nil {
		return err
	}
	rows, err := l.read(ctx, a)
	if err != nil {
		return err
	}
	if len(rows.Items) == 0 && l.none != "" {
		h.note("%s", l.none)
	}
	if f.Watch {
		return watch(ctx, a.Changes(ctx, ""), l.view(h, f.Output), rows, func() (client.Rows[T], error) { return l.read(ctx, a) })
	}
	return output.List(h.printer(f.Output), output.Rows[T](rows), l.columns)
}

// whole reads a list that has one page.
func whole[T any](path string, query url.Values) func(context.Context, *client.Client) (client.Rows[T], error) {
	return func(ctx context.Context, a *client.Client) (client.Rows[T], error) {
		return client.Whole[T](ctx, a, path, query)
	}
}

// paged reads a list page by page, at most limit rows where limit is not 0.
func paged[T any](path string, query url.Values, limit int) func(context.Context, *client.Client) (client.Rows[T], error) {
	return func(ctx context.Context, a *client.Client) (client.Rows[T], error) {
		return client.Paged[T](ctx, a, path, query, limit)
	}
}

// queryOf makes a query of names and values; what is empty was not given.
func queryOf(pairs ...string) url.Values {
	query := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			query.Set(pair[0], pair[1])
		}
	}
	return query
}
