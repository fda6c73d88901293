package store

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// Derived rows are what selectors and searches are answered from. They are
// written with what they are derived from, in the same transaction, and made
// anew by rebuild when derived grows.

// derived is the version of what the derived tables hold. Raise it with a new
// field, term or column.
const derived = "2"

// facet is a field that has one value, and its column of facets.
type facet struct {
	field  *machine.Field
	column string
	key    string // column of its order; empty: the value orders itself
}

// facetsOf are the columns by what they are read from; several are the fields
// that have more than one value. A field that is neither is asked for
// elsewhere, see selector.go.
var facetsOf, several = sortFields()

func sortFields() (map[machine.Origin][]facet, map[machine.Origin][]*machine.Field) {
	one, many := map[machine.Origin][]facet{}, map[machine.Origin][]*machine.Field{}
	for _, f := range machine.Fields() {
		switch f.Name {
		case "hardwarename", "id", "mac", "ip": // name's twin, and columns of other tables
		case "tag", "disk", "diskhealth", "switch":
			many[f.Origin] = append(many[f.Origin], f)
		default:
			c := facet{field: f, column: f.Name}
			if f.Kind == machine.NameField {
				c.key = f.Name + "_key"
			}
			one[f.Origin] = append(one[f.Origin], c)
		}
	}
	return one, many
}

// deriveRecord writes what differs from what the record before was derived to;
// nil: there was none.
func (t *Tx) deriveRecord(m, was *machine.Machine) error {
	var values []value
	var terms []string
	facets := t.addFacets
	if was != nil {
		facets, values, terms = t.changeFacets, valuesOf(machine.OfRecord, was), plainTerms(was.Terms())
	}
	if err := facets(machine.OfRecord, m, was); err != nil {
		return err
	}
	if err := t.putValues(machine.OfRecord, m.ID, values, valuesOf(machine.OfRecord, m)); err != nil {
		return err
	}
	return t.putTerms(machine.OfRecord, m.ID, terms, plainTerms(m.Terms()))
}

// deriveFacts asks the tables what the facts before were derived to: no memory
// holds those.
func (t *Tx) deriveFacts(id string, f *machine.Facts) error {
	m := &machine.Machine{ID: id, Facts: f}
	if err := t.changeFacets(machine.OfFacts, m, nil); err != nil {
		return err
	}
	values, err := t.values(machine.OfFacts, id)
	if err != nil {
		return err
	}
	if err := t.putValues(machine.OfFacts, id, values, valuesOf(machine.OfFacts, m)); err != nil {
		return err
	}
	terms, err := t.terms(machine.OfFacts, id)
	if err != nil {
		return err
	}
	return t.putTerms(machine.OfFacts, id, terms, plainTerms(f.Terms()))
}

// addFacets makes the row of a machine from the fields of one origin, the
// record's, which is always written first.
func (t *Tx) addFacets(from machine.Origin, m, _ *machine.Machine) error {
	columns, values := columnsOf(from, m, nil)
	return t.insert("write facets of "+m.ID, "facets (machine, "+strings.Join(columns, ", ")+")", [][]any{append([]any{m.ID}, values...)})
}

// changeFacets writes those fields of one origin that differ; all of them where
// it is not known what they were.
func (t *Tx) changeFacets(from machine.Origin, m, was *machine.Machine) error {
	columns, values := columnsOf(from, m, was)
	if len(columns) == 0 {
		return nil
	}
	for i := range columns {
		columns[i] += fmt.Sprintf(" = $%d", i+2)
	}
	return t.exec("write facets of "+m.ID, "UPDATE facets SET "+strings.Join(columns, ", ")+" WHERE machine = $1", append([]any{m.ID}, values...)...)
}

// columnsOf gives the columns of the fields that differ, and what they are now.
func columnsOf(from machine.Origin, m, was *machine.Machine) (columns []string, values []any) {
	for _, f := range facetsOf[from] {
		v := f.value(m)
		if was != nil && f.value(was) == v {
			continue
		}
		columns, values = append(columns, f.column), append(values, v)
		if f.key != "" {
			columns, values = append(columns, f.key), append(values, orderOf(v))
		}
	}
	return columns, values
}

