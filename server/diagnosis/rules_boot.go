package diagnosis

import (
	"fmt"
	"path"
	"strings"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Faults after the address.
const (
	NoLoader      Fault = "loader-not-fetched"
	NoSuchFile    Fault = "no-such-file"
	LoaderBroken  Fault = "loader-broken-off"
	WrongLoader   Fault = "wrong-loader"
	NotStarted    Fault = "loader-not-started"
	NoDriver      Fault = "loader-without-nic-driver"
	LoaderLoop    Fault = "loader-loop"
	NoScript      Fault = "script-not-fetched"
	ScriptRefused Fault = "script-refused"
	TLSRefused    Fault = "tls-refused"
	NoImage       Fault = "no-boot-image"
	NoKernel      Fault = "script-and-no-more"
	KernelBroken  Fault = "kernel-broken-off"
	SilentAgent   Fault = "silent-agent"
	CrashLoop     Fault = "crash-loop"
	ReportRefused Fault = "report-refused"
	ImageHash     Fault = "image-hash"
	DiskReturns   Fault = "wrong-boot-order"
	BootedDisk    Fault = "booted-its-disk"
	WrongClock    Fault = "wrong-clock"
)

// offered is the loader that its firmware was told of in this boot.
func (b *bootOf) offered() (*row, string) {
	if r := b.bound(false); r != nil && r.Details["boots"] != "" {
		return r, path.Base(r.Details["boots"])
	}
	return nil, ""
}

// waitsForLoader tells whether it got an address and got no further than that.
func (b *bootOf) waitsForLoader() bool {
	return len(b.loaders) == 0 && b.script == nil && b.kernel == nil && b.bound(true) == nil && b.ask() == nil
}

func noLoader(b *bootOf) *Diagnosis {
	r, name := b.offered()
	if r == nil || !b.waitsForLoader() || !b.since(r, loaderWithin) || b.spoke(r) {
		return nil
	}
	by := "TFTP (port 69, and the high ports that answer)"
	if strings.HasPrefix(r.Details["boots"], "http") {
		by = "HTTP"
	}
	by += " is blocked on the way"
	if six(r) {
		by += ", whether a router advertises itself there and the prefix as on-link (flag L)"
	}
	got := "was told"
	if a := r.Details["address"]; a != "" {
		got = "got " + a + " and was told"
	}
	return says(NoLoader, StageLoader, fmt.Sprintf("It %s to load %s, and never asked for it.", got, name),
		"See whether "+by+", and whether its firmware's network boot is of the kind that asks.", r)
}

func noSuchFile(b *bootOf) *Diagnosis {
	if b.missing == nil || !b.waitsForLoader() || len(b.loaders) > 0 || b.script != nil || b.kernel != nil {
		return nil
	}
	name := b.missing.Details[journal.DetailFile]
	r, offered := b.offered()
	if offered == path.Base(name) {
		return says(NoSuchFile, StageLoader, name+" is not among the files that this appliance was built with.", "Build it with make build; firstlight doctor names what is missing.", b.missing)
	}
	sentence := "It asks for " + name + ", which is no file of ours"
	if offered != "" {
		sentence += "; it was told " + offered
	}
	return says(NoSuchFile, StageLoader, sentence+": somebody else names its boot file.", "Look for another DHCP server, or for a boot file set in its firmware.", b.missing, r)
}

func loaderBroken(b *bootOf) *Diagnosis {
	if !b.since(b.broken, againWithin) || len(b.loaders) > 0 || b.script != nil || b.kernel != nil {
		return nil
	}
	name := b.broken.Details[journal.DetailFile]
	return says(LoaderBroken, StageLoader, fmt.Sprintf("It began to fetch %s and broke off after %d bytes.", name, b.broken.Bytes),
		"Look for packet loss and for an MTU below 1500 on the way; then for a firewall that forgets UDP.", b.broken)
}

// wrongLoader: what it fetched is not what it was told of, and does not run.
func wrongLoader(b *bootOf) *Diagnosis {
	got := b.loader()
	r, name := b.offered()
	if got == nil || b.script != nil || b.kernel != nil || b.bound(true) != nil || !b.since(got, againWithin) || b.agent != nil && b.agent.At.After(got.At) {
		return nil
	}
	if r == nil || matches(b.loaders, name) {
		return nil
	}
	file := path.Base(got.Details[journal.DetailFile])
	return says(WrongLoader, StageLoader, fmt.Sprintf("Its firmware (%s) fetched %s, which is the loader of another architecture; it was told %s.", arch(r), file, name),
		"Find who names "+file+" to it: another DHCP server, or its firmware's settings.", got, r)
}

func matches(loaders []row, name string) bool {
	for i := range loaders {
		if path.Base(loaders[i].Details[journal.DetailFile]) == name {
			return true
		}
	}
	return false
}

// silentLoader tells whether nothing was heard of a loader that it got.
func (b *bootOf) silentLoader() bool {
	return b.script == nil && b.kernel == nil && b.config == nil && b.bound(true) == nil && !b.spoke(b.loader())
}

// refusesLoader: a UEFI firmware has what it was told to load, and it does not
// run. What runs there drives the card by the firmware itself, so that Secure
// Boot is likelier than the want of a driver.
func refusesLoader(b *bootOf) *Diagnosis {
	l := b.loader()
	if l == nil || !b.silentLoader() || b.ask() != nil {
		return nil
	}
	name := path.Base(l.Details[journal.DetailFile])
	if !strings.HasSuffix(name, ".efi") {
		return nil
	}
	why := ": Secure Boot refuses it for want of a signature, or there is no driver in it for this network card" + b.unadvertised() + "."
	act := "Look at its console for \"Access Denied\" or \"Security Violation\". If it says so, have its subnet give the signed loaders: firstlight subnet set NAME --secure-boot."
	if name == "shimx64.efi" || name == "grubx64.efi" {
		why = ": its firmware does not trust the signature, or has revoked it."
		act = "Look at its console; see in its firmware whether Microsoft's UEFI CA is among the keys of Secure Boot, and whether its revocation list is newer than this appliance."
	}
	return b.overdue(l, "loader", iPXEWithin, func() *Diagnosis {
		return says(NotStarted, StageScript, fmt.Sprintf("It fetched %s at %s, and the loader never asked for anything", name, clock(l.At))+why, act, l)
	})
}

func noDriver(b *bootOf) *Diagnosis {
	l := b.loader()
	if l == nil || !b.silentLoader() || b.ask() != nil {
		return nil
	}
	return b.overdue(l, "loader", iPXEWithin, func() *Diagnosis {
		return says(NoDriver, StageScript, fmt.Sprintf("It fetched %s at %s, and the loader never asked for an address or a script: no driver in it for this network card"+b.unadvertised()+"?", path.Base(l.Details[journal.DetailFile]), clock(l.At)),
			"Look at its console; update the firmware of the card, or boot from another port.", l)
	})
}

// loopsFrom is how many boots that end at a loader without a word of it are no
// accident.
const loopsFrom = 3

// loaderLoop is a loader that starts the network boot anew instead of taking
// part in it: another loader, an old one, or one that crashes.
func loaderLoop(b *bootOf) *Diagnosis {
	l := b.loader()
	if l == nil || b.loads+1 < loopsFrom || b.script != nil || b.kernel != nil || b.bound(true) != nil || b.spoke(l) {
		return nil
	}
	return says(LoaderLoop, StageScript, fmt.Sprintf("It fetched %s %d times, and each time its firmware's network boot began anew: the loader does not start, or does not say that it is one.", path.Base(l.Details[journal.DetailFile]), b.loads+1),
		"Look at its console; a loader of its own in the card's ROM, or Secure Boot (firstlight subnet set NAME --secure-boot), may stand in the way of ours.", b.firstLoad, l)
}

func noScript(b *bootOf) *Diagnosis {
	r, has, port := b.bound(true), "", ""
	switch {
	case b.config != nil:
		r, has, port = b.config, "its first configuration", "this appliance's HTTP"
	case r != nil:
		has, port = r.Details["address"], r.Details["boots"]
	}
	if !b.since(r, scriptWithin) || b.script != nil || b.kernel != nil || b.spoke(r) {
		return nil
	}
	return says(NoScript, StageScript, fmt.Sprintf("Its loader has %s and does not fetch its script: HTTP to this appliance does not come through.", has),
		"Let its network reach the port of "+port+"; try it from a machine there.", r)
}

func scriptRefused(b *bootOf) *Diagnosis {
	if b.refused == nil || b.refused.Source != journal.Boot {
		return nil
	}
	return says(ScriptRefused, StageScript, "It gets no script: "+strings.TrimPrefix(b.refused.Text, "Script refused: ")+".",
		"See which machine has that address; two interfaces of one chassis may share it.", b.refused)
}

func tlsRefused(b *bootOf) *Diagnosis {
	if !b.since(b.tls, againWithin) || b.script != nil {
		return nil
	}
	why := b.tls.Details[journal.DetailProblem]
	if why == "" {
		why = b.tls.Text
	}
	return says(TLSRefused, StageScript, "No secure connection comes about: "+why+".",
		"See that its loader carries this appliance's CA, that the certificate has the name it asks for, and that its clock is right.", b.tls)
}

// noImage: what waits, waits for a boot image; nothing else makes a script wait.
func noImage(b *bootOf) *Diagnosis {
	s := b.script
	if s == nil || s.Details["target"] != "wait" || b.kernel != nil || b.spoke(s) {
		return nil
	}
	why := strings.TrimPrefix(s.Text, "Decided wait: ")
	return says(NoImage, StageKernel, "It asks every 15 s for something to boot: "+why+".",
		"Carry a boot image for it in the appliance and restart that, or switch the machine off.", s)
}

func noKernel(b *bootOf) *Diagnosis {
	s := b.script
	if s == nil || s.Details["target"] != "agent" || b.kernel != nil || b.spoke(s) {
		return nil
	}
	return b.overdue(s, "script", kernelWithin, func() *Diagnosis {
		return says(NoKernel, StageKernel, fmt.Sprintf("It was given its script at %s and asked for nothing more.", clock(s.At)),
			"Look at its console for an error of its loader; it may lack memory, or the network went down.", s)
	})
}

func kernelBroken(b *bootOf) *Diagnosis {
	if !b.since(b.broken, againWithin) || b.script == nil || b.broken.At.Before(b.script.At) || b.spoke(b.broken) {
		return nil
	}
	return says(KernelBroken, StageKernel, fmt.Sprintf("It began to fetch %s and broke off after %d bytes.", path.Base(b.broken.Details[journal.DetailFile]), b.broken.Bytes),
		"Look for packet loss on the way; then power-cycle it.", b.broken)
}

// kernelGone: our scripts name files that are there, so that somebody else's
// script is followed, or one of ours of before an upgrade.
func kernelGone(b *bootOf) *Diagnosis {
	if b.gone == nil || b.spoke(b.gone) {
		return nil
	}
	return says(NoSuchFile, StageKernel, fmt.Sprintf("After its script it asks for %s, and there is no such file: it follows another script than the one that it was given, or one of before an upgrade.", b.gone.Details[journal.DetailFile]),
		"Power-cycle it; if it asks for that again, look for who else gives it a script, and see with firstlight boot explain what ours names.", b.gone)
}

// crashes is how many kernels without an agent are no accident any more.
const crashes = 3

func silentAgent(b *bootOf) *Diagnosis {
	k := b.kernel
	if k != nil && b.image != nil && b.image.end.After(k.end) {
		k = b.image
	}
	if k == nil || b.spoke(b.kernel) {
		return nil
	}
	if b.kernels >= crashes && b.since(k, crashWithin) {
		return says(CrashLoop, StageAgent, fmt.Sprintf("It fetched the kernel %d times, and the agent never spoke: it crashes or restarts each time.", b.kernels),
			"Look at its console for a panic.", b.kernel)
	}
	return b.overdue(k, "agent image", agentWithin, func() *Diagnosis {
		return says(SilentAgent, StageAgent, fmt.Sprintf("It fetched the kernel at %s, and the agent is silent: the kernel hangs, or has no driver for its network card.", clock(b.kernel.At)),
			"Look at its console; if it shows the agent, see whether its network reaches this appliance by HTTP.", b.kernel, b.image)
	})
}

func reportRefused(b *bootOf) *Diagnosis {
	if b.refused == nil || b.refused.Source != journal.Agent {
		return nil
	}
	return says(ReportRefused, StageAgent, "Its agent reports and is refused: "+strings.TrimPrefix(b.refused.Text, "Report refused: ")+".",
		"Find out which of the two is which, and correct the record.", b.refused)
}

func imageHash(b *bootOf) *Diagnosis {
	if b.hash == nil {
		return nil
	}
	_, why, _ := strings.Cut(b.hash.Text, ": ")
	return says(ImageHash, StageImage, "The image that it was sent is not the one of the catalogue: "+why+".",
		"Compare the file in the image folder with its manifest (sha256sum), and bring it again.", b.hash)
}

// returnsFrom is how often a machine may come back from its own disk: once
// after the install, and once more for what its first boot does.
const returnsFrom = 3

func diskReturns(b *bootOf) *Diagnosis {
	if len(b.returns) < returnsFrom || b.Machine == nil || b.Machine.Status != machine.Configuring {
		return nil
	}
	return says(DiskReturns, StageDisk, fmt.Sprintf("It was sent to its own disk %d times since its image was written, and comes back to the network each time: the disk is not in its boot order, or does not boot.", len(b.returns)),
		"Look at its boot order in the firmware, and at its console for an error of the boot loader.", &b.returns[0], last(b.returns))
}

// bootedDisk: it was to boot from the network, and its own system was heard.
func bootedDisk(b *bootOf) *Diagnosis {
	s := b.system
	if s == nil || b.power == nil || s.At.Before(b.power.At) || len(b.asks) > 0 || b.script != nil || b.spoke(b.power) && s.Source != journal.System {
		return nil
	}
	if b.once != nil && b.power.At.Sub(b.once.At) < onceFor {
		return says(BootedDisk, StageDisk, fmt.Sprintf("It was told to boot from the network at %s and booted its own disk: its boot order has the disk first, and the BMC's order for once was not followed.", clock(b.once.At)),
			"Set the network first in its boot order, and update the BMC's firmware.", b.once, b.power, s)
	}
	if b.Machine == nil || !strings.HasPrefix(b.Machine.Observed.BootOrder, "network") {
		return nil
	}
	return says(BootedDisk, StageDisk, fmt.Sprintf("It booted its own disk and did not ask the network, which its firmware's boot order had first (%s) when its agent read it.", b.Machine.Observed.BootOrder),
		"Look at the boot order in its firmware, and at the link of the network card that boots.", b.power, s)
}

// onceFor is how long before the power-on a BMC is told of a one-time boot.
const onceFor = 10 * time.Minute

func wrongClock(b *bootOf) *Diagnosis {
	if b.report == nil {
		return nil
	}
	off, err := time.ParseDuration(b.report.Details[journal.DetailClock])
	if err != nil {
		return nil
	}
	word := "ahead"
	if off < 0 {
		word = "behind"
	}
	return says(WrongClock, StageClock, fmt.Sprintf("Its clock is %s %s.", span(off.Abs()), word),
		"Set it in the firmware, and look at the battery of the board: certificates are judged by it.", b.report)
}

// span spells a time in its largest unit.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 730*day:
		return times(int(d/(365*day)), "year")
	case d >= 2*day:
		return times(int(d/day), "day")
	case d >= 2*time.Hour:
		return times(int(d/time.Hour), "hour")
	default:
		return times(int(d/time.Minute), "minute")
	}
}
