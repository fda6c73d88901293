package bootpath

import (
	"path"
	"strings"
	"time"

	"firstlight/server/journal"
)

// Names of steps.
const (
	stepDHCP   = "DHCP"
	stepLoader = "loader"
	stepIPXE   = "loader's DHCP"
	stepScript = "script"
	stepKernel = "kernel"
	stepAgent  = "agent"
	stepSystem = "system"
)

// follower sees a machine's rows in their order.
type follower struct {
	order string
	once  time.Time // when its BMC was told to boot from the network once
	boots []*boot
}

func (f *follower) cur() *boot {
	if len(f.boots) == 0 {
		return nil
	}
	return f.boots[len(f.boots)-1]
}

func (f *follower) see(e *journal.Event) {
	switch e.Source {
	case journal.BMC:
		f.seeBMC(e)
	case journal.DHCP:
		f.seeDHCP(e)
	case journal.Files:
		f.seeFile(e)
	case journal.Boot:
		f.seeScript(e)
	case journal.Agent:
		f.step(e.At, stepAgent, "", stepSystem)
	case journal.System:
		f.step(e.At, stepSystem, e.Text, stepKernel, stepAgent)
	default: // no part of a boot
	}
}

func (f *follower) seeBMC(e *journal.Event) {
	switch {
	case strings.HasPrefix(e.Text, "Boot once from the network"):
		f.once = e.At
	case e.Details[journal.DetailPower] != "on" || e.Details[journal.DetailIgnored] != "":
	case f.cur() != nil && f.cur().powered && len(f.cur().Steps) == 0: // the same order again
	default:
		f.begin(e.At, true)
	}
}

// begin expects something of a new boot: what the BMC was told for this once;
// else what the firmware's own order says; else what it did the last time.
func (f *follower) begin(at time.Time, powered bool) *boot {
	before := f.cur()
	b := &boot{Path: Path{At: at}, powered: powered, last: at, seen: map[string]bool{}}
	switch {
	case powered && at.Sub(f.once) < onceFor:
		b.By = "one-time boot of its BMC, set at " + f.once.UTC().Format("15:04:05") + " UTC"
		f.once = time.Time{}
	case strings.HasPrefix(f.order, "network"):
		b.By = "boot order of its firmware: " + f.order
	case f.order == "" && before != nil && before.network():
		b.By = "as in its boot before"
	}
	b.cameBack = before != nil && before.target == "disk" && !before.seen[stepSystem] && !powered && at.Sub(before.last) < returns
	if b.By != "" {
		b.Expected = []string{"network"}
	}
	f.boots = append(f.boots, b)
	return b
}

// step adds to the boot, and begins another where one of these was seen: they
// come after it.
func (f *follower) step(at time.Time, name, what string, after ...string) {
	b := f.cur()
	for _, later := range after {
		if b != nil && b.seen[later] {
			b = nil
		}
	}
	if b == nil {
		b = f.begin(at, false)
	}
	b.add(at, name, what)
}

func (f *follower) seeDHCP(e *journal.Event) {
	what := string(e.Outcome())
	switch stage := e.Details["stage"]; {
	case e.Outcome() == journal.Rogue || e.Outcome() == journal.Avoided:
	case stage == "ipxe":
		f.step(e.At, stepIPXE, what, stepKernel, stepAgent, stepSystem)
	case stage != "":
		if b := f.cur(); b != nil && e.At.Sub(b.last) > apart && len(b.Steps) > 0 {
			f.begin(e.At, false)
		}
		f.step(e.At, stepDHCP, what, stepLoader, stepScript, stepKernel, stepAgent, stepSystem)
	case e.Outcome() == journal.Bound && f.cur() != nil && !f.cur().seen[stepKernel] && !f.cur().seen[stepAgent]:
		f.step(e.At, stepSystem, "asks for an address")
	}
}

func (f *follower) seeFile(e *journal.Event) {
	if e.Outcome() != journal.Sent {
		return
	}
	switch name := path.Base(e.Details[journal.DetailFile]); {
	case name == "vmlinuz":
		f.step(e.At, stepKernel, "", stepAgent, stepSystem)
	case strings.HasSuffix(name, ".efi"), strings.HasSuffix(name, "pxe"), strings.HasSuffix(name, ".signed"):
		f.step(e.At, stepLoader, name, stepScript, stepKernel, stepAgent, stepSystem)
	default: // what the loader or the agent fetches besides
	}
}

func (f *follower) seeScript(e *journal.Event) {
	target := e.Details["target"]
	if e.Details["stage"] != "script" || target == "" {
		return
	}
	f.step(e.At, stepScript, target, stepKernel, stepAgent, stepSystem)
	f.cur().target = target
}
