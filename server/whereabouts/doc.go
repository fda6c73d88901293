// Package whereabouts says where a machine is: it holds what LLDP, DHCP relays
// and the plan say of each of its cables against each other.
//
// The files follow the words: relay.go takes apart what a relay says (option 82
// of RFC 3046; options 18 and 37 of DHCPv6, RFC 8415 and RFC 4649), text.go reads
// the forms that switches write it in, sight.go keeps what was said last,
// reconcile.go holds one leg against the other and against the plan, sentence.go
// puts it into words, and fleet.go knows whose port is whose.
//
// It is pure. It promises that nothing which it does not understand is ever a
// disagreement, that a disagreement names both values and who said which, and
// that a position match rests on two legs that each name the switch and the port.
// The plan is never changed by what was seen. It imports the words and discovery;
// serverdb, issue, the API and the pages import it.
package whereabouts
