package declare

import "firstlight/server/machine"

// Rule are the fields of an acceptance rule, but for its name.
func Rule() []Field[*machine.Rule] { return ruleFields }

var ruleFields = []Field[*machine.Rule]{
	numberOf("order", "place in the list, from 1; empty: the last", func(r *machine.Rule) *int { return &r.Order }),
	selectorOf("match", "selector over what is discovered and the subnet; empty: every machine", func(r *machine.Rule) *string { return &r.Match }),
	flagOf("accept", "true accepts what matches, false holds it", func(r *machine.Rule) *bool { return &r.Accept }),
	from(machine.KindSite, textOf("site", "where its machines stand", func(r *machine.Rule) *string { return &r.Site })),
	from(machine.KindRack, textOf("rack", "where its machines stand", func(r *machine.Rule) *string { return &r.Rack })),
	from(machine.KindRole, textOf("role", "what its machines do", func(r *machine.Rule) *string { return &r.Role })),
	textOf("image", "installed at once; empty: the machine stays available", func(r *machine.Rule) *string { return &r.Image }),
	secondsOf("check", "how long hardware is checked before a machine is available: 10m, 24h; empty: not at all", func(r *machine.Rule) *int64 { return &r.Check }),
	numberOf("limit", "machines that it may accept in all; empty: any number", func(r *machine.Rule) *int { return &r.Limit }),
}
