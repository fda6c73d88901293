package diagnosis

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"firstlight/server/journal"
)

// row is an event that says something of a boot.
type row struct {
	*journal.Event
	end time.Time // when what it tells was over
}

// bootOf is a machine's last boot, as its rows show it.
type bootOf struct {
	*Input
	began  time.Time
	power  *row // it was switched on
	asleep bool // before that it was off, as far as anybody knows
	once   *row // it was told to boot from the network
	// ignored is what its BMC accepted and did not do.
	ignored *row

	asks    []row // of firmware and loader for an address
	loaders []row // boot loaders that were sent whole
	config  *row  // what GRUB reads first
	script  *row
	kernel  *row
	image   *row // the agent's initramfs
	agent   *row
	report  *row // the last whole report of it
	system  *row // an installed system was heard
	missing *row // a file that there is not, before any loader
	gone    *row // a kernel or its files, which it asks for after its script
	broken  *row // a transfer that broke off, and did not come again
	tls     *row
	refused *row // a script, or a report
	hash    *row // an image that is not what was meant

	// loads are boots before this one that came as far as their loader, firstLoad
	// is the first of these.
	loads     int
	firstLoad *row

	kernels int   // since the agent spoke last
	returns []row // scripts that sent it to its own disk since its image was written
	heard   bool  // anything of it, ever
}

// apart is how long a firmware that asks is silent between two boots of which
// the first came to nothing.
const apart = 10 * time.Minute

