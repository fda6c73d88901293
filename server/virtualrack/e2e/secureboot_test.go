package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"firstlight/server/api"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// signedStages are those of a machine that boots by the signed loaders.
var signedStages = []stage{
	{"dhcp", "ACK: UEFI x64"},
	{"files", "shimx64.efi"},
	{"files", "grubx64.efi"},
	{"files", "grub/grub.cfg"},
	{"boot", "Decided agent"},
	{"files", "GET vmlinuz"},
	{"files", "GET initramfs"},
	{"agent", "Reported"},
}

// TestSecureBootEnforced: firmware with Microsoft's keys refuses the stock loader,
// which nobody signed, and the machine's diagnosis says so; with its remedy the
// machine boots as far as the agent, which finds Secure Boot on. From then on the
// appliance knows.
func TestSecureBootEnforced(t *testing.T) {
	long(t)
	r := start(t, virtualrack.Spec{Rules: waiting, Machines: []virtualrack.MachineSpec{{Firmware: qemu.Secure}}})
	m := r.Machines()[0]
	r.powerOn(m)
	r.said(m, `BdsDxe: failed to load Boot.*HTTPv4.*: Access Denied`)
	r.diagnosed(m, "loader-not-started", "Secure Boot refuses it")
	r.powerOff(m)

	r.run("subnet", "set", "rack", "--secure-boot")
	began := time.Now()
	r.powerOn(m)
	shown := r.awaitStatus(m.Name, "available", boundRegister)
	t.Logf("available %.1f s after power-on", time.Since(began).Seconds())
	r.sawStages(m, signedStages)
	if shown.Facts == nil || !shown.Facts.SecureBoot {
		t.Errorf("its facts do not say that Secure Boot is on: %+v", shown.Facts)
	}
	for _, row := range r.timeline(m.Name) {
		if row.Source == "files" {
			t.Logf("%s: %.1f s", row.Text, row.DurationSeconds)
		}
	}
	r.powerOff(m)

	r.run("subnet", "set", "rack", "--no-secure-boot")
	mark := m.Console().Mark()
	r.powerOn(m)
	r.saidSince(m, mark, `Firstlight: asking \(http,10\.80\.0\.1:80\) what to boot`)
	r.saidSince(m, mark, `Firstlight: VR0001 boots the agent: it is available`)
	explained := ask[api.Boot](r, "boot", "explain", m.Name)
	if script := explained.Script; !strings.Contains(script, "(http,10.80.0.1:80)/boot/amd64/vmlinuz") {
		t.Errorf("its script is none of GRUB: %s", script)
	}
	for _, d := range explained.Wrong {
		t.Errorf("something is wrong: %s: %s", d.Fault, d.Sentence)
	}
}

// TestSecureBootByHTTPBoot: firmware that knows no PXE fetches shim by HTTP, shim
// GRUB from beside it, and GRUB the rest.
func TestSecureBootByHTTPBoot(t *testing.T) {
	long(t)
	r := start(t, virtualrack.Spec{SecureBoot: true, Rules: waiting, Machines: []virtualrack.MachineSpec{{Firmware: qemu.SecureHTTP}}})
	m := r.Machines()[0]
	r.powerOn(m)
	shown := r.awaitStatus(m.Name, "available", boundRegister)
	r.sawStages(m, []stage{
		{"dhcp", "ACK: UEFI x64 HTTP boot"},
		{"files", "GET shimx64.efi"},
		{"files", "GET grubx64.efi"},
		{"boot", "Decided agent"},
		{"files", "GET vmlinuz"},
		{"files", "GET initramfs"},
		{"agent", "Reported"},
	})
	if shown.Facts == nil || !shown.Facts.SecureBoot {
		t.Errorf("its facts do not say that Secure Boot is on: %+v", shown.Facts)
	}
}

// TestSecureBootInstallsABlankMachine is the whole way under Secure Boot, from
// power-on with an empty disk to use: no program runs but signed ones, the
// installed system's own included. Its disk then boots both ways, as the
// appliance answers and where the firmware starts it without asking.
func TestSecureBootInstallsABlankMachine(t *testing.T) {
	long(t)
	r := start(t, virtualrack.Spec{SecureBoot: true, Machines: []virtualrack.MachineSpec{{Firmware: qemu.Secure}}})
	m := r.Machines()[0]
	began := time.Now()
	r.powerOn(m)
	shown := r.awaitStatus(m.Name, "in_use", boundInstall)
	r.cameTheWay(m, began)
	r.sawStages(m, append(append([]stage{}, signedStages...), stages[6:]...))
	if shown.Facts == nil || !shown.Facts.SecureBoot {
		t.Errorf("its facts do not say that Secure Boot is on: %+v", shown.Facts)
	}
	r.hasItsName(m)
	r.bootsItsDisk(m)
}

// diagnosed waits until the diagnosis of an interface says what is wrong.
func (r *rig) diagnosed(m *virtualrack.Machine, fault, says string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), boundRegister)
	defer cancel()
	for {
		wrong := ask[api.Boot](r, "boot", "explain", m.MAC.String()).Wrong
		for _, d := range wrong {
			if d.Fault == fault && strings.Contains(d.Sentence, says) {
				return
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			r.Fatalf("nothing says %s, %q of %s: %+v", fault, says, m.MAC, wrong)
		}
	}
}
