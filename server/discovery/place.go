package discovery

import (
	"fmt"
	"strings"

	"firstlight/server/machine"
)

// spec holds a machine against its hardware type. Where none was declared, there
// is nothing to differ from, so that a rule alone can accept what nobody planned.
func spec(m *machine.Machine, p Plan) (how string, v Verdict) {
	if m.Type == "" {
		return "it has no hardware type, so that nothing was expected of it", v
	}
	t := p.HardwareType(m.Type)
	if t == nil {
		return "", hold(ReasonSpec, "hardware type %q is not in the plan: add it, or give the machine another", m.Type)
	}
	all := Misfits(m, t)
	if len(all) == 0 {
		return "hardware type " + t.Name + unread(m.Facts), v
	}
	var says []string
	for _, d := range all {
		says = append(says, fmt.Sprintf("%s %s instead of %s", d.Field, d.Discovered, d.Declared))
	}
	return "", hold(ReasonSpec, "it is not what hardware type %s says: %s; put the hardware right, change its type, or let an admin waive it", t.Name, strings.Join(says, ", "))
}

// unread names the parts that nothing was held against.
func unread(f *machine.Facts) string {
	if f == nil || len(f.Missing) == 0 {
		return ""
	}
	return ", but for what could not be read: " + strings.Join(f.Missing, ", ")
}

// location holds a machine whose place is not known where the plan has places,
// or that stands at another site than its record says. Where the plan has no
// racks, there is no place to know; where the rule says the rack of what it
// accepts, it cannot say the unit, and the rack is enough.
func location(m *machine.Machine, rule *machine.Rule, p Plan) (how string, v Verdict) {
	const remedy = "; say where it stands, or let an admin waive it"
	if missing := Unplaced(m, p.Racked(m.Site)); missing != "" {
		return "", hold(ReasonNoPlace, "%s", missing+remedy)
	}
	r := p.Rack(m.Rack)
	switch {
	case r != nil && r.Site != m.Site:
		return "", hold(ReasonPlace, "its record says site %s, but the plan says that rack %s is at site %s%s", m.Site, r.Name, r.Site, remedy)
	case m.Kind != machine.Metal:
		return "it is no hardware, and stands nowhere", v
	case !p.Racked(m.Site):
		return fmt.Sprintf("the plan has no racks of site %s", m.Site), v
	case r == nil:
		return "", hold(ReasonNoPlace, "rack %q is not in the plan%s", m.Rack, remedy)
	case m.Unit == 0 && rule != nil && rule.Rack == m.Rack:
		return fmt.Sprintf("rack %s by rule %s, at a unit that nobody said", m.Rack, rule.Name), v
	case m.Unit == 0:
		return "", hold(ReasonNoPlace, "nobody said at which unit of rack %s it stands%s", m.Rack, remedy)
	}
	return fmt.Sprintf("rack %s unit %d", m.Rack, m.Unit), v
}

// Unplaced says, as a clause, that nobody knows the rack of a machine whose site
// has racks in the plan; "": it is known, or there is none to know.
func Unplaced(m *machine.Machine, racked bool) string {
	if m.Kind != machine.Metal || !racked || m.Rack != "" {
		return ""
	}
	return fmt.Sprintf("nobody said in which rack of site %s it stands", m.Site)
}
