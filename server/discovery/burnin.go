package discovery

import (
	"fmt"

	"firstlight/server/machine"
)

// burnIn holds a machine whose last check failed, whoever asked for it, and one
// that was not checked for as long as its rule asks.
func burnIn(m *machine.Machine, rule *machine.Rule) (how string, v Verdict) {
	c := m.Checked
	switch {
	case c != nil && !c.OK:
		return "", hold(ReasonCheck, "its check failed: %s; put it right and check it again, or let an admin waive it", c.Sentence)
	case rule == nil:
		return "no rule takes it, so that none asks for a check", v
	case rule.Check > 0 && !c.Proves(rule.CheckFor()):
		v = hold(ReasonUnchecked, "rule %s has it checked for %s first", rule.Name, machine.Span(rule.CheckFor()))
		v.Check = rule.CheckFor()
		return "", v
	case c != nil:
		return c.Evidence(), v
	}
	return fmt.Sprintf("rule %s asks for none", rule.Name), v
}
