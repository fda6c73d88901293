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

// stage is a row that the timeline must have: which part saw it, and a piece of
// what it said.
type stage struct{ source, text string }

// stages are those of every machine, in order.
var stages = []stage{
	{"dhcp", "ACK: iPXE"},
	{"boot", "Decided agent"},
	{"files", "GET vmlinuz"},
	{"files", "GET initramfs"},
	{"dhcp", "ACK: DHCP client firstlight-agent"},
	{"agent", "Reported"},
	{"job", "Job install queued"},
	{"job", "Order to install debian-12"},
	{"agent", "Redeemed the install token"},
	{"agent", "Writes the image"},
	{"files", "GET debian-12"},
	{"job", "Step write done"},
	{"job", "Step reboot done"},
	{"boot", "Decided own disk"},
	{"status", "configuring → in use"},
}

// loader comes before them where the firmware has no iPXE of its own.
var loader = stage{"files", "snponly.efi"}

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
			want := stages
			if i == 1 {
				want = append([]stage{loader}, stages...)
			}
			r.cameTheWay(m, began)
			r.sawStages(m, want)
			r.hasItsName(m)
			// Each is installed right after its first report, before its switch spoke.
			if n := ask[api.Machine](r, "machine", "show", m.Name).NICs[0]; n.SeenSwitch != m.Switch || n.SeenPort != m.Port {
				r.Errorf("seen in %q/%q, want %s/%s", n.SeenSwitch, n.SeenPort, m.Switch, m.Port)
			}
		})
	}
}

// cameTheWay checks every status between power-on and use, and says when.
func (r *rig) cameTheWay(m *virtualrack.Machine, began time.Time) {
	r.Helper()
	history := r.history(m.Name)
	if diff := cmp.Diff(way, r.replayed(history)); diff != "" {
		r.Errorf("statuses (-want +got):\n%s", diff)
	}
	for _, c := range history {
		r.Logf("%6.1f s  %s", c.At.Sub(began).Seconds(), c.To)
	}
}

// sawStages checks that the timeline has every stage, each after the one before.
func (r *rig) sawStages(m *virtualrack.Machine, want []stage) {
	r.Helper()
	rows := r.timeline(m.Name)
	next := 0
	for _, row := range rows {
		if next < len(want) && row.Source == want[next].source && strings.Contains(row.Text, want[next].text) {
			next++
		}
	}
	if next < len(want) {
		r.Errorf("timeline has no %s row with %q after the stages before it:\n%s", want[next].source, want[next].text, printed(rows))
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
