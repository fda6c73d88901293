package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

//go:embed templates
var templateFiles embed.FS

// view is a page before it is one.
type view struct {
	title    string
	template string
	data     any
	// fragments are the parts that change while somebody looks; none: the page
	// does not move.
	fragments []fragment
	// machine is the id of the only machine whose changes matter; empty: all.
	machine string
	query   string // what the search box holds
}

// fragment is a part of a page: the element that its template makes has the
// fragment's id.
type fragment struct {
	id, template string
	data         any
	// key, where set, is comparable and stands for the content: equal keys
	// spare the rendering. With parts, it stands for the frame around them.
	key   any
	parts []fragment
}

// page is what layout and page templates get.
type page struct {
	Title  string
	User   auth.User
	Site   string
	Banner string // what everybody must know; "": nothing
	Query  string
	Live   bool
	Nav    []navGroup
	Search string // where the search box leads
	Now    time.Time
	D      any // the view's own data
}

func (s *Site) banner() string {
	if s.Banner == nil {
		return ""
	}
	return s.Banner()
}

// renderer holds the templates.
type renderer struct{ *template.Template }

func loadTemplates(a *assets, now func() time.Time) (*renderer, error) {
	t := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"asset": a.url, "size": discovery.Bytes, "memory": memory, "span": span, "short": short, "group": group,
		"guard": machine.ParseGuardNote, "guards": machine.GuardSummary,
		"human":    func(s machine.Status) string { return s.Human() },
		"url":      machineURL,
		"place":    place,
		"plural":   plural,
		"leaves":   leaves,
		"commas":   func(all []string) string { return strings.Join(all, ", ") },
		"time":     func(t time.Time) stamp { return stamp{t, now().Sub(t)} },
		"after":    func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
		"upto":     func(n int, s string) string { return clip(s, n) },
		"byteSize": func(n int64) string { return discovery.Bytes(uint64(max(n, 0))) },
	})
	t, err := t.ParseFS(templateFiles, "templates/*.html")
	return &renderer{t}, err
}

// stamp is a time as templates show it.
type stamp struct {
	t   time.Time
	age time.Duration
}

func (s stamp) IsZero() bool    { return s.t.IsZero() }
func (s stamp) Machine() string { return s.t.UTC().Format(time.RFC3339Nano) }
func (s stamp) Full() string    { return s.t.UTC().Format("2006-01-02 15:04:05 UTC") }
func (s stamp) Plain() string   { return s.t.UTC().Format(time.DateTime) }
func (s stamp) Clock() string   { return s.t.UTC().Format("15:04:05.000") }
func (s stamp) Ago() string     { return ago(s.age) }

// Until spells the time that is left.
func (s stamp) Until() string {
	if s.age >= 0 {
		return "expired"
	}
	left := -s.age
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if left >= 2*unit {
			left = left.Truncate(unit)
			break
		}
	}
	return "in " + span(left)
}

// clip shortens text that a stranger may have made very long.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// write renders one template. Nothing is written when it fails.
func (r *renderer) write(w io.Writer, name string, data any) error {
	var b bytes.Buffer
	if err := r.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	_, err := b.WriteTo(w)
	return err
}

// text renders one template.
func (r *renderer) text(name string, data any) (string, error) {
	var b bytes.Buffer
	err := r.write(&b, name, data)
	return b.String(), err
}

// page serves a view as a page, and to an event source as what changes on it.
func (s *Site) page(build func(*http.Request) (view, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Add("Vary", "Accept")
		if r.Header.Get("Accept") == "text/event-stream" {
			return s.stream(w, r, build)
		}
		v, err := build(r)
		if err != nil {
			return err
		}
		return s.render(w, r, http.StatusOK, v)
	}
}

func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, v view) error {
	u, _ := auth.From(r.Context())
	if c, ok := v.data.(confirm); ok && c.Of != nil {
		c.State = s.States.Tag(c.Of)
		v.data = c
	}
	p := page{
		Title: v.title, User: u, Site: s.Site, Banner: s.banner(), Query: v.query, Now: s.Now(),
		Live: len(v.fragments) > 0, Nav: s.nav(r, u), Search: searchTarget(r), D: v.data,
	}
	var b bytes.Buffer
	if err := s.pages.write(&b, v.template, p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the client is gone: nobody is left to tell
	return nil
}

// searchTarget keeps a search on the racks page there.
func searchTarget(r *http.Request) string {
	if r.URL.Path == "/" {
		return "/"
	}
	return "/machines"
}
