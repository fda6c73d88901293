package journal

// Names of details that programs read, too: whoever explains a boot goes by
// them and not by the sentences, which are people's.
const (
	DetailOutcome = "outcome" // an Outcome
	DetailFile    = "file"    // name or path that was asked for
	DetailReason  = "reason"  // one word of the part that saw it
	DetailProblem = "problem" // the same in a sentence
	DetailServer  = "server"  // address of another DHCP server, or by what it says it is
	DetailRelay   = "relay"   // address of the relay
	DetailOption  = "option82"
	DetailDUID    = "duid"   // by which a client of DHCPv6 names itself: what DHCPv4 tells has none
	DetailInputs  = "inputs" // what a boot decision rested on, as package boot writes it: for replay, and large
	DetailSix     = "ipv6"   // the subnet that serves its network by IPv6, where none does by IPv4
	DetailSecs    = "secs"   // what the client says since when it asks, in seconds: DHCP's secs
	DetailPower   = "power"
	DetailIgnored = "ignored"   // what a BMC accepted and did not do: "power on", "power off" or IgnoredOnce
	DetailOutput  = "output"    // the last words of an agent that crashed: many lines, and large
	DetailLog     = "log"       // lines of an agent's log, and large
	DetailClock   = "clock_off" // how far a machine's clock is from ours, as time.Duration writes it
)

// IgnoredOnce is a boot from the network, once, that the firmware did not do.
const IgnoredOnce = "one-time boot"

// Outcome is what came of what a row tells.
type Outcome string

// Outcomes of a DHCP exchange.
const (
	Bound      Outcome = "bound"        // it has an address
	NotTaken   Outcome = "not-taken"    // it was offered one and never asked for it
	Unanswered Outcome = "unanswered"   // it heard nothing; DetailReason says why
	Refused    Outcome = "refused"      // it was told that it must not have an address
	Returned   Outcome = "returned"     // it gave its address back
	Declined   Outcome = "declined"     // it found that another has the address
	Avoided    Outcome = "avoided"      // we found that another has the address, and offer it another one
	Elsewhere  Outcome = "took-another" // it took the offer of DetailServer
	Directed   Outcome = "directed"     // it was told what to boot, where another server gives the addresses
	Rogue      Outcome = "another-server"
)

// Outcomes of a transfer.
const (
	Sent      Outcome = "sent"
	BrokenOff Outcome = "broken-off" // the client went away in the middle
	Missing   Outcome = "missing"    // there is no such file
	TLSFailed Outcome = "tls-failed" // no secure connection came about
)

// Outcome is the event's, where its part says one.
func (e Event) Outcome() Outcome { return Outcome(e.Details[DetailOutcome]) }
