package main

import (
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

// cableColumns say of each cable who has it where.
var cableColumns = []output.Column[api.Cable]{
	{Name: "cable", Value: func(c api.Cable) any { return c.Name }},
	{Name: "plan", Value: func(c api.Cable) any { return strings.Trim(c.Switch+"/"+c.Port, "/") }},
	{Name: "lldp", Value: func(c api.Cable) any { return seenBy(c, "lldp") }},
	{Name: "relay", Value: func(c api.Cable) any { return seenBy(c, "relay") }},
	{Name: "verdict", Value: func(c api.Cable) any { return cableVerdict(c) }},
}

// seenBy is what a leg says of a cable, with what keeps it from being sure.
func seenBy(c api.Cable, leg string) string {
	var all []string
	for _, s := range c.Seen {
		if s.Leg != leg {
			continue
		}
		at := strings.Trim(s.Switch+"/"+s.Port, "/")
		if at == "" {
			at = s.Circuit
		}
		if s.Why != "" {
			at = strings.TrimSpace(at + " (" + s.Why + ")")
		}
		all = append(all, at)
	}
	return joined(all...)
}

func cableVerdict(c api.Cable) string {
	switch {
	case c.Wrong != "":
		return c.Wrong
	case len(c.Seen) == 0:
		return "not known"
	default:
		return "nothing disagrees"
	}
}
