package whereabouts

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"firstlight/server/machine"
)

const (
	// refresh is how old the time of a sighting may be before it is written again,
	// where nothing else about it changed.
	refresh = time.Hour
	// forgotten is how long a relay is believed that says no more while another
	// goes on.
	forgotten = 2 * refresh
	// together is within what time redundant relays forward the same request.
	together = time.Minute

	maxOfMAC   = 4
	maxRelayed = 32
	// maxOption is how much of an option is kept: all that DHCPv4 can hold.
	maxOption = 255
)

// News tells what a sighting changes.
type News int

// What a sighting may change.
const (
	Nothing News = iota // needs not be written
	Again               // the time at which it was said last
	First               // nothing was known of this interface, or of this relay
	Moved               // it was said otherwise before
)

// Sight adds what a relay says now to what was said, and tells what is new. before
// is what it replaces. Two relays that forward the same requests have a sighting
// each; one that forwards none any more is forgotten when another says something
// new, or after two hours. boot is when the machine asked last what to boot: what
// is said of a boot is worth more than what was said before it.
func Sight(had []machine.Relayed, s machine.Relayed, boot time.Time) (now []machine.Relayed, before machine.Relayed, what News) {
	s.Circuit, s.Remote = short(s.Circuit), short(s.Remote)
	s.Since = s.At
	at := slices.IndexFunc(had, func(o machine.Relayed) bool { return o.MAC == s.MAC && o.Relay == s.Relay })
	same := at >= 0 && bytes.Equal(had[at].Circuit, s.Circuit) && bytes.Equal(had[at].Remote, s.Remote)
	keep := together
	switch {
	case same && s.At.Sub(had[at].At) < refresh && !had[at].At.Before(boot):
		return had, before, Nothing
	case same:
		s.Since, what, keep = had[at].Since, Again, forgotten
	case at >= 0:
		before, what = had[at], Moved
	case !s.Relay.IsValid() && !slices.ContainsFunc(had, func(o machine.Relayed) bool { return o.MAC == s.MAC }):
		return had, before, Nothing // no relay ever said anything of it
	default:
		what = First
	}
	now = append(now, s)
	of := 1
	for _, o := range had {
		switch {
		case o.MAC != s.MAC:
		case o.Relay == s.Relay:
			continue
		case family(o, s) && o.At.Before(s.At.Add(-keep)):
			if what == First {
				before, what = o, Moved
			}
			continue
		case of == maxOfMAC:
			continue
		default:
			of++
		}
		now = append(now, o)
	}
	return now[:min(len(now), maxRelayed)], before, what
}

// family tells whether two relays speak of the same protocol, as far as they are
// known: DHCP and DHCPv6 go their own ways.
func family(a, b machine.Relayed) bool {
	six := func(r netip.Addr) bool { return r.Is6() }
	return six(a.Relay) == six(b.Relay)
}

func short(b []byte) []byte { return slices.Clone(b[:min(len(b), maxOption)]) }

// Current are the sightings of an interface that count, the newest first.
func Current(m *machine.Machine, mac machine.MAC) (all []machine.Relayed) {
	for _, r := range m.Observed.Relayed {
		if r.MAC == mac && !mac.IsZero() && (len(all) == 0 || !r.At.Before(all[0].At.Add(-forgotten))) {
			all = append(all, r)
		}
	}
	return all
}
