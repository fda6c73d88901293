package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// form is the fields of an item of the plan, of a rule or of a machine, to be
// filled in. It carries what each field said when it was made: so what others
// changed meanwhile is told from what was typed, and neither is lost.
type form struct {
	Action, Back, Button string
	Version              int64 // of what the fields show; 0: there is nothing yet
	Groups               []entryGroup
	Error                string // what is wrong, and with no field
	Stale                *stale
	Sends                []detail  // what it sends besides
	Tries                bool      // it can be held against the boots that there were
	Diff                 *diffData // what came of that; nil: nobody did
}

// entryGroup is a block of fields; without a title where there is only one.
type entryGroup struct {
	Title   string
	Entries []*entry
}

// entry is one field of a form.
type entry struct {
	Name, Label, Says  string
	Value              string // as it was typed
	Was                string // when the form was made
	Now                string // what somebody else made of it since, where both changed it
	Both               bool   // Now is to be read
	Error              string
	Focus              bool   // the first field that is wrong
	Caret              string // below the place in a selector where reading stopped
	AddURL             string // where the name is added that is missing
	Seen               string // what was discovered of it
	Names              []string
	Words              []string
	None               string // what the empty one of Words means
	Long, Flag, Many   bool
	Number, Code, Must bool
	addURL             string
	Broad              bool // a selector
}

// editData is the page of a form, and what leads to it.
type editData struct {
	Crumbs []key
	Form   *form
}

func editView(title string, f *form, crumbs ...key) view {
	return view{title: title, template: "edit", data: editData{crumbs, f}}
}

// stale is who changed something since a form was made.
type stale struct {
	Who  string // "" where nobody knows
	At   time.Time
	Gone bool // it was removed
}

// entries are the fields of something, with what they say now.
func entries[T any](s *Site, fields []declare.Field[T], of T) (all []*entry) {
	for _, f := range fields {
		in := &entry{
			Name: f.Name, Label: label(f.Name), Says: f.Says, Value: f.Text(of), Words: f.Words,
			Long: f.Long, Flag: f.Flag, Many: f.Many && f.Names != "", Number: f.Number, Must: f.Must, Code: f.Selector, Broad: f.Selector,
		}
		in.Was = in.Value
		if f.Name == "image" {
			for _, i := range s.Data.Images() {
				in.Names = append(in.Names, i.Name)
			}
		}
		if f.Name == "subnets" {
			in.Many, in.Says = true, strings.Replace(in.Says, ", with commas between", "", 1)
			for _, n := range s.Data.Subnets() {
				in.Names = append(in.Names, n.Name)
			}
		}
		if f.Names != "" {
			in.Names, in.addURL = s.names(f.Names), planURL(f.Names)
			if in.Many {
				in.Says = strings.TrimSuffix(in.Says, ", with commas between")
				// Also what the list has lost.
				in.Names = append(in.Names, slices.DeleteFunc(strings.Split(in.Value, ","), func(n string) bool { return n == "" || slices.Contains(in.Names, n) })...)
			}
		}
		all = append(all, in)
	}
	return all
}

// names are those of a list of the plan.
func (s *Site) names(kind machine.PlanKind) (all []string) {
	for _, row := range s.Data.Plan(kind) {
		all = append(all, row.Item.Key())
	}
	return all
}

// abbreviations are the fields whose names are written in capitals.
var abbreviations = map[string]string{"url": "URL", "nics": "NICs", "dimms": "DIMMs", "mbps": "Mbit/s", "hostname": "Host name", "dns": "DNS"}

// label is the name of a field as forms write it: "Retire when released".
func label(name string) string {
	if known := abbreviations[name]; known != "" {
		return known
	}
	return strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "_", " ")
}

// Has tells whether a name is among those of the field.
func (in *entry) Has(name string) bool { return slices.Contains(strings.Split(in.Value, ","), name) }

// Offers tells whether a word is one of those that there are.
func (in *entry) Offers(word string) bool { return slices.Contains(in.Words, word) }

// all are the fields of every group.
func (f *form) all() (all []*entry) {
	for _, g := range f.Groups {
		all = append(all, g.Entries...)
	}
	return all
}

func (f *form) entry(name string) *entry {
	for _, in := range f.all() {
		if in.Name == name {
			return in
		}
	}
	return nil
}

