package diagnosis

import (
	"fmt"
	"strings"

	"firstlight/server/journal"
)

// Faults on the way to an address.
const (
	NoSubnet       Fault = "no-subnet"
	BareRelay      Fault = "relay-without-option-82"
	RangeFull      Fault = "range-full"
	AddressTaken   Fault = "address-in-use"
	DatabaseAway   Fault = "database-away"
	NotAnswered    Fault = "not-answered"
	Refused        Fault = "address-refused"
	Rogue          Fault = "another-dhcp-server"
	OffersLost     Fault = "offers-lost"
	NoArchitecture Fault = "no-loader-for-architecture"
	IPXENoAddress  Fault = "ipxe-no-address"
	PortSlow       Fault = "switch-port-slow"
	NeverHeard     Fault = "never-heard"
	BMCLies        Fault = "bmc-lies"
	OnceIgnored    Fault = "one-time-boot-ignored"
)

func noSubnet(b *bootOf) *Diagnosis {
	r := b.silence("no_subnet")
	if r == nil {
		return nil
	}
	relay := r.Details[journal.DetailRelay]
	switch {
	case relay == "":
		return says(NoSubnet, StageAddress, fmt.Sprintf("It asks on our interface %s and hears nothing: %s.", r.Details["interface"], r.Details[journal.DetailProblem]),
			"Add the subnet of that network, or take the interface out of the configuration.", r)
	case r.Details[journal.DetailOption] == "absent":
		return says(BareRelay, StageAddress, fmt.Sprintf("It asks through relay %s, which adds no option 82 that names its network, and no subnet of ours holds %[1]s: it hears nothing.", relay),
			"Have the relay ask from its address in the machines' network, or send option 82 with link selection; or add the subnet of "+relay+".", r)
	case six(r): // its own address tells nothing of the network that it asks for
		return says(NoSubnet, StageAddress, fmt.Sprintf("It asks through relay %s and hears nothing: %s.", relay, r.Details[journal.DetailProblem]),
			"Add the subnet of that address; or have the relay name its own in the machines' network (link-address).", r)
	default:
		return says(NoSubnet, StageAddress, fmt.Sprintf("It asks through relay %s and hears nothing: %s.", relay, r.Details[journal.DetailProblem]),
			"Add the subnet of "+relay+".", r)
	}
}

func rangeFull(b *bootOf) *Diagnosis {
	r := b.ask() // DHCPv6 says so, where DHCPv4 can but be silent
	if r == nil || r.Details[journal.DetailReason] != "no_address" || strings.Contains(r.Details[journal.DetailProblem], "somebody answers") {
		return nil
	}
	return says(RangeFull, StageAddress, fmt.Sprintf("It asked %s and got no address: the ranges of subnet %s are full.", times(max(r.Count, 1), "time"), r.Details["subnet"]),
		"Widen the ranges, or free leases: firstlight lease ls --subnet "+r.Details["subnet"]+".", r)
}

// addressTaken is told even where it got another address since: two have one.
func addressTaken(b *bootOf) *Diagnosis {
	if r := b.silence("no_address"); r != nil {
		return says(AddressTaken, StageAddress, "It gets no address: somebody answers from each one that was tried ("+r.Details[journal.DetailProblem]+").",
			"Find who has them by hand: firstlight stranger ls, or arping from the subnet.", r)
	}
	for i := len(b.asks) - 1; i >= 0; i-- {
		r := &b.asks[i]
		if r.Outcome() == journal.Declined && !b.spoke(r) {
			return says(AddressTaken, StageAddress, fmt.Sprintf("It was given %s and found that another machine has it: the address is in use twice.", r.Details["address"]),
				"Find who else has "+r.Details["address"]+" and give it another; it is kept out of the ranges meanwhile.", r)
		}
	}
	return nil
}

func databaseAway(b *bootOf) *Diagnosis {
	r := b.silence("store")
	if r == nil {
		return nil
	}
	return says(DatabaseAway, StageAddress, "It asks and gets no address, because the database does not answer.", "Look at Health: firstlight health.", r)
}

