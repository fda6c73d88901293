package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/delivery"
)

// List is a list of machines that a person brings.
type List struct {
	Text     []byte   // CSV or JSON
	Map      []string // HEADING=COLUMN
	Delivery string
	Site     string // of machines whose line names neither site nor rack

	DryRun, Partial bool
	Create          bool // add the racks that are not there
}

// Brought is what became of a list.
type Brought struct {
	delivery.Judgement
	Style    delivery.Style
	Headings []delivery.Heading
	Written  bool
}

// listForm is the form that brings a list, as it was filled in.
type listForm struct {
	Name, Site, Map, Text string
	Error                 string
}

// verdictsData is what a list would do, line by line, and the form that writes
// it.
type verdictsData struct {
	listForm
	Style                       delivery.Style
	LeftOut                     []string
	Says                        string
	Refused, Changed, New       []verdictLine
	MoreRefused, MoreChanged    int
	MoreNew, Unchanged, Written int
	Missing                     []string // racks and sites that would be added
	MayCreate, Create           bool
}

// verdictLine is a line of the list: which, what it is, and what to do about it.
type verdictLine struct {
	Line    int
	Machine string
	Place   string
	Faults  []delivery.Fault
	Changes []delivery.Change
}

// mostLines is how many lines of one verdict a page shows.
const mostLines = 200

// maxList bounds the form of a list: the list, and the little beside it.
const maxList = delivery.MaxBytes + 1<<20

// listOf reads the form. A file wins over what was pasted.
func listOf(r *http.Request) (listForm, error) {
	if err := r.ParseMultipartForm(maxList); //nolint:gosec // the router bounds every body
	err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return listForm{}, err
	}
	f := listForm{Name: strings.TrimSpace(r.PostFormValue("delivery")), Site: strings.TrimSpace(r.PostFormValue("site")), Map: r.PostFormValue("map"), Text: r.PostFormValue("list")}
	file, _, err := r.FormFile("file")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return f, nil
	case err != nil:
		return f, fmt.Errorf("the file of the form: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(file)
	if len(text) > 0 {
		f.Text = string(text)
	}
	return f, err
}

// list is the form as the appliance takes it.
func (f *listForm) list(r *http.Request) List {
	l := List{Text: []byte(f.Text), Delivery: f.Name, Site: f.Site, Partial: r.PostFormValue("partial") == "yes", Create: r.PostFormValue("create") == "yes"}
	for line := range strings.Lines(f.Map) {
		if line = strings.TrimSpace(line); line != "" {
			l.Map = append(l.Map, line)
		}
	}
	return l
}

// checkList judges a list and writes nothing.
func (s *Site) checkList(w http.ResponseWriter, r *http.Request) error {
	return s.bring(w, r, true)
}

// writeList writes a list that was judged before.
func (s *Site) writeList(w http.ResponseWriter, r *http.Request) error {
	return s.bring(w, r, false)
}

func (s *Site) bring(w http.ResponseWriter, r *http.Request, dry bool) error {
	f, err := listOf(r)
	if err != nil {
		return err
	}
	if f.Name == "" {
		return s.formAgain(w, r, f, errors.New("the delivery has no name: give it the number of the order, such as 2026-1140"))
	}
	l := f.list(r)
	l.DryRun = dry
	got, err := s.Actions.Bring(r.Context(), userOf(r), l)
	switch {
	case err != nil:
		return s.formAgain(w, r, f, err)
	case got.Written:
		http.Redirect(w, r, deliveryURL(f.Name), http.StatusSeeOther)
		return nil
	}
	d := newVerdicts(f, got, roleOf(r), l.Create)
	status := http.StatusOK
	if !dry {
		status, d.Error = http.StatusConflict, "Nothing was written: "+d.Says
	}
	return s.render(w, r, status, view{title: "Delivery " + f.Name, template: "verdicts", data: d})
}

// formAgain shows the form as it was filled in, with what is wrong.
func (s *Site) formAgain(w http.ResponseWriter, r *http.Request, f listForm, cause error) error {
	v, err := s.deliveries(r)
	if err != nil {
		return err
	}
	f.Error = sentence(cause.Error())
	d, _ := v.data.(deliveriesData)
	d.Form = &f
	v.data, v.fragments = d, nil // it is another address that has the stream
	return s.render(w, r, http.StatusUnprocessableEntity, v)
}

func newVerdicts(f listForm, got *Brought, may auth.Role, create bool) verdictsData {
	d := verdictsData{
		listForm: f, Style: got.Style, Unchanged: got.Count(delivery.Unchanged), Written: got.Count(delivery.New) + got.Count(delivery.Update),
		Create: create, MayCreate: may.Allows(auth.Engineer),
	}
	for _, h := range got.Headings {
		if h.Column == "" {
			d.LeftOut = append(d.LeftOut, h.Text)
		}
	}
	for _, p := range got.Missing {
		d.Missing = append(d.Missing, string(p.Kind())+" "+p.Key())
	}
	d.Refused, d.MoreRefused = linesOf(got, delivery.Refused)
	d.Changed, d.MoreChanged = linesOf(got, delivery.Update)
	d.New, d.MoreNew = linesOf(got, delivery.New)
	d.Says = verdictSays(got)
	return d
}

// verdictSays is the verdict on a list as a whole.
func verdictSays(got *Brought) string {
	var parts []string
	for _, p := range []struct {
		n    int
		says string
	}{
		{got.Count(delivery.New), "new"}, {got.Count(delivery.Update), "changed"}, {got.Count(delivery.Unchanged), "as before"}, {got.Count(delivery.Refused), "refused"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.says))
		}
	}
	return plural(len(got.Verdicts), "line", "lines") + ": " + strings.Join(parts, ", ") + "."
}

func linesOf(got *Brought, want delivery.Result) (lines []verdictLine, more int) {
	for i := range got.Verdicts {
		v := &got.Verdicts[i]
		if v.Result != want {
			continue
		}
		if len(lines) == mostLines {
			more++
			continue
		}
		line := verdictLine{Line: v.Line, Machine: v.Machine, Faults: v.Faults, Changes: v.Changes}
		if v.After != nil {
			line.Place = place(v.After)
		}
		lines = append(lines, line)
	}
	return slices.Clip(lines), more
}