// fill takes what was typed, over what stands in ServerDb now. It tells whether
// somebody else changed a field since the form was made: such a field that was
// left alone takes the new value, one that both changed keeps what was typed and
// shows the other beside it.
func (f *form) fill(r *http.Request) (changed bool) {
	for _, in := range f.all() {
		now, was := in.Value, plain(r.PostFormValue("was."+in.Name))
		in.Value, in.Was = plain(strings.Join(r.PostForm[in.Name], ",")), now
		if now = plain(now); now == was {
			continue
		}
		changed = true
		switch in.Value {
		case now:
		case was:
			in.Value = now
		default:
			in.Now, in.Both = now, true
		}
	}
	return changed
}

// plain is a text without what browsers make of its line ends.
func plain(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// read takes what a form says into something. Each field that cannot be read is
// in the error.
func read[T any](f *form, fields []declare.Field[T], into T) error {
	var bad []error
	for _, field := range fields {
		if in := f.entry(field.Name); in != nil {
			bad = append(bad, field.Set(into, in.Value))
		}
	}
	return errors.Join(bad...)
}

// changes are the fields that say something else than when the form was made.
func (f *form) changes() map[string]string {
	all := map[string]string{}
	for _, in := range f.all() {
		if in.Value != plain(in.Was) {
			all[in.Name] = in.Value
		}
	}
	return all
}

// refusal is an error that knows the field of the request that it is about, ""
// where it is about none.
type refusal interface {
	error
	Wrong() (field, text string)
}

// refuse puts what is wrong to the fields that are wrong. It tells whether the
// error was one for people.
func (f *form) refuse(err error) bool {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		ok := true
		for _, e := range many.Unwrap() {
			ok = f.refuse(e) && ok
		}
		return ok
	}
	field, text, ok := wrong(err)
	if !ok {
		return false
	}
	if in := f.entry(field); in != nil {
		in.refuse(sentence(text))
	} else {
		f.Error = strings.TrimSpace(f.Error + " " + sentence(err.Error()))
	}
	if all := f.all(); !slices.ContainsFunc(all, func(in *entry) bool { return in.Focus }) {
		if at := slices.IndexFunc(all, func(in *entry) bool { return in.Error != "" }); at >= 0 {
			all[at].Focus = true
		}
	}
	return true
}

// answers is the status of a form that was not saved: what it changes is to be
// read first, or what is wrong stands beside its fields. An error that is not for
// people comes back.
func (f *form) answers(err error) (status int, lost error) {
	switch {
	case errors.Is(err, errRead):
		return http.StatusOK, nil
	case f.refuse(err):
		return http.StatusUnprocessableEntity, nil
	default:
		return 0, err
	}
}

// wrong reads which field an error is about, as forms name fields: one of
// several values, such as disks[1].bytes, is its field's.
func wrong(err error) (field, text string, ok bool) {
	var refused refusal
	var unread *declare.Error
	var invalid *machine.FieldError
	switch {
	case errors.As(err, &refused):
		field, text = refused.Wrong()
	case errors.As(err, &unread):
		field, text = unread.Field, unread.Why
	case errors.As(err, &invalid):
		field, text = invalid.Field, invalid.Want
	default:
		return "", "", false
	}
	if at := strings.IndexAny(field, "[ "); at > 0 {
		field = field[:at]
	}
	return field, text, true
}

// refuse says what is wrong with a field: of a selector at its column, of a name
// that is missing where to add it.
func (in *entry) refuse(text string) {
	in.Error = text
	if in.Broad {
		if q := readSelector(in.Value); q.Error != "" {
			in.Error, in.Caret = "The selector cannot be read: "+q.Error, q.Caret
		}
	}
	if in.addURL != "" && !in.Many && in.Value != "" && !slices.Contains(in.Names, in.Value) {
		in.AddURL = in.addURL + "?name=" + url.QueryEscape(in.Value) + "#add"
	}
}

// since says who changed something last, by the audit.
func (s *Site) since(r *http.Request, what, object string) *stale {
	found := &stale{}
	if rows, err := s.Insight.Audit(r.Context(), auth.Query{What: what, Object: object, Limit: 1}); err == nil && len(rows) > 0 {
		found.Who, found.At = rows[0].Who, rows[0].At
	}
	return found
}
