package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// Derived rows are what selectors and searches are answered from. They are
// written with what they are derived from, in the same transaction, and made
// anew by rebuild when derived grows.

// derived is the version of what the derived tables hold. Raise it with a new
// field, term or column.
const derived = "1"

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
		case "tag", "disk", "switch":
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

func (t *Tx) deriveRecord(m *machine.Machine) error {
	return cmp.Or(t.derive(machine.OfRecord, m), t.putTerms(machine.OfRecord, m.ID, m.Terms()))
}

func (t *Tx) deriveFacts(id string, f *machine.Facts) error {
	return cmp.Or(t.derive(machine.OfFacts, &machine.Machine{ID: id, Facts: f}), t.putTerms(machine.OfFacts, id, f.Terms()))
}

// derive writes the fields of one origin.
func (t *Tx) derive(from machine.Origin, m *machine.Machine) error {
	columns, values := []string{"machine"}, []any{m.ID}
	for _, f := range facetsOf[from] {
		v := f.value(m)
		columns, values = append(columns, f.column), append(values, v)
		if f.key != "" {
			columns, values = append(columns, f.key), append(values, orderOf(v))
		}
	}
	if err := t.exec("write facets of "+m.ID, upsert(from, columns), values...); err != nil {
		return err
	}
	return t.putValues(from, m)
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

// upsert makes the row of a machine with its record, and changes columns of it
// with what is read from elsewhere: the record is always written first.
func upsert(from machine.Origin, columns []string) string {
	var set, places []string
	for i, c := range columns {
		places = append(places, fmt.Sprintf("$%d", i+1))
		if i > 0 && from == machine.OfRecord {
			set = append(set, c+" = excluded."+c)
		} else if i > 0 {
			set = append(set, fmt.Sprintf("%s = $%d", c, i+1))
		}
	}
	if from != machine.OfRecord {
		return "UPDATE facets SET " + strings.Join(set, ", ") + " WHERE machine = $1"
	}
	return "INSERT INTO facets (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(places, ", ") +
		") ON CONFLICT (machine) DO UPDATE SET " + strings.Join(set, ", ")
}

func (t *Tx) putValues(from machine.Origin, m *machine.Machine) error {
	if len(several[from]) == 0 {
		return nil
	}
	var rows [][]any
	for _, f := range several[from] {
		seen := map[string]bool{}
		for _, v := range f.Values(m) {
			if v = plain(v); !seen[v] {
				seen[v] = true
				rows = append(rows, []any{m.ID, string(from), f.Name, v})
			}
		}
	}
	return cmp.Or(
		t.exec("forget values of "+m.ID, `DELETE FROM facet_values WHERE machine = $1 AND origin = $2`, m.ID, string(from)),
		t.insert("write values of "+m.ID, "facet_values (machine, origin, field, value)", rows),
	)
}

func (t *Tx) putTerms(from machine.Origin, id string, terms []string) error {
	had, err := t.terms(from, id)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, term := range terms {
		term = plain(term)
		if _, ok := had[term]; !ok {
			rows = append(rows, []any{id, string(from), term})
		}
		had[term] = true
	}
	for term, kept := range had {
		if kept {
			continue
		}
		if err := t.exec("forget a term of "+id, `DELETE FROM terms WHERE machine = $1 AND origin = $2 AND term = $3`, id, string(from), term); err != nil {
			return err
		}
	}
	return t.insert("write terms of "+id, "terms (machine, origin, term)", rows)
}

// terms are those that are written of a machine, none of them kept yet.
func (t *Tx) terms(from machine.Origin, id string) (map[string]bool, error) {
	all := map[string]bool{}
	err := t.query("read terms of "+id, func(r *sql.Rows) error {
		var term string
		err := r.Scan(&term)
		all[term] = false
		return err
	}, `SELECT term FROM terms WHERE machine = $1 AND origin = $2`, id, string(from))
	return all, err
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