// notAnswered is any other silence, but for that of a policy, which is meant.
func notAnswered(b *bootOf) *Diagnosis {
	r := b.came(journal.Unanswered)
	if r == nil || r.Details[journal.DetailReason] == "policy" {
		return nil
	}
	return says(NotAnswered, StageAddress, "It asks for an address and hears nothing: "+r.Details[journal.DetailProblem]+".", "See why: firstlight boot explain "+r.MAC.String()+".", r)
}

func refusedAddress(b *bootOf) *Diagnosis {
	r := b.came(journal.Refused)
	if !b.since(r, againWithin) && b.refusals() < refusalsFrom {
		return nil
	}
	if six(r) {
		return says(Refused, StageAddress, "It was refused and did not begin anew with a SOLICIT: "+r.Details[journal.DetailProblem]+".",
			"Power-cycle it; if it comes again, its firmware keeps an old lease, or is one to update.", r)
	}
	return says(Refused, StageAddress, "It asks for an address that it must not have, and does not ask for another: "+r.Details[journal.DetailProblem]+".",
		"Power-cycle it; if it comes again, its firmware keeps an old lease.", r)
}

// refusalsFrom is how many refusals in a row are no accident: after the first a
// client asks for any address (RFC 2131 §3.2).
const refusalsFrom = 3

// refusals counts those that came last, one after the other.
func (b *bootOf) refusals() (n int) {
	for i := len(b.asks) - 1; i >= 0 && b.asks[i].Outcome() == journal.Refused; i-- {
		n += max(b.asks[i].Count, 1)
	}
	return n
}

func tookAnother(b *bootOf) *Diagnosis {
	if r := b.came(journal.Elsewhere); r != nil {
		p, server := protocolOf(r), r.Details[journal.DetailServer]
		return says(Rogue, StageAddress, fmt.Sprintf("It took the %s of another %s server, %s, and did not come to us for its boot.", p.offer, p.name, server),
			"Find "+server+" and "+p.rival+p.stays+".", r)
	}
	r := b.came(journal.NotTaken)
	if r == nil || b.server(six(r)) == "" || noArchitecture(b) != nil {
		return nil
	}
	p, server := protocolOf(r), b.server(six(r))
	d := says(Rogue, StageAddress, fmt.Sprintf("%s, and another server %s answers on this segment.", p.inVain(r), server),
		"Find "+server+" and "+p.rival+".", r)
	d.Evidence = append(d.Evidence, Evidence{b.Servers[server], "another " + p.name + " server, " + server + ", was heard"})
	return d
}

// noArchitecture: firmware that is offered no file goes on to its next boot
// device, with the address or without.
func noArchitecture(b *bootOf) *Diagnosis {
	r := last(b.asks)
	if r == nil || r.Details["stage"] == "ipxe" || r.Details["boots"] != "" || r.Details[journal.DetailProblem] == "" || b.past() ||
		r.Outcome() != journal.NotTaken && !well(r) {
		return nil
	}
	return says(NoArchitecture, StageLoader, fmt.Sprintf("There is no boot loader for what it is (%s): %s.", arch(r), r.Details[journal.DetailProblem]),
		"Boot it in another firmware mode (UEFI x64, arm64 or BIOS); see README for what there is.", r)
}

func offersLost(b *bootOf) *Diagnosis {
	r := b.came(journal.NotTaken)
	if r == nil {
		return nil
	}
	p := protocolOf(r)
	on := p.lost
	if relay := r.Details[journal.DetailRelay]; relay != "" {
		on = "our answers do not come back through relay " + relay
	}
	return says(OffersLost, StageAddress, fmt.Sprintf("%s: %s, or its firmware wants another %s.", p.inVain(r), on, p.offer),
		"Look for "+p.guard+" on its switch port and for a firewall on the way back"+p.ports+".", r)
}

func iPXENoAddress(b *bootOf) *Diagnosis {
	r := b.came(journal.NotTaken)
	if r == nil || r.Details["stage"] != "ipxe" || b.loader() == nil {
		return nil
	}
	return says(IPXENoAddress, StageScript, "Its loader runs, asks for an address of its own, is offered one and does not take it: its network card works in the firmware only by half, or the switch port went down and forwards too late.",
		"Set the switch port to edge (PortFast) and look at its console.", r, b.loader())
}

