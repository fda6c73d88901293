package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/api"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

const dataDisk = 1 << 30

// httpBoot is the way of firmware that knows no PXE: UEFI HTTP boot, from
// power-on to registered.
var httpBoot = []stage{
	{"dhcp", "ACK: UEFI x64 HTTP boot"},
	{"files", "GET snponly.efi"},
	{"dhcp", "ACK: iPXE on UEFI x64"},
	{"boot", "Decided agent"},
	{"files", "GET vmlinuz"},
	{"files", "GET initramfs"},
	{"agent", "Reported"},
}

// TestDisksThatMustNotBeWritten racks a machine whose disk holds somebody's
// data, under a rule that would install it, and one that no rule accepts. Both
// are held, each with one sentence, and both disks are bit for bit the same. The
// second one boots over HTTP from its firmware on.
func TestDisksThatMustNotBeWritten(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "machines", "VR0001")
	makeData(t, foreign)
	r := start(t, virtualrack.Spec{
		Dir:      dir,
		Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS, Disk: qemu.NVMe, DiskBytes: dataDisk}, {Firmware: qemu.HTTP, DiskBytes: dataDisk}},
		Rules:    []machine.Rule{{Name: "web", Match: "serial=VR0001", Accept: true, Site: "rack", Role: "web", Image: "debian-12"}},
	})
	before := hashes(t, r)
	r.powerOn(r.Machines()...)
	data := r.awaitStatus("VR0001", "held", boundRegister)
	none := r.awaitStatus("VR0002", "held", boundRegister)
	for _, word := range []string{"nvme0n1", "ext4", "pgdata", "release it by name"} {
		if !strings.Contains(data.Sentence, word) {
			t.Errorf("VR0001 is held with %q, want it to say %q", data.Sentence, word)
		}
	}
	// Each hears the switch on its own cable, soon after its first report.
	for name, port := range map[string]string{"VR0001": "Ethernet1", "VR0002": "Ethernet2"} {
		r.await(name, boundRegister, "seen in sw1/"+port, func(m api.Machine) bool {
			return len(m.NICs) == 1 && m.NICs[0].SeenSwitch == "sw1" && m.NICs[0].SeenPort == port
		})
	}
	if none.Reason != "no-rule" {
		t.Errorf("VR0002 is held for %q (%s), want no-rule", none.Reason, none.Sentence)
	}
	// The agents wait, powered on; whatever they would do, they do now.
	for _, name := range []string{"VR0001", "VR0002"} {
		r.await(name, boundRegister, "waiting for orders", func(m api.Machine) bool { return m.Observed.CallAt != nil && m.Observed.Waits != "" })
	}
	r.sawStages(r.Machines()[1], httpBoot)
	refuses(r, "VR0001")
	r.powerOff(r.Machines()...)
	for name, was := range before {
		if is := hashes(t, r)[name]; is != was {
			t.Errorf("the disk of %s was %s and is %s", name, was, is)
		}
	}
}

// refuses checks that asking nicely does not get past the guard either.
func refuses(r *rig, name string) {
	r.Helper()
	out, err := r.CLI(r.Context(), "job", "install", "hardwarename="+name, "--image", "debian-12")
	if err == nil {
		r.Errorf("an install of a held machine was accepted: %s", out)
	}
}

// makeData lays a file system with a file where the rack will find its disk.
func makeData(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		t.Skip("SKIPPED: mkfs.ext4 is not installed; nothing was tested")
	}
	content := filepath.Join(t.TempDir(), "content")
	for _, err := range []error{
		os.MkdirAll(dir, 0o755), os.MkdirAll(content, 0o755),
		os.WriteFile(filepath.Join(content, "PG_VERSION"), []byte("15\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "disk.raw"), nil, 0o600), os.Truncate(filepath.Join(dir, "disk.raw"), dataDisk),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "mkfs.ext4", "-q", "-L", "pgdata", "-d", content, filepath.Join(dir, "disk.raw")).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
}

func hashes(t *testing.T, r *rig) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range r.Machines() {
		f, err := os.Open(m.DiskPath())
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			t.Fatal(err)
		}
		_ = f.Close() // read only
		all[m.Name] = hex.EncodeToString(h.Sum(nil))
	}
	return all
}
