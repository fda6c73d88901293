package e2e

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/api"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// way is every status between power-on and use, in order.
var way = []string{"registered", "available", "allocated", "installing", "configuring", "in_use"}

// stages are what the timeline must show, in order: which part saw it, and a
// part of what it said.
var stages = []struct{ source, text string }{
	{"dhcp", "Offered"},
	{"files", "ipxe"},
	{"boot", "agent"},
	{"files", "vmlinuz"},
	{"files", "initramfs"},
	{"agent", "egistered"},
	{"status", "vailable"},
	{"job", "install"},
	{"agent", "rites"},
	{"files", "debian-12"},
	{"boot", "disk"},
	{"status", "in use"},
}

// TestABlankMachineComesIntoUse is the whole way, once with each firmware, and
// nobody touches anything after the power buttons.
func TestABlankMachineComesIntoUse(t *testing.T) {
	r := start(t, virtualrack.Spec{Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS}, {Firmware: qemu.UEFI}}})
	began := time.Now()
	r.powerOn(r.Machines()...)
	for _, m := range r.Machines() {
		r.awaitStatus(m.Name, "in_use", boundInstall)
	}
	for i, m := range r.Machines() {
		t.Run([]string{"bios", "uefi"}[i], func(t *testing.T) {
			r := &rig{T: t, Rack: r.Rack, dir: r.dir}
			r.cameTheWay(m, began)
			r.hasItsName(m)
		})
	}
}

// cameTheWay checks every status and every stage between power-on and use.
func (r *rig) cameTheWay(m *virtualrack.Machine, began time.Time) {
	r.Helper()
	history := r.history(m.Name)
	if diff := cmp.Diff(way, r.replayed(history)); diff != "" {
		r.Errorf("statuses (-want +got):\n%s", diff)
	}
	for _, c := range history {
		r.Logf("%6.1f s  %s", c.At.Sub(began).Seconds(), c.To)
	}
	rows := r.timeline(m.Name)
	next := 0
	for _, row := range rows {
		if next < len(stages) && row.Source == stages[next].source && strings.Contains(row.Text, stages[next].text) {
			next++
		}
	}
	if next < len(stages) {
		r.Errorf("timeline has no %s row with %q after the stages before it:\n%s", stages[next].source, stages[next].text, printed(rows))
	}
}

// replayed folds a history: each change must begin where the last one ended.
func (r *rig) replayed(history []api.Change) []string {
	r.Helper()
	var statuses []string
	last := ""
	for _, c := range history {
		if c.From != last {
			r.Errorf("history goes from %q after it came to %q", c.From, last)
		}
		last = c.To
		statuses = append(statuses, last)
	}
	return statuses
}

func printed(rows []api.Event) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(row.At.Format("15:04:05.000 ") + row.Source + ": " + row.Text + "\n")
	}
	return b.String()
}

// hasItsName checks that the installed system calls itself as ServerDb does:
// its log-in prompt says so.
func (r *rig) hasItsName(m *virtualrack.Machine) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), boundRegister)
	defer cancel()
	host := ask[api.Machine](r, "machine", "show", m.Name).Hostname
	if host == "" {
		r.Fatalf("machine %s has no host name", m.Name)
	}
	if _, err := m.Console().Wait(ctx, 0, regexp.MustCompile(`^`+regexp.QuoteMeta(host)+` login:`)); err != nil {
		r.Errorf("the installed system does not call itself %s: %v", host, err)
	}
}
