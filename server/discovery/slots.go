package discovery

import (
	"fmt"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// modules names the empty slots where a module is missing, so that whoever stands
// before the machine knows where to look.
func (c *comparison) modules(want int) {
	have, empty := slots(c.facts.DIMMs)
	if want == 0 || want == have {
		return
	}
	found := strconv.Itoa(have)
	if missing := want - have; missing > 0 && len(empty) > 0 {
		found += " (" + emptiest(empty, missing, len(c.facts.DIMMs)) + ")"
	}
	c.add("memory modules", strconv.Itoa(want), found)
}

// emptiest is a clause on the slots that are empty. Where more are than modules are
// missing, nobody can tell which of them is wrong.
func emptiest(empty []string, missing, all int) string {
	switch {
	case len(empty) > missing:
		return fmt.Sprintf("%d of %d slots are empty: %s", len(empty), all, names(empty, ", "))
	case len(empty) == 1:
		return empty[0] + " is empty"
	}
	return names(empty, " and ") + " are empty"
}

// named is how many slots are named in a sentence.
const named = 12

func names(all []string, last string) string {
	if n := len(all); n > named {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:named], ", "), n-named)
	}
	n := len(all) - 1
	return strings.Join(all[:n], ", ") + map[bool]string{true: last}[n > 0] + all[n]
}

// slots counts the modules, and names the slots without one.
func slots(all []machine.DIMM) (modules int, empty []string) {
	for _, d := range all {
		if d.Empty {
			empty = append(empty, d.Slot)
		} else {
			modules++
		}
	}
	return modules, empty
}