// follow reads the rows in the order in which things began.
func follow(in *Input) *bootOf {
	b := &bootOf{Input: in}
	if m := in.Machine; m != nil {
		b.heard = !m.Observed.BootAt.IsZero() || !m.ReportedAt.IsZero()
	}
	all := slices.Clone(in.Events)
	slices.SortStableFunc(all, func(x, y journal.Event) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	for i := range all {
		if in.Now.Sub(all[i].At) <= Memory {
			b.see(newRow(&all[i]))
		}
	}
	return b
}

func newRow(e *journal.Event) row {
	end := e.At.Add(e.Duration)
	if e.Source == journal.Agent { // its duration is that of the collecting, before it
		end = e.At
	}
	if e.LastAt.After(end) {
		end = e.LastAt
	}
	return row{e, end}
}

func (b *bootOf) see(r row) {
	switch r.Source {
	case journal.BMC:
		b.seePower(r)
	case journal.DHCP:
		b.seeDHCP(r)
	case journal.Files:
		b.seeFile(r)
	case journal.Boot:
		b.seeDecision(r)
	case journal.Agent:
		b.seeAgent(r)
	case journal.System:
		b.system, b.heard = &r, true
		b.returns = nil
	case journal.Status, journal.Job:
		b.seeInstall(r)
	default: // people and names boot nothing
	}
}

func (b *bootOf) seePower(r row) {
	switch {
	case r.Details[journal.DetailIgnored] != "":
		b.ignored = &r
	case r.Details[journal.DetailPower] == "on":
		asleep := b.asleep || b.last().IsZero()
		b.again(r.At)
		b.power, b.asleep = &r, asleep
	case r.Details[journal.DetailPower] == "off":
		b.asleep = true
	case strings.HasPrefix(r.Text, "Boot once from the network"):
		b.once = &r
	}
}

// again begins another boot. What counts over several of them stays.
func (b *bootOf) again(at time.Time) {
	loads, first := 0, (*row)(nil)
	if l := b.loader(); l != nil && b.script == nil && b.kernel == nil && b.bound(true) == nil && at.Sub(l.end) < apart {
		if loads, first = b.loads+1, b.firstLoad; first == nil {
			first = &b.loaders[0]
		}
	}
	*b = bootOf{
		loads: loads, firstLoad: first,
		Input: b.Input, began: at, power: b.power, once: b.once, ignored: b.ignored, heard: b.heard,
		kernels: b.kernels, returns: b.returns, hash: b.hash, agent: b.agent, report: b.report,
	}
}

// last is when the last thing of this boot was over.
func (b *bootOf) last() (at time.Time) {
	for _, r := range []*row{last(b.asks), last(b.loaders), b.script, b.kernel, b.image, b.agent, b.system} {
		if r != nil && r.end.After(at) {
			at = r.end
		}
	}
	return at
}

func last(all []row) *row {
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

func (b *bootOf) seeDHCP(r row) {
	if r.Outcome() == journal.Avoided { // it gets another address, and never knew
		return
	}
	stage := r.Details["stage"]
	if stage == "" { // of a system
		if r.Outcome() == journal.Bound && b.kernel == nil {
			b.system = &r
		}
		return
	}
	b.heard, b.asleep = true, false
	firmware := stage != "ipxe"
	if firmware && (b.past() || r.At.Sub(b.last()) > apart) {
		b.again(r.At)
	}
	b.asks = append(b.asks, r)
}

// past tells whether this boot is further than its firmware.
func (b *bootOf) past() bool {
	return len(b.loaders) > 0 || b.script != nil || b.kernel != nil || b.agent != nil && b.agent.At.After(b.began)
}

func (b *bootOf) seeFile(r row) {
	name := path.Base(r.Details[journal.DetailFile])
	b.heard = true
	switch r.Outcome() {
	case journal.Missing:
		// A loader of ours looks for files by itself, as iPXE does for
		// autoexec.ipxe; only firmware asks for what somebody named.
		switch {
		case b.script != nil && (strings.HasPrefix(name, "vmlinuz") || strings.HasPrefix(name, "init")):
			b.gone = &r
		case len(b.loaders) == 0:
			b.missing = &r
		}
	case journal.BrokenOff:
		b.broken = &r
	case journal.TLSFailed:
		b.tls = &r
	case journal.Sent:
		if b.broken != nil && path.Base(b.broken.Details[journal.DetailFile]) == name {
			b.broken = nil // it came again
		}
		b.sent(name, r)
	default: // of another kind
	}
}

func (b *bootOf) sent(name string, r row) {
	switch {
	case name == "vmlinuz":
		b.kernel = &r
		b.kernels++
	case name == "grub.cfg":
		b.config = &r
	case name == "initramfs" || strings.HasPrefix(name, "initr"):
		b.image = &r
	case strings.HasSuffix(name, ".efi"), strings.HasSuffix(name, ".kpxe"), strings.HasSuffix(name, ".pxe"), strings.HasSuffix(name, ".signed"):
		b.loaders = append(b.loaders, r)
	default: // an image, which the agent fetches
	}
}

func (b *bootOf) seeDecision(r row) {
	b.heard = true
	if strings.HasPrefix(r.Text, "Script refused") {
		b.refused = &r
		return
	}
	if r.Details["stage"] != "script" {
		return
	}
	b.script, b.tls, b.refused, b.gone = &r, nil, nil, nil
	if r.Details["target"] == "disk" && b.returns != nil {
		b.returns = append(b.returns, r)
	}
}

func (b *bootOf) seeAgent(r row) {
	b.heard = true
	if strings.HasPrefix(r.Text, "Report refused") {
		b.refused = &r
		return
	}
	b.agent, b.refused, b.kernels = &r, nil, 0
	if r.Details["boot"] != "" {
		b.report = &r
	}
}

// hashDiffers is how agents say that an image is not what the plan names.
const hashDiffers = "has the hash"

func (b *bootOf) seeInstall(r row) {
	switch {
	case strings.Contains(r.Text, hashDiffers):
		b.hash = &r
	case strings.Contains(r.Text, "→ configuring"):
		b.hash, b.returns = nil, []row{}
	case strings.HasPrefix(r.Text, "Issue "):
	case r.Source == journal.Status && b.hash != nil && !strings.Contains(r.Text, "installing → installing") && !strings.Contains(r.Text, "→ broken"):
		b.hash = nil // somebody went on
	}
}
