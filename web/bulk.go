package web

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// Bulk is one change of all machines that a selector picks: Set, Lock or Unlock.
type Bulk struct {
	Selector string
	Expected int // how many it picks, as whoever asks was shown
	Dry      bool
	Set      map[string]string // by the names of package declare
	Lock     *string           // note
	Unlock   *string           // note
}

// BulkVerdict is what became, or would become, of one machine.
type BulkVerdict struct {
	Machine *machine.Machine
	Changed []string // fields; none: it was so already
	Err     error    // why it was refused
}

// maxBulk is how many machines one form changes; maxVerdicts how many it shows.
const maxBulk, maxVerdicts = 1000, 100

// bulkFields are those that several machines can have alike.
var bulkFields = []string{"role", "pool", "owner", "type", "image", "rack", "site", "tags", "note"}

// bulkData is the page.
type bulkData struct {
	Query, Back string
	N           int
	Form        *form
	Verdicts    []bulkRow
	More        int
}

type bulkRow struct{ Name, URL, Says, Wrong string }

func (s *Site) askBulk(r *http.Request) (view, error) {
	d, err := s.bulkData(r)
	return view{title: "Change machines", template: "bulk", data: d}, err
}

func (s *Site) bulkData(r *http.Request) (bulkData, error) {
	q := parseSearch(r)
	d := bulkData{Query: q.Text, Back: "/machines?q=" + url.QueryEscape(q.Text)}
	if !q.picks() {
		return d, &refused{fmt.Errorf("the selector %q picks all machines, or cannot be read: pick some on the page of the machines, then change them", clip(q.Text, 200))}
	}
	all, err := s.Data.Select(r.Context(), q.selector)
	if err != nil {
		return d, err
	}
	if d.N = len(all); d.N == 0 || d.N > maxBulk {
		return d, &refused{fmt.Errorf("the selector %q picks %s: want 1 to %d, which the page of the machines shows", clip(q.Text, 200), plural(d.N, "machine", "machines"), maxBulk)}
	}
	d.Form = s.bulkForm(d, roleOf(r))
	return d, nil
}

// bulkForm asks what becomes of the machines.
func (s *Site) bulkForm(d bulkData, role auth.Role) *form {
	f := &form{
		Action: "/change?q=" + url.QueryEscape(d.Query), Back: d.Back, Button: "Change " + plural(d.N, "machine", "machines"), Tries: true,
		Sends: []detail{{"expected", strconv.Itoa(d.N)}},
	}
	var fields []declare.Field[*machine.Machine]
	for _, of := range declare.Machine() {
		if slices.Contains(bulkFields, of.Name) && (of.Hands || role.Allows(auth.Engineer)) {
			fields = append(fields, of)
		}
	}
	empties := &entry{Name: "empty", Label: "Empty", Says: "what these fields say is taken away", Many: true}
	for _, of := range fields {
		empties.Names = append(empties.Names, of.Name)
	}
	f.add("What changes of each; what is empty stays as it is", append(entries(s, fields, &machine.Machine{}), empties))
	if role.Allows(auth.Engineer) {
		f.add("Or whether automation may touch them", []*entry{
			{Name: "lock", Label: "Lock", Says: "instead of a change of fields", Words: []string{"", "lock", "unlock"}, None: "leave it"},
			{Name: "why", Label: "Why", Says: "for the next who looks; of lock and unlock"},
		})
	}
	return f
}

// bulkOf is what a form asks for. A field that is to be emptied and to be filled
// is a *machine.FieldError.
func bulkOf(f *form, selector string, expected int) (Bulk, error) {
	b := Bulk{Selector: selector, Expected: expected}
	changes := f.changes()
	if err := empty(changes); err != nil {
		return b, err
	}
	why := changes["why"]
	switch changes["lock"] {
	case "lock":
		b.Lock = &why
	case "unlock":
		b.Unlock = &why
	}
	delete(changes, "lock")
	delete(changes, "why")
	if len(changes) > 0 {
		b.Set = changes
	}
	return b, nil
}

// empty makes of the fields that are to be emptied what the desk understands.
func empty(changes map[string]string) error {
	for _, name := range strings.FieldsFunc(changes["empty"], func(c rune) bool { return c == ',' }) {
		if changes[name] != "" {
			return &machine.FieldError{Of: "machines", Field: name, Value: changes[name], Want: "want either this, or the field among those that are emptied"}
		}
		changes[name] = ""
	}
	delete(changes, "empty")
	return nil
}

// bulk changes all machines or none, once what becomes of each, and of its boots,
// was read.
func (s *Site) bulk(w http.ResponseWriter, r *http.Request) error {
	d, err := s.bulkData(r)
	if err != nil {
		return err
	}
	d.Form.fill(r)
	expected, _ := strconv.Atoi(r.PostFormValue("expected"))
	b, err := bulkOf(d.Form, d.Query, expected)
	stop := false
	if err == nil {
		stop, err = s.bulkRead(r, &d, b)
	}
	if err == nil && !stop {
		if _, _, err = s.Actions.Bulk(r.Context(), userOf(r), b); err == nil {
			http.Redirect(w, r, d.Back, http.StatusSeeOther)
			return nil
		}
	}
	status := http.StatusOK
	if err != nil {
		if status, err = d.Form.answers(err); err != nil {
			return &refused{err}
		}
	}
	return s.render(w, r, status, view{title: "Change machines", template: "bulk", data: d})
}

// bulkRead tries a change, puts what becomes of each machine on the page and tells
// whether that is to be read first.
func (s *Site) bulkRead(r *http.Request, d *bulkData, b Bulk) (stop bool, err error) {
	b.Dry = true
	all, _, err := s.Actions.Bulk(r.Context(), userOf(r), b)
	if err != nil {
		return false, err
	}
	refusals, h := 0, fnv.New64a()
	for _, v := range all {
		row := bulkRow{Name: v.Machine.Name, URL: machineURL(v.Machine), Says: "changes: " + strings.Join(v.Changed, ", ")}
		switch {
		case v.Err != nil:
			refusals++
			row.Says, row.Wrong = "", sentence(v.Err.Error())
		case len(v.Changed) == 0:
			row.Says = "is so already"
		}
		d.Verdicts = append(d.Verdicts, row)
		_, _ = fmt.Fprintln(h, row, b.Set)
	}
	read := fmt.Sprintf("%x", h.Sum64())
	slices.SortStableFunc(d.Verdicts, func(x, y bulkRow) int { return strings.Compare(y.Wrong, x.Wrong) })
	d.More = len(d.Verdicts) - min(len(d.Verdicts), maxVerdicts)
	d.Verdicts = d.Verdicts[:len(d.Verdicts)-d.More]
	if refusals > 0 {
		d.Form.Error = fmt.Sprintf("%s would be refused, so that none is changed: narrow the selector, or mend what is said below.", plural(refusals, "machine", "machines"))
		return true, nil
	}
	d.Form.Sends = append(d.Form.Sends, detail{"read", read})
	if stop, err = s.compared(r, d.Form, Proposal{Bulk: &b}); err != nil {
		return false, err
	}
	return stop || r.PostFormValue("read") != read, nil
}
