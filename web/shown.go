package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// States holds the things that pages show against what they are by now, as the
// API does with If-Match. A thing is a *machine.Machine, *machine.Job,
// *machine.Rule, *machine.Delivery, *machine.Issue or auth.Account.
type States interface {
	// Tag names the state that a thing is shown in.
	Tag(thing any) string
	// Resting gives a context whose writes happen only while the thing is in the
	// state of a tag. The error, of the call and of such a write, is one that
	// Overtaken knows.
	Resting(ctx context.Context, thing any, tag string) (context.Context, error)
	Overtaken(error) bool
}

// Fields that forms send beside what people fill in: the state that the form
// was made of, and when that was.
const (
	fieldState = "state"
	fieldShown = "shown"
)

// resting is the context of a request whose form shows a thing: its writes
// happen only while the thing is what the form showed.
func (s *Site) resting(r *http.Request, thing any) (context.Context, error) {
	tag := r.PostFormValue(fieldState)
	if tag == "" {
		return r.Context(), nil
	}
	return s.States.Resting(r.Context(), thing, tag)
}

// overtaken is what happened to a thing since a form showed it.
type overtaken struct {
	Changes []change
	More    int
}

// change is one thing that somebody did meanwhile.
type change struct {
	Who, What string
	At        time.Time
	Fields    []string // "rack r12 → r13"
	Why       string
}

const mostChanges = 8

// meanwhile tells what happened to a thing since the form of a request was
// made, the newest first: by the audit, and for a machine by its changes of
// status. A form that does not say when it was made gets the last of it.
func (s *Site) meanwhile(r *http.Request, thing any) *overtaken {
	since, err := time.Parse(time.RFC3339Nano, r.PostFormValue(fieldShown))
	all := s.statuses(r.Context(), thing, since)
	rows, lost := s.Insight.Audit(r.Context(), auth.Query{Object: objectOf(thing), Since: since, Limit: mostChanges})
	for _, row := range rows {
		if lost == nil && !slices.ContainsFunc(all, func(c change) bool { return c.Who == row.Who && c.At.Equal(row.At) }) {
			all = append(all, change{Who: row.Who, What: row.What, At: row.At, Fields: differing(row), Why: row.Note})
		}
	}
	slices.SortStableFunc(all, func(a, b change) int { return b.At.Compare(a.At) })
	most := mostChanges
	if err != nil {
		most = 1
	}
	o := &overtaken{Changes: all[:min(len(all), most)]}
	if err == nil {
		o.More = len(all) - len(o.Changes)
	}
	return o
}

// statuses are a machine's changes of status since a time.
func (s *Site) statuses(ctx context.Context, thing any, since time.Time) (all []change) {
	m, ok := thing.(*machine.Machine)
	if !ok {
		return nil
	}
	history, err := s.Data.History(ctx, m.ID)
	if err != nil {
		return nil // the audit tells most of it
	}
	for _, h := range history {
		if !h.At.Before(since) {
			all = append(all, change{Who: h.Who, What: h.From.Human() + " → " + h.To.Human(), At: h.At, Why: h.Why})
		}
	}
	return all
}

// objectOf is the name by which the audit knows a thing.
func objectOf(thing any) string {
	switch v := thing.(type) {
	case *machine.Machine:
		return v.Name
	case *machine.Job:
		return v.ID
	case *machine.Rule:
		return v.Name
	case *machine.Delivery:
		return v.Name
	case *machine.Issue:
		return v.Name + " " + string(v.Kind)
	case auth.Account:
		return v.Name
	}
	return ""
}

// differing are the fields that a row of the audit says have changed.
func differing(row auth.Entry) (all []string) {
	var before, after map[string]any
	if cmp.Or(json.Unmarshal([]byte(cmp.Or(row.Before, "{}")), &before), json.Unmarshal([]byte(cmp.Or(row.After, "{}")), &after)) != nil { // words, no record
		return []string{clip(cmp.Or(row.Before, "nothing")+" → "+cmp.Or(row.After, "nothing"), 160)}
	}
	names := maps.Clone(before)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if was, is := spelled(before[name]), spelled(after[name]); was != is {
			all = append(all, clip(fmt.Sprintf("%s %s → %s", name, was, is), 160))
		}
	}
	return all
}

func spelled(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return cmp.Or(v, "nothing")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// overtaken shows the form of a thing that changed since the form was made: what
// changed, by whom, and what was typed, to be sent again by whoever still wants
// it. Buttons that have no form get one.
func (s *Site) overtaken(w http.ResponseWriter, r *http.Request, thing any, form func(*http.Request) (view, error)) error {
	if form == nil {
		form = s.repeat(r, thing)
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	c, ok := v.data.(confirm)
	if !ok {
		return fmt.Errorf("form of %s: %T is no dialog", r.URL.Path, v.data)
	}
	c.Meanwhile = s.meanwhile(r, thing)
	c.keep(r.PostForm)
	v.data = c
	return s.render(w, r, http.StatusConflict, v)
}

// repeat is the dialog of a button that has none.
func (s *Site) repeat(r *http.Request, thing any) func(*http.Request) (view, error) {
	return func(*http.Request) (view, error) {
		c := confirm{Of: thing, Title: objectOf(thing) + " changed meanwhile", Action: r.URL.Path, Back: back(r), Button: "Do it all the same"}
		said := []string{strings.ReplaceAll(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], "-", " ")}
		for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
			if name == fieldState || name == fieldShown {
				continue
			}
			for _, value := range r.PostForm[name] {
				c.Sends = append(c.Sends, detail{name, value})
				said = append(said, cmp.Or(clip(value, maxNote), "nothing"))
			}
		}
		c.Says = []string{"You asked for: " + strings.Join(said, ", ") + "."}
		return confirmView(c), nil
	}
}

// back leads to the page that a form was on.
func back(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || from.Path == "" {
		return "/"
	}
	return from.RequestURI()
}

// keep leaves in a dialog what was typed into it, but for passwords.
func (c *confirm) keep(sent url.Values) {
	for i := range c.Fields {
		if f := &c.Fields[i]; f.Type != "password" && sent.Has(f.Name) {
			f.Value = clip(sent.Get(f.Name), maxNote)
		}
	}
	if c.Choices != nil && sent.Has(c.Choices.Name) {
		chosen := sent.Get(c.Choices.Name)
		for i := range c.Choices.All {
			c.Choices.All[i].Chosen = c.Choices.All[i].Value == chosen
		}
	}
	c.NoteText, c.Typed = clip(sent.Get("note"), maxNote), clip(sent.Get("typed"), maxNote)
}
