package machine

import (
	"cmp"
	"fmt"
	"strings"
)

// Miss says, as a clause, the first term that keeps the selector from picking a
// machine, with what the machine has; "" where it picks it. extra is that of
// MatchWith.
func (s Selector) Miss(m *Machine, extra map[string]string) string {
	if s.MatchWith(m, extra) {
		return ""
	}
	return miss(s.root, record{m, extra})
}

func miss(n Node, s subject) string {
	switch n := n.(type) {
	case And:
		if n.A.match(s) {
			return miss(n.B, s)
		}
		return miss(n.A, s)
	case Or:
		return miss(n.A, s) + ", and " + miss(n.B, s)
	case Present:
		return n.Field.Name + " is not known"
	case Compare:
		return fmt.Sprintf("%s is %s, not %s", n.Field.Name, had(n.Field, s), n.wants())
	case Not:
		return "what must not be is: " + hit(n.N, s)
	default:
		return "the words that are searched do not occur"
	}
}

// hit says what made a part match that must not.
func hit(n Node, s subject) string {
	switch n := n.(type) {
	case Present:
		return n.Field.Name + " is " + had(n.Field, s)
	case Compare:
		return n.Field.Name + " is " + had(n.Field, s)
	default:
		return "it matches what is excluded"
	}
}

func had(f *Field, s subject) string {
	return cmp.Or(strings.Join(s.values(f), ", "), "not known")
}

// wants is what is compared with, as it was written.
func (n Compare) wants() string {
	var all []string
	for _, o := range n.Any {
		if o.Range {
			all = append(all, "from "+o.Low.Text+" to "+o.High.Text)
			continue
		}
		all = append(all, o.Text)
	}
	return strings.TrimPrefix(n.Op, "=") + strings.Join(all, " or ")
}
