package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// listed are the forms of things that boots rest on and that have no version:
// rules and subnets. What a change does to the boots that there were is read
// before it is saved, and who changed what since a form was made is told by what
// the fields said then.
type listed[T any] struct {
	*Site
	list, title, one string // the page of all, its title, and the word for one
	fields           []declare.Field[*T]
	all              func() []*T
	fresh            func(name string) *T // a new one
	name             func(*T) string
	proposal         func(*T) Proposal
	put              func(context.Context, auth.User, *T, func(*T) error) error
	page             func(*http.Request, *form) (view, error) // the page of all, with the form of a new one
}

func (l listed[T]) of(name string) string { return l.list + "/" + url.PathEscape(name) }

// find gives the one that an address names.
func (l listed[T]) find(r *http.Request) (*T, error) {
	name := r.PathValue("name")
	all := l.all()
	if at := slices.IndexFunc(all, func(of *T) bool { return l.name(of) == name }); at >= 0 {
		return all[at], nil
	}
	return nil, machine.Missing(l.one, name)
}

func (l listed[T]) blank() *form {
	return &form{
		Action: l.list, Back: l.list, Button: "Add the " + l.one, Tries: true,
		Groups: []entryGroup{{Entries: append([]*entry{nameEntry()}, entries(l.Site, l.fields, l.fresh(""))...)}},
	}
}

func (l listed[T]) form(of *T) *form {
	return &form{
		Action: l.of(l.name(of)) + "/edit", Back: l.list, Button: "Save", Tries: true,
		Groups: []entryGroup{{Entries: entries(l.Site, l.fields, of)}},
	}
}

func (l listed[T]) edit(r *http.Request) (view, error) {
	of, err := l.find(r)
	if err != nil {
		return view{}, err
	}
	return l.view(l.name(of), l.form(of)), nil
}

func (l listed[T]) view(name string, f *form) view {
	return editView("Edit "+name, f, key{l.title, l.list})
}

// errRead says that what a change does is to be read before it is saved.
var errRead = errors.New("read first what it changes")

// write writes what a form says into a thing and that to ServerDb, once what it
// changes was read. found judges what is there.
func (l listed[T]) write(r *http.Request, f *form, of *T, found func(*T) error) error {
	if err := read(f, l.fields, of); err != nil {
		return err
	}
	switch stop, err := l.compared(r, f, l.proposal(of)); {
	case err != nil:
		return err
	case stop:
		return errRead
	}
	return l.put(r.Context(), userOf(r), of, found)
}

func (l listed[T]) add(w http.ResponseWriter, r *http.Request) error {
	f := l.blank()
	f.fill(r)
	name := f.entry("name").Value
	err := l.write(r, f, l.fresh(name), func(old *T) error {
		if old != nil {
			return &declare.Error{Field: "name", Value: name, Why: "there is a " + l.one + " of this name already: change that one, or give another name"}
		}
		return nil
	})
	if err == nil {
		http.Redirect(w, r, l.list, http.StatusSeeOther)
		return nil
	}
	status, err := f.answers(err)
	if err != nil {
		return err
	}
	v, err := l.page(r, f)
	if err != nil {
		return err
	}
	return l.render(w, r, status, v)
}

// change writes one anew, unless somebody changed it since its form was made.
func (l listed[T]) change(w http.ResponseWriter, r *http.Request) error {
	of, err := l.find(r)
	if err != nil {
		return err
	}
	f, name := l.form(of), l.name(of)
	if f.fill(r) {
		return l.stale(w, r, f, name)
	}
	put := *of
	err = l.write(r, f, &put, l.same(of))
	if err == nil {
		http.Redirect(w, r, l.list, http.StatusSeeOther)
		return nil
	}
	if now, gone := l.find(r); errors.Is(err, errOvertaken) && gone == nil {
		f = l.form(now)
		f.fill(r)
		return l.stale(w, r, f, name)
	}
	status, err := f.answers(err)
	if err != nil {
		return &refused{err}
	}
	return l.render(w, r, status, l.view(name, f))
}

func (l listed[T]) stale(w http.ResponseWriter, r *http.Request, f *form, name string) error {
	f.Stale = l.since(r, "write "+l.one, name)
	return l.render(w, r, http.StatusConflict, l.view(name, f))
}

// same lets a write go on that finds what was looked at.
func (l listed[T]) same(looked *T) func(*T) error {
	return func(old *T) error {
		if old == nil || slices.ContainsFunc(l.fields, func(f declare.Field[*T]) bool { return f.Text(old) != f.Text(looked) }) {
			return errOvertaken
		}
		return nil
	}
}
