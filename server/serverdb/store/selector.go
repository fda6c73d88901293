package store

import (
	"database/sql"
	"fmt"
	"math"
	"strings"

	"firstlight/server/machine"
)

// Select gives the ids of the machines that a selector picks, in the order of
// their names, after a name (empty: from the first on). limit 0 gives all.
func (t *Tx) Select(sel machine.Selector, after string, limit int) ([]string, error) {
	c := &condition{}
	query := c.page(sel, after, limit)
	if c.err != nil {
		return nil, c.err
	}
	var ids []string
	err := t.query("select machines", func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, query, c.args...)
	return ids, err
}

// Count tells how many machines a selector picks.
func (t *Tx) Count(sel machine.Selector) (n int, err error) {
	c := &condition{}
	query := "SELECT COUNT(*) FROM facets f WHERE " + c.selector(sel)
	if c.err != nil {
		return 0, c.err
	}
	err = t.query("count machines", func(r *sql.Rows) error { return r.Scan(&n) }, query, c.args...)
	return n, err
}

// condition is a selector on its way to a condition on a row f of facets. It
// says the same as machine.Selector.Match, never NULL, with every value of a
// stranger as an argument.
type condition struct {
	text string
	args []any
	err  error
}

const (
	always = "1 = 1"
	never  = "1 = 0"
)

// page asks for the machines of a selector in the order of their names. The
// indexes of facets over role and status hold that order for one site, so that
// nothing is sorted there.
func (c *condition) page(sel machine.Selector, after string, limit int) string {
	where := c.selector(sel)
	if after != "" {
		where += " AND f.name_key > " + c.arg(machine.NameKey(after))
	}
	query := "SELECT f.machine FROM facets f WHERE " + where + " ORDER BY f.name_key, f.machine"
	if limit > 0 {
		query += " LIMIT " + c.arg(limit)
	}
	return query
}

func (c *condition) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *condition) selector(sel machine.Selector) string {
	if sel.Root() == nil {
		return always
	}
	c.text = sel.String()
	return c.node(sel.Root())
}

func (c *condition) node(n machine.Node) string {
	switch n := n.(type) {
	case machine.And:
		return "(" + c.node(n.A) + " AND " + c.node(n.B) + ")"
	case machine.Or:
		return "(" + c.node(n.A) + " OR " + c.node(n.B) + ")"
	case machine.Not:
		return "NOT " + c.node(n.N)
	case machine.Search:
		return c.search(n)
	case machine.Present:
		return c.where(n.Field, n.Column, func(col, _ string) string {
			if n.Field.None() == "" {
				return col + " IS NOT NULL"
			}
			return c.differs(n.Field, col)
		})
	case machine.Compare:
		return c.where(n.Field, n.Column, func(col, key string) string { return c.compare(n, col, key) })
	default:
		c.err = fmt.Errorf("selector %q: cannot be asked of the database (%T)", c.text, n)
		return never
	}
}

// differs holds where a value is not the one that counts as absent.
func (c *condition) differs(f *machine.Field, col string) string {
	if f.Kind == machine.NumberField {
		return "(" + col + " IS NOT NULL AND " + col + " <> 0)"
	}
	return "(" + col + " IS NOT NULL AND " + col + " <> " + c.arg(f.None()) + ")"
}

// others are the fields whose values stand in rows beside the machine's own.
var others = map[string]string{
	"mac":    "SELECT v.machine FROM nics v WHERE v.mac",
	"ip":     "SELECT v.machine FROM nics v WHERE v.address",
	"switch": "SELECT v.machine FROM facet_values v WHERE v.field = 'switch' AND v.value",
	"issue":  "SELECT v.machine FROM issues v WHERE v.kind",
	"tag":    "SELECT v.machine FROM facet_values v WHERE v.field = 'tag' AND v.value",
	"disk":   "SELECT v.machine FROM facet_values v WHERE v.field = 'disk' AND v.value",

	"diskhealth": "SELECT v.machine FROM facet_values v WHERE v.field = 'diskhealth' AND v.value",
}

// where applies a condition to the column of a field and to that of its order.
func (c *condition) where(f *machine.Field, column int, holds func(col, key string) string) string {
	switch {
	case f.Scope == machine.InRules:
		c.err = &machine.SelectorError{Text: c.text, Column: column, Reason: f.Name + " is known only while a report is held against the rules; search by ip, such as ip=10.80.12.*"}
		return never
	case others[f.Name] != "":
		from := others[f.Name]
		at := strings.LastIndex(from, " ") + 1
		return "f.machine IN (" + from[:at] + holds(from[at:], "") + ")"
	case f.Name == "id":
		return holds("f.machine", "")
	case f.Name == "hardwarename":
		return holds("f.name", "f.name_key")
	default:
		return holds("f."+f.Name, "f."+f.Name+"_key")
	}
}

// compare is never NULL: what is absent equals nothing.
func (c *condition) compare(n machine.Compare, col, key string) string {
	all := make([]string, 0, len(n.Any))
	for _, o := range n.Any {
		all = append(all, c.operand(n.Field, n.Op, o, col, key))
	}
	return "(" + col + " IS NOT NULL AND (" + strings.Join(all, " OR ") + "))"
}

func (c *condition) operand(f *machine.Field, op string, o machine.Operand, col, key string) string {
	switch {
	case f.Kind == machine.NumberField && o.Range:
		return "(" + c.number(col, ">=", o.Low.Number) + " AND " + c.number(col, "<=", o.High.Number) + ")"
	case f.Kind == machine.NumberField:
		return c.number(col, op, o.Number)
	case o.Range:
		return "(" + key + " >= " + c.arg(machine.NameKey(o.Low.Text)) + " AND " + key + " <= " + c.arg(machine.NameKey(o.High.Text)) + ")"
	case op != "=":
		return key + " " + op + " " + c.arg(machine.NameKey(o.Text))
	case o.Pattern:
		return c.pattern(col, o.Text)
	default:
		return col + " = " + c.arg(o.Text)
	}
}

// number compares a whole number with one that may have a fraction.
func (c *condition) number(col, op string, n float64) string {
	switch op {
	case "=":
		if n != math.Trunc(n) {
			return never
		}
	case ">=", "<":
		n = math.Ceil(n)
	case "<=", ">":
		n = math.Floor(n)
	}
	if n >= math.MaxInt64 {
		if op == "<" || op == "<=" {
			return always
		}
		return never
	}
	return col + " " + op + " " + c.arg(int64(n))
}

// pattern is LIKE with our wildcards, and where it begins with letters a range
// that an index answers.
func (c *condition) pattern(col, text string) string {
	like := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(text)
	where := col + " LIKE " + c.arg(like) + ` ESCAPE '\'`
	if start := text[:strings.IndexAny(text, "*?")]; start != "" {
		where = "(" + where + " AND " + c.begins(col, start) + ")"
	}
	return where
}

// begins is a range of all texts with a beginning.
func (c *condition) begins(col, start string) string {
	return col + " >= " + c.arg(start) + " AND " + col + " < " + c.arg(start+"\U0010FFFF")
}

func (c *condition) search(n machine.Search) string {
	all := make([]string, 0, len(n.Words))
	for _, w := range n.Words {
		all = append(all, "f.machine IN (SELECT v.machine FROM terms v WHERE "+c.begins("v.term", w)+")")
	}
	return "(" + strings.Join(all, " AND ") + ")"
}
