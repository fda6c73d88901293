package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"firstlight/server/auth"
)

// auditData is the audit with what it was asked for.
type auditData struct {
	Rows  []auth.Entry
	Asked []field
	Error string
	// Older and Export are addresses; Older is empty where there are no older rows.
	Older, NDJSON, CSV, Check string
	Chain                     *auth.Chain // where it was asked for
	Kept                      auth.ChainHead
}

const auditRows = 100

// auditFields are what the audit may be asked by.
var auditFields = []field{
	{Name: "who", Label: "Who", Type: "text"},
	{Name: "what", Label: "What", Type: "text"},
	{Name: "object", Label: "Object", Type: "text"},
	{Name: "since", Label: "Since (UTC)", Type: "date"},
	{Name: "until", Label: "Until (UTC)", Type: "date"},
}

func (s *Site) audit(r *http.Request) (view, error) {
	asked := url.Values{}
	d := auditData{Rows: []auth.Entry{}}
	for _, f := range auditFields {
		f.Value = strings.TrimSpace(r.URL.Query().Get(f.Name))
		if f.Value != "" {
			asked.Set(f.Name, f.Value)
		}
		d.Asked = append(d.Asked, f)
	}
	q, err := auditQuery(r.URL.Query())
	if err != nil {
		d.Error = sentence(err.Error())
		return view{title: "Audit", template: "audit", data: d}, nil
	}
	if d.Rows, err = s.Insight.Audit(r.Context(), q); err != nil {
		return view{}, fmt.Errorf("read the audit: %w", err)
	}
	d.links(asked, q)
	s.checkChain(r.Context(), r.URL.Query(), &d)
	return view{title: "Audit", template: "audit", data: d}, nil
}

// links makes the addresses of the older rows and of the files.
func (d *auditData) links(asked url.Values, q auth.Query) {
	of := func(path, key, value string) string {
		v := url.Values{key: {value}}
		for name := range asked {
			v[name] = asked[name]
		}
		return path + "?" + v.Encode()
	}
	if len(d.Rows) > auditRows {
		d.Rows = d.Rows[:auditRows]
		d.Older = of("/audit", "before", strconv.FormatInt(d.Rows[auditRows-1].ID, 10))
	}
	for _, bound := range []struct {
		name string
		at   time.Time
	}{{"since", q.Since}, {"until", q.Until}} {
		if !bound.at.IsZero() { // the API wants a time, people gave a day
			asked.Set(bound.name, bound.at.Format(time.RFC3339))
		}
	}
	d.NDJSON, d.CSV = of("/api/v1/audit/export", "format", "ndjson"), of("/api/v1/audit/export", "format", "csv")
}

// auditQuery reads what was asked for. Until is the last day that is in it.
func auditQuery(v url.Values) (auth.Query, error) {
	q := auth.Query{
		Who: strings.TrimSpace(v.Get("who")), What: strings.TrimSpace(v.Get("what")), Object: strings.TrimSpace(v.Get("object")),
		Limit: auditRows + 1,
	}
	for _, bound := range []struct {
		name string
		days int
		to   *time.Time
	}{{"since", 0, &q.Since}, {"until", 1, &q.Until}} {
		text := v.Get(bound.name)
		if text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return q, fmt.Errorf("%s %q: want a day such as 2026-03-01", bound.name, clip(text, 32))
		}
		*bound.to = day.AddDate(0, 0, bound.days)
	}
	if text := v.Get("before"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return q, fmt.Errorf("before %q: want the id of a row", clip(text, 32))
		}
		q.Before = id
	}
	return q, nil
}

// checkChain walks the chain where somebody asked for it, with the head that
// they kept, if any: "4711 9f3c…", as it was shown to them.
func (s *Site) checkChain(ctx context.Context, v url.Values, d *auditData) {
	if !v.Has("chain") {
		return
	}
	id, hash, _ := strings.Cut(strings.TrimSpace(v.Get("chain")), " ")
	d.Kept.Hash = strings.TrimSpace(hash)
	if id != "" {
		d.Kept.ID, _ = strconv.ParseInt(id, 10, 64) // refused below, with its hash
	}
	chain, err := s.Insight.VerifyAudit(ctx, d.Kept)
	if err != nil {
		d.Error = sentence(err.Error())
		return
	}
	d.Chain = &chain
}

// leaves are the fields of a record's change by name; any other text is one
// leaf without a name.
func leaves(text string) []key {
	var fields map[string]any
	if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &fields) != nil {
		return []key{{Value: text}}
	}
	var all []key
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, err := json.Marshal(fields[name])
		if word, is := fields[name].(string); is || err != nil {
			value = []byte(word)
		}
		all = append(all, key{name, string(value)})
	}
	return all
}
