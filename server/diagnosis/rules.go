package diagnosis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"firstlight/server/journal"
)

// Times in which healthy machines have gone on. A rule that waits for none of
// them has seen the fault itself.
const (
	loaderWithin = 45 * time.Second // a firmware with an address asks for its loader within a few
	againWithin  = 20 * time.Second // a client whose transfer broke asks again within its timeout
	iPXEWithin   = 90 * time.Second // a loader brings its link up, which takes half a minute behind a slow switch port
	scriptWithin = 45 * time.Second
	kernelWithin = time.Minute
	crashWithin  = 45 * time.Second // of a kernel that was fetched time and again
	agentWithin  = 3 * time.Minute  // a kernel loads drivers and waits for its disks
	sixWithin    = 2 * time.Minute  // firmware asks by IPv4 for a minute before it asks by IPv6
	firstWithin  = 6 * time.Minute  // a large server tests its memory for minutes
	serverFresh  = 10 * time.Minute
)

// rule looks at a boot; nil: it has nothing to say.
type rule func(*bootOf) *Diagnosis

// stopping are the rules about what stops a boot, of which the first that
// fires speaks: what a machine did last comes first.
var stopping = []rule{
	reportRefused, imageHash, silentAgent, diskReturns, bootedDisk,
	kernelBroken, kernelGone, noImage, noKernel, scriptRefused, tlsRefused,
	iPXENoAddress, wrongLoader, loaderLoop, noScript, refusesLoader, noDriver,
	loaderBroken, noSuchFile, noLoader,
	noSubnet, rangeFull, addressTaken, databaseAway, notAnswered, refusedAddress,
	tookAnother, noArchitecture, offersLost,
	onceIgnored, liar, neverHeard,
}

// passing are those about what does not.
var passing = []rule{portSlow, wrongClock}

// Times from which a wait is a suspicion: where the median of the kind of machine
// is known, twice that, but not what a busy hour explains; else a time that most
// machines need not.
const (
	doubtLeast = 30 * time.Second
	doubtFrom  = 45 * time.Second
)

// overdue gives what a wait for a stage means, once it has lasted: a suspicion at
// first, and certain from within on, or from twice what is usual, where that is
// longer.
func (b *bootOf) overdue(r *row, stage string, within time.Duration, say func() *Diagnosis) *Diagnosis {
	if r == nil || b.Now.Sub(r.end) < doubtLeast {
		return nil
	}
	waited, doubt, usual := b.Now.Sub(r.end), doubtFrom, b.usual(stage)
	if usual > 0 {
		doubt, within = max(doubtLeast, 2*usual), max(within, 2*usual)
	}
	switch {
	case waited >= within:
		return say()
	case waited < doubt:
		return nil
	}
	d := say()
	d.Suspected = true
	d.Sentence += fmt.Sprintf(" Waited for %d s so far; ", int(waited.Seconds()))
	if usual > 0 {
		d.Sentence += fmt.Sprintf("usual is %d s.", int(usual.Round(time.Second).Seconds()))
	} else {
		d.Sentence += fmt.Sprintf("slow machines take up to %d s.", int(within.Seconds()))
	}
	return d
}

// usual is how long a stage of package bootclock takes its kind of machine; 0: not known.
func (b *bootOf) usual(stage string) time.Duration {
	if b.Usual == nil {
		return 0
	}
	return b.Usual(stage)
}

// since tells whether something happened longer ago than d.
func (b *bootOf) since(r *row, d time.Duration) bool { return r != nil && b.Now.Sub(r.end) >= d }

// spoke tells whether the agent was heard in this boot, after a row of it.
func (b *bootOf) spoke(after *row) bool {
	return b.agent != nil && (after == nil || !b.agent.At.Before(after.At)) && !b.agent.At.Before(b.began) ||
		b.Machine != nil && after != nil && (b.Machine.Observed.CallAt.After(after.end) || b.Machine.ReportedAt.After(after.end))
}

// ask is the last time that it asked for an address, if it got none since: in
// the firmware, before any loader, or in a loader.
func (b *bootOf) ask() *row {
	asks := b.asks
	for len(asks) > 0 && last(asks).Details[journal.DetailSix] != "" && (len(asks) > 1 || !b.since(last(asks), sixWithin)) {
		asks = asks[:len(asks)-1] // its network is one of IPv6, by which it asks, too
	}
	r := last(asks)
	if r == nil || b.script != nil || b.kernel != nil || well(r) || b.agent != nil && b.agent.At.After(r.At) {
		return nil
	}
	return r
}

// well tells whether it was told what it asked: an address of ours or, beside
// another DHCP server, what to boot.
func well(r *row) bool { return r.Outcome() == journal.Bound || r.Outcome() == journal.Directed }

// came is ask where it ended in one way.
func (b *bootOf) came(o journal.Outcome) *row {
	if r := b.ask(); r != nil && r.Outcome() == o {
		return r
	}
	return nil
}

// silence is ask where it heard nothing for a reason of the DHCP server.
func (b *bootOf) silence(reason string) *row {
	if r := b.came(journal.Unanswered); r != nil && r.Details[journal.DetailReason] == reason {
		return r
	}
	return nil
}

// server is the other server that was heard last on its network, of DHCPv6 or of
// DHCPv4.
func (b *bootOf) server(six bool) string {
	var best string
	for _, s := range slices.Sorted(maps.Keys(b.Servers)) {
		if strings.Contains(s, ":") == six && b.Now.Sub(b.Servers[s]) <= serverFresh && (best == "" || b.Servers[s].After(b.Servers[best])) {
			best = s
		}
	}
	return best
}

// bound is the last address that a stage got in this boot.
func (b *bootOf) bound(iPXE bool) *row {
	for i := len(b.asks) - 1; i >= 0; i-- {
		if r := &b.asks[i]; well(r) && (r.Details["stage"] == "ipxe") == iPXE {
			return r
		}
	}
	return nil
}

// loader is the last boot loader that was sent.
func (b *bootOf) loader() *row { return last(b.loaders) }

func says(f Fault, s Stage, sentence, action string, rows ...*row) *Diagnosis {
	d := &Diagnosis{Fault: f, Stage: s, Sentence: sentence, Action: action}
	for _, r := range rows {
		if r == nil {
			continue
		}
		text := r.Text
		if r.Count > 1 {
			text += fmt.Sprintf(", %d times", r.Count)
		}
		d.Evidence = append(d.Evidence, Evidence{r.At, text})
		if d.Since.IsZero() || r.At.Before(d.Since) {
			d.Since = r.At
		}
	}
	return d
}

func times(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") + " UTC" }

// arch names the architecture that a row has, as people say it.
func arch(r *row) string {
	who := r.Text
	for _, verb := range []string{" was ", " gets ", ", which has ", " has ", " boots ", " takes "} {
		who, _, _ = strings.Cut(who, verb)
	}
	who = who[strings.LastIndex(who, ": ")+1:]
	return cmp.Or(strings.TrimSpace(who), "architecture "+r.Details["arch"])
}
