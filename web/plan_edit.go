package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"firstlight/server/declare"
	"firstlight/server/machine"
)

// blank is the form of a new item; what the address says is filled in.
func (p planPages) blank(r *http.Request) *form {
	f := &form{Action: p.List(), Back: p.List(), Button: "Add the " + p.One, Tries: p.Kind == machine.KindOption}
	f.Groups = []entryGroup{{Entries: append([]*entry{nameEntry()}, entries(p.Site, declare.Plan(p.Kind), machine.NewPlan(p.Kind, ""))...)}}
	for _, in := range f.all() {
		if in.Value = strings.TrimSpace(r.URL.Query().Get(in.Name)); in.Value != "" {
			in.Value = clip(in.Value, 200)
		}
	}
	return f
}

// nameEntry is the field that package declare has not: the name, which stays.
func nameEntry() *entry {
	return &entry{Name: "name", Label: "Name", Says: "lower-case letters, digits and inner dashes; it stays", Must: true, Code: true}
}

// existing is the form of an item.
func (p planPages) existing(row machine.PlanItem) *form {
	url := p.of(row.Item.Key())
	return &form{
		Action: url, Back: url, Button: "Save", Version: row.Version, Tries: p.Kind == machine.KindOption,
		Groups: []entryGroup{{Entries: entries(p.Site, declare.Plan(p.Kind), row.Item)}},
	}
}

func (p planPages) edit(r *http.Request) (view, error) {
	row, err := p.find(r)
	if err != nil {
		return view{}, err
	}
	return p.editView(row.Item.Key(), p.existing(row)), nil
}

func (p planPages) editView(name string, f *form) view {
	return editView("Edit "+name, f, key{"Plan", "/plan"}, key{p.Title, p.List()}, key{name, p.of(name)})
}

// add makes a new item of what was typed.
func (p planPages) add(w http.ResponseWriter, r *http.Request) error {
	f := p.blank(r)
	f.fill(r)
	name := f.entry("name").Value
	_, err := p.Data.PlanOf(p.ref(name))
	switch {
	case err == nil:
		err = &declare.Error{Field: "name", Value: name, Why: "there is a " + p.One + " of this name already: change that one, or give another name"}
	case errors.Is(err, machine.ErrNotFound):
		err = p.put(r, f, name, -1)
	}
	if err == nil {
		http.Redirect(w, r, p.of(name), http.StatusSeeOther)
		return nil
	}
	status, err := f.answers(err)
	if err != nil {
		return err
	}
	d := p.listData(r)
	d.Form, d.Open = f, true
	return p.render(w, r, status, p.listView(d))
}

// put writes what the form says over a version.
func (p planPages) put(r *http.Request, f *form, name string, version int64) error {
	item := machine.NewPlan(p.Kind, name)
	if err := read(f, declare.Plan(p.Kind), item); err != nil {
		return err
	}
	if set, ok := item.(*machine.OptionSet); ok {
		switch stop, err := p.compared(r, f, Proposal{Options: set}); {
		case err != nil:
			return err
		case stop:
			return errRead
		}
	}
	_, err := p.Actions.PutPlan(r.Context(), userOf(r), item, version)
	return err
}

// change writes an item anew. Where somebody changed or removed it since the
// form was made, nothing is written and both are shown.
func (p planPages) change(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	row, err := p.Data.PlanOf(p.ref(name))
	gone := errors.Is(err, machine.ErrNotFound)
	switch {
	case gone:
		row.Item = machine.NewPlan(p.Kind, name)
	case err != nil:
		return err
	}
	f := p.existing(row)
	changed := f.fill(r)
	sent := r.PostFormValue("version")
	if sent != strconv.FormatInt(row.Version, 10) && (changed || gone) {
		return p.stale(w, r, f, name, gone)
	}
	version := row.Version
	if gone {
		version = -1
	}
	if err = p.put(r, f, name, version); err == nil {
		http.Redirect(w, r, p.of(name), http.StatusSeeOther)
		return nil
	}
	if now, found := p.Data.PlanOf(p.ref(name)); found == nil && now.Version != row.Version {
		f = p.existing(now) // it changed between the look and the write
		f.fill(r)
		return p.stale(w, r, f, name, false)
	}
	status, err := f.answers(err)
	if err != nil {
		return err
	}
	return p.render(w, r, status, p.editView(name, f))
}

func (p planPages) stale(w http.ResponseWriter, r *http.Request, f *form, name string, gone bool) error {
	verb := "write "
	if gone {
		verb = "remove "
	}
	f.Stale = p.since(r, verb+string(p.Kind), name)
	f.Stale.Gone = gone
	return p.render(w, r, http.StatusConflict, p.editView(name, f))
}

// askDrop is the dialog before an item is removed.
func (p planPages) askDrop(r *http.Request) (view, error) {
	row, err := p.find(r)
	if err != nil {
		return view{}, err
	}
	name := row.Item.Key()
	c := confirm{
		Title: "Remove " + p.One + " " + name, Action: p.of(name) + "/delete", Back: p.of(name), Button: "Remove", Danger: true,
		Sends: []detail{{"version", strconv.FormatInt(row.Version, 10)}},
		Says:  []string{"Nothing rests on it: no machine, no rule and no other item of the plan. The audit keeps what it said."},
	}
	by := p.Data.Rests(p.ref(name))
	if len(by) == 0 {
		return confirmView(c), nil
	}
	c.Shut, c.Error = true, "It stays while something rests on it. Change that first."
	c.Says = []string{sentence(named(by))}
	return confirmView(c), nil
}

// named names what rests on something; where they are many, the rest by number.
func named(by []string) string {
	shown := by[:min(len(by), maxRests/2)]
	text := strings.Join(shown, ", ")
	if n := len(by) - len(shown); n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// drop removes an item of which the dialog showed the version.
func (p planPages) drop(w http.ResponseWriter, r *http.Request) error {
	row, err := p.find(r)
	if err != nil {
		return err
	}
	name := row.Item.Key()
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil || version != row.Version {
		return p.again(w, r, nil, p.askDrop, fmt.Errorf("%s changed it since this was asked: look at it, then remove it", cmp.Or(p.since(r, "write "+string(p.Kind), name).Who, "somebody")))
	}
	if err := p.Actions.DropPlan(r.Context(), userOf(r), p.ref(name), version); err != nil {
		return p.again(w, r, nil, p.askDrop, err)
	}
	http.Redirect(w, r, p.List(), http.StatusSeeOther)
	return nil
}
