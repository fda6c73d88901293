// Package bench compares the appliance with its peers on the same machine, in
// the same run, over the same virtual cable.
//
// It promises that a figure is measured or missing: a peer that is not installed
// costs its row and says so. Contestants stand one at a time in the same network
// namespace at the same address; clients and load stand in another. The command
// cmd/virtualrack imports it.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// Options say what to compare, and where to write it.
type Options struct {
	Works   []string // all of them when empty
	Program string   // the appliance
	Dir     string   // scratch
	Out     io.Writer
	Err     io.Writer
}

// work is one comparison.
type work struct {
	name   string
	unit   string
	method string
	ipv6   bool // it is for a rack of IPv6
	peers  []peer
	ours   func(context.Context, *bench) (float64, error)
	// rows prints the rows of a work that has no peers.
	rows func(context.Context, *bench) error
	// alone does so in a rack of its own, after all others.
	alone func(context.Context, Options) error
}

// peer is another program that does the same.
type peer struct {
	name    string
	program string // that must be installed
	debian  string // the package that has it
	measure func(context.Context, *bench, peer) (float64, error)
}

// works are all comparisons, in the order in which they run.
var works = []work{dnsWork, dhcpWork, tftpWork, httpWork, scriptWork, serverdbWork, dhcp6Work, stormWork, discoveryWork, imageWork}

// Names are the names of all works.
func Names() (all []string) {
	for _, w := range works {
		all = append(all, w.name)
	}
	return all
}

// bench is one run.
type bench struct {
	Options
	rack *virtualrack.Rack
	here netip.Addr // the clients' address
}

// Run runs the works. It must be called inside namespaces (netns.Run).
func Run(ctx context.Context, o Options) error {
	for _, name := range o.Works {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("work %q: want one of %s", name, strings.Join(Names(), ", "))
		}
	}
	dir, err := filepath.Abs(o.Dir) // daemons change theirs
	if err != nil {
		return err
	}
	o.Dir = dir
	if bytes, err := buffer(); err == nil {
		fmt.Fprintf(o.Out, "# receive buffers: %d bytes for every socket that asks for none (net.core.rmem_default), whoever's\n", bytes)
	}
	for _, ipv6 := range []bool{false, true} {
		if err := together(ctx, o, ipv6); err != nil {
			return err
		}
	}
	for _, w := range works {
		if w.alone == nil || !o.wants(w) {
			continue
		}
		o.head(w)
		if err := w.alone(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// wants tells whether a work was ordered.
func (o *Options) wants(w work) bool { return len(o.Works) == 0 || slices.Contains(o.Works, w.name) }

// head says what a work's rows are.
func (o *Options) head(w work) {
	fmt.Fprintf(o.Out, "# %s, in %s: %s\n# work\tpeer\ttheirs\tours\tratio\n", w.name, w.unit, w.method)
}

// together runs the works that share a rack, of IPv4 or of IPv6.
func together(ctx context.Context, o Options, ipv6 bool) error {
	var ordered []work
	for _, w := range works {
		if w.alone == nil && w.ipv6 == ipv6 && o.wants(w) {
			ordered = append(ordered, w)
		}
	}
	if len(ordered) == 0 {
		return nil
	}
	spec := virtualrack.Spec{Dir: o.Dir, Program: o.Program, Light: 1, Level: slog.LevelWarn}
	if ipv6 { // there are no light machines of it; this one stays off
		spec.IPv6, spec.Light, spec.Machines = true, 0, []virtualrack.MachineSpec{{Firmware: qemu.UEFI}}
	}
	rack, err := virtualrack.Start(ctx, spec)
	if err != nil {
		return err
	}
	b := &bench{Options: o, rack: rack}
	return errors.Join(b.run(ctx, ordered), rack.Close())
}

func (b *bench) run(ctx context.Context, ordered []work) error {
	var err error
	if b.here, err = b.rack.Join(); err != nil {
		return err
	}
	if err := b.rack.Appliance().Stop(); err != nil {
		return err
	}
	for _, w := range ordered {
		if err := b.compare(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// compare prints the method, and a row for each peer.
func (b *bench) compare(ctx context.Context, w work) error {
	b.head(w)
	if w.rows != nil {
		return w.rows(ctx, b)
	}
	ours, err := w.ours(ctx, b)
	if err != nil {
		return fmt.Errorf("measure the appliance: %w", err)
	}
	for _, p := range w.peers {
		if _, err := exec.LookPath(p.program); err != nil {
			fmt.Fprintf(b.Err, "%s: no row for %s: %s is not installed: apt-get install %s\n", w.name, p.name, p.program, p.debian)
			continue
		}
		theirs, err := p.measure(ctx, b, p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(b.Err, "%s: no row for %s: %v\n", w.name, p.name, err)
			continue
		}
		fmt.Fprintf(b.Out, "%s\t%s\t%.0f\t%.0f\t%.2f\n", w.name, p.name, theirs, ours, ours/theirs)
	}
	return nil
}

// path is a file of the scratch folder.
func (b *bench) path(name string) string { return filepath.Join(b.Dir, name) }