// slowFrom is from how long of asking on a switch port counts as slow: spanning
// tree takes 30 s to forward, and no server takes so long.
const slowFrom = 8

// portSlow goes by what firmware says since when it asks, against when it was
// heard first.
func portSlow(b *bootOf) *Diagnosis {
	for i := range b.asks {
		r := &b.asks[i]
		var secs int
		if _, err := fmt.Sscan(r.Details[journal.DetailSecs], &secs); err != nil || r.Details["stage"] == "ipxe" {
			continue
		}
		if unheard := secs - int(r.Duration.Seconds()); unheard >= slowFrom && unheard < 600 {
			return says(PortSlow, Passed, fmt.Sprintf("Its firmware asked for %d s before we heard its first packet: its switch port forwards late, as with spanning tree.", unheard),
				"Make the switch port an edge port (PortFast), or wait longer for it.", r)
		}
	}
	return nil
}

// onceIgnored: its BMC took the order to boot from the network once and showed
// it, the machine was switched on, and did not ask the network.
func onceIgnored(b *bootOf) *Diagnosis {
	i := b.ignored
	if i == nil || i.Details[journal.DetailIgnored] != journal.IgnoredOnce || b.last().After(i.At) {
		return nil
	}
	stage, next := StageDisk, "Set the network first in its boot order, and update the BMC's firmware."
	if i.Details[journal.DetailPower] == "off" {
		stage, next = StagePower, "Look at its console and its power supplies; then reset the BMC."
	}
	return says(OnceIgnored, stage, i.Text+".", next, b.once, b.power, i)
}

// liar is a BMC that says yes and does nothing.
func liar(b *bootOf) *Diagnosis {
	if i := b.disobeyed(); i != nil {
		return says(BMCLies, StagePower, i.Text+".", "Log in to the BMC and look whether it is this machine's; then reset it.", i)
	}
	p := b.power
	if p == nil || !b.heard || p.At.Before(b.began) || b.last().After(p.At) {
		return nil
	}
	m := b.Machine
	if b.asleep && m != nil && m.Observed.CallAt.Sub(p.At) > againWithin && !m.ReportedAt.After(p.At) && m.Observed.HomeAt.Before(p.At) {
		return says(BMCLies, StagePower, fmt.Sprintf("Its BMC said at %s that it was switched off and on, but its agent goes on speaking: it never restarted, or the BMC is another machine's.", clock(p.At)),
			"Compare the BMC's serial number with the machine's; then reset the BMC.", p)
	}
	if !b.asleep || m != nil && m.Observed.CallAt.After(p.At) {
		return nil
	}
	return b.overdue(p, "firmware", firstWithin, func() *Diagnosis {
		return says(BMCLies, StagePower, fmt.Sprintf("Its BMC switched it on at %s, and no boot request followed: it does not run, hangs in its firmware, or does not boot from the network first.", clock(p.At)),
			"Look at its console; then reset the BMC, or set the boot order to network first.", p)
	})
}

// disobeyed is an order of power that its BMC accepted and does not show.
func (b *bootOf) disobeyed() *row {
	i, m := b.ignored, b.Machine
	if i == nil || i.Details[journal.DetailIgnored] == journal.IgnoredOnce || b.last().After(i.At) {
		return nil
	}
	if m != nil && m.Observed.PowerAt.After(i.At) && "power "+m.Observed.Power == i.Details[journal.DetailIgnored] {
		return nil // late, but it did
	}
	return i
}

func neverHeard(b *bootOf) *Diagnosis {
	if b.power == nil || b.heard {
		return nil
	}
	return b.overdue(b.power, "firmware", firstWithin, func() *Diagnosis {
		return says(NeverHeard, StagePower, fmt.Sprintf("It was switched on at %s, and no packet of it ever reached us: no cable, no DHCP relay on its network, or network boot is off.", clock(b.power.At)),
			"Check its link; then the relay (ip helper-address, and ipv6 dhcp relay for IPv6) of its network; then the boot order.", b.power)
	})
}
