package replay

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"firstlight/server/boot"
	"firstlight/server/bundle"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

const (
	// apart is a pause between two boots: of a bundle, the last one is played.
	apart = 10 * time.Minute
	// repeats is how often something is done again at most that a row counts.
	repeats = 20
)

// OfBundle takes the last boot of the machine out of a bundle: its DHCP messages,
// and of its journal what it fetched. What its agent reported is in no bundle.
func OfBundle(b *bundle.Bundle) (*Recording, error) {
	r, err := Read(b.Captured, b.MAC)
	if err != nil {
		return nil, err
	}
	asked := scripts(b)
	for _, e := range b.Events {
		r.fetched(e, asked)
	}
	for _, d := range asked {
		r.add(step{path: script(d.Request)}, d.At)
	}
	slices.SortStableFunc(r.steps, func(x, y step) int { return cmp.Compare(x.at, y.at) })
	r.lastBoot()
	return r, nil
}

// scripts are the decisions on requests for scripts.
func scripts(b *bundle.Bundle) []bundle.Decision {
	return slices.DeleteFunc(slices.Clone(b.Decisions), func(d bundle.Decision) bool { return !d.Request.Script || d.Request.MAC != b.MAC })
}

func (r *Recording) add(s step, at time.Time) {
	if s.at = at.Sub(r.began); s.at >= 0 {
		r.steps = append(r.steps, s)
	}
}

// fetched adds what a row tells of files. A row that counts stands for things at
// equal pauses.
func (r *Recording) fetched(e journal.Event, asked []bundle.Decision) {
	file := e.Details[journal.DetailFile]
	if e.Source != journal.Files || file == "" {
		return
	}
	s := step{missing: e.Outcome() == journal.Missing}
	if e.Outcome() == journal.BrokenOff {
		s.cut = max(e.Bytes, 1)
	}
	switch {
	case e.Details["block"] != "":
		s.file = file
	case strings.HasPrefix(file, "/"):
		s.path = file
	default:
		s.name = file
	}
	n := min(max(e.Count, 1), repeats)
	for i := range n {
		at := e.At
		if n > 1 {
			at = at.Add(e.LastAt.Sub(e.At) * time.Duration(i) / time.Duration(n-1))
		}
		// An answer that was the same as before is no row of its own.
		if path.Base(file) == "vmlinuz" && len(asked) > 0 && at.Sub(asked[len(asked)-1].At) > time.Minute {
			r.add(step{path: script(asked[len(asked)-1].Request)}, at)
		}
		r.add(s, at)
	}
}

// script is where iPXE, or GRUB, asks for one.
func script(q boot.Request) string {
	v := url.Values{"mac": {strings.ReplaceAll(q.MAC.String(), ":", "-")}, "uuid": {q.UUID}, "serial": {q.Serial}, "platform": {"pcbios"}, "card": {boot.BusID(q.Card)}}
	if q.Platform == "efi" {
		v.Set("platform", "efi")
	}
	if q.Stage == boot.StageGRUB {
		v.Set("loader", "grub")
	}
	for _, arch := range []string{"i386", "x86_64", "arm64"} {
		if boot.LoaderArch(q.Platform, arch) == q.Arch { // a BIOS may have any: it is i386 there
			v.Set("buildarch", arch)
			break
		}
	}
	return "/boot/script?" + v.Encode()
}

// lastBoot leaves what was before the last long pause out.
func (r *Recording) lastBoot() {
	from := 0
	for i := 1; i < len(r.steps); i++ {
		if r.steps[i].at-r.steps[i-1].at > apart {
			from = i
		}
	}
	began := r.steps[from].at
	r.steps = r.steps[from:]
	for i := range r.steps {
		r.steps[i].at -= began
	}
}

// Subnet is how the network was set up where the machine booted last; nil: the
// bundle has none.
func Subnet(b *bundle.Bundle) *machine.Subnet {
	for _, d := range slices.Backward(b.Decisions) {
		for _, s := range b.Subnets {
			if s.Name == d.Request.Subnet && !s.Is6() {
				return s
			}
		}
	}
	for _, s := range b.Subnets {
		if !s.Is6() {
			return s
		}
	}
	return nil
}
