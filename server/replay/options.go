package replay

import (
	"strings"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// optionsOf are the DHCP options in which the two worlds differ for who asked: as
// the record of its machine is now, and whether it asks for them or not.
func (p *Replayer) optionsOf(r *boot.Record) (before, after string) {
	s := p.before.Subnets[r.Request.Subnet]
	if s == nil || s.Mode != machine.ModeServer {
		return "", ""
	}
	m := p.machine(r)
	var was, is []machine.Option
	for o := range p.before.Options.For(s.Name, m) {
		was = append(was, o.Text)
	}
	for o := range p.after.Options.For(s.Name, m) {
		is = append(is, o.Text)
	}
	return besides(was, is), besides(is, was)
}

// besides are the options of one list that the other has not.
func besides(all, others []machine.Option) string {
	had := map[machine.Option]bool{}
	for _, o := range others {
		had[o] = true
	}
	var words []string
	for _, o := range all {
		if !had[o] {
			words = append(words, o.String())
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ", with " + strings.Join(words, ", ")
}