// value is a column's value: NULL, a number or text in lower case.
func (f facet) value(m *machine.Machine) any {
	all := f.field.Values(m)
	if len(all) == 0 {
		return nil
	}
	if f.field.Kind == machine.NumberField {
		n, err := strconv.ParseUint(all[0], 10, 64)
		if err != nil {
			return nil
		}
		return int64(min(n, math.MaxInt64)) //nolint:gosec // bounded
	}
	return plain(all[0])
}

func orderOf(v any) any {
	if text, ok := v.(string); ok {
		return machine.NameKey(text)
	}
	return nil
}

// plain is text as every engine keeps and compares it.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(strings.ToLower(text), "\uFFFD"), "\x00", "\uFFFD")
}

// value is one of several that a field has.
type value struct{ field, value string }

func valuesOf(from machine.Origin, m *machine.Machine) (all []value) {
	for _, f := range several[from] {
		for _, text := range f.Values(m) {
			if v := (value{f.Name, plain(text)}); !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// values are those that are written of a machine.
func (t *Tx) values(from machine.Origin, id string) (all []value, err error) {
	err = t.query("read values of "+id, func(r *sql.Rows) error {
		var v value
		err := r.Scan(&v.field, &v.value)
		all = append(all, v)
		return err
	}, `SELECT field, value FROM facet_values WHERE machine = $1 AND origin = $2`, id, string(from))
	return all, err
}

func (t *Tx) putValues(from machine.Origin, id string, had, want []value) error {
	gone, added := differ(had, want)
	for _, v := range gone {
		err := t.exec("forget a value of "+id, `DELETE FROM facet_values WHERE machine = $1 AND origin = $2 AND field = $3 AND value = $4`,
			id, string(from), v.field, v.value)
		if err != nil {
			return err
		}
	}
	rows := make([][]any, len(added))
	for i, v := range added {
		rows[i] = []any{id, string(from), v.field, v.value}
	}
	return t.insert("write values of "+id, "facet_values (machine, origin, field, value)", rows)
}

// plainTerms are terms as they are kept, each once.
func plainTerms(terms []string) []string {
	for i, term := range terms {
		terms[i] = plain(term)
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// terms are those that are written of a machine.
func (t *Tx) terms(from machine.Origin, id string) (all []string, err error) {
	err = t.query("read terms of "+id, func(r *sql.Rows) error {
		var term string
		err := r.Scan(&term)
		all = append(all, term)
		return err
	}, `SELECT term FROM terms WHERE machine = $1 AND origin = $2`, id, string(from))
	return all, err
}

func (t *Tx) putTerms(from machine.Origin, id string, had, want []string) error {
	gone, added := differ(had, want)
	for _, term := range gone {
		if err := t.exec("forget a term of "+id, `DELETE FROM terms WHERE machine = $1 AND origin = $2 AND term = $3`, id, string(from), term); err != nil {
			return err
		}
	}
	rows := make([][]any, len(added))
	for i, term := range added {
		rows[i] = []any{id, string(from), term}
	}
	return t.insert("write terms of "+id, "terms (machine, origin, term)", rows)
}

// insert writes many rows with one statement each hundred.
func (t *Tx) insert(what, into string, rows [][]any) error {
	for len(rows) > 0 {
		n := min(len(rows), 100)
		var args []any
		values := make([]string, n)
		for i, row := range rows[:n] {
			places := make([]string, len(row))
			for j := range row {
				places[j] = fmt.Sprintf("$%d", len(args)+j+1)
			}
			values[i] = "(" + strings.Join(places, ", ") + ")"
			args = append(args, row...)
		}
		if err := t.exec(what, "INSERT INTO "+into+" VALUES "+strings.Join(values, ", "), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
