package e2e

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"firstlight/server/api"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// waiting leaves machines available in the agent: rules accept, none installs.
var waiting = []machine.Rule{{Name: "spare", Match: "vendor=QEMU", Accept: true, Site: "rack", Role: "spare"}}

// TestTheApplianceDiesInTheMiddleOfAnImage: an available machine is installed by
// hand, at once and from the agent that waits in it; the appliance is killed in
// the middle of the write and started again; the machine ends in use, written
// once more at most. Then it boots the network again and gets its own disk. That
// light machines survive it is tried each time, in package virtualrack.
func TestTheApplianceDiesInTheMiddleOfAnImage(t *testing.T) {
	long(t)
	r := start(t, virtualrack.Spec{Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS}}, Rules: waiting})
	m := r.Machines()[0]
	r.powerOn(m)
	r.awaitStatus(m.Name, "available", boundRegister)
	boots := r.count(m, "files", "initramfs")

	r.run("job", "install", "hardwarename="+m.Name, "--image", "debian-12")
	r.await(m.Name, boundRegister, "in the middle of the write", func(m api.Machine) bool {
		return m.Status == "installing" && m.Observed.Progress > 0.2 && m.Observed.Progress < 0.9
	})
	if got := r.count(m, "files", "initramfs"); got != boots {
		t.Errorf("the install needed %d netboots, want none: the agent waited already", got-boots)
	}
	if err := r.Appliance().Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.awaitStatus(m.Name, "in_use", boundInstall)
	r.replayed(r.history(m.Name))
	if n := r.count(m, "agent", "Writes the image"); n > 2 {
		t.Errorf("the image was written %d times, want at most twice:\n%s", n, printed(r.timeline(m.Name)))
	}
	r.hasItsName(m)
	r.bootsItsDisk(m)
}

// bootsItsDisk cuts the power of a machine in use and gives it back: racks boot
// the network first, and the network sends it to its disk.
func (r *rig) bootsItsDisk(m *virtualrack.Machine) {
	r.Helper()
	host := ask[api.Machine](r, "machine", "show", m.Name).Hostname
	images := r.count(m, "files", "initramfs")
	mark, at := m.Console().Mark(), time.Now()
	r.run("machine", "power", m.Name, "cycle", "--name", m.Name)
	ctx, cancel := context.WithTimeout(r.Context(), boundInstall)
	defer cancel()
	if _, err := m.Console().Wait(ctx, mark, regexp.MustCompile(`^`+regexp.QuoteMeta(host)+` login:`)); err != nil {
		r.Errorf("it does not come up again: %v", err)
	}
	now := ask[api.Machine](r, "machine", "show", m.Name)
	if now.Status != "in_use" || now.Observed.BootAnswer != "disk" || now.Observed.BootAt == nil || now.Observed.BootAt.Before(at) {
		r.Errorf("machine is %s and was told to boot %q at %v, want in_use and its disk after %v", now.Status, now.Observed.BootAnswer, now.Observed.BootAt, at)
	}
	if got := r.count(m, "files", "initramfs"); got != images {
		r.Errorf("it fetched the boot image %d times more, want its disk", got-images)
	}
}

// count is how often a part said something about a machine.
func (r *rig) count(m *virtualrack.Machine, source, text string) int {
	r.Helper()
	n := 0
	for _, row := range r.timeline(m.Name) {
		if row.Source == source && strings.Contains(row.Text, text) {
			n += max(1, row.Count)
		}
	}
	return n
}
