package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/api"
	"firstlight/server/machine"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/qemu"
)

// unpacked is a machine of a delivery: what is wrong with it, and what becomes of it.
type unpacked struct {
	name   string
	fault  light.Fault
	status string
	kind   string // of its issue; "": it has none
	says   string // by its issue, or by its status
	disk   api.Disk
}

// wired is how an agent calls a kind of disk.
var wired = map[qemu.DiskKind]string{qemu.NVMe: "nvme", qemu.SCSI: "virtio", qemu.AHCI: "sata", qemu.Virtio: "virtio"}

// ended is what becomes of each machine of TestADeliveryOfTwelve.
var ended = []unpacked{
	{name: "VR0001", status: "held", kind: "held", says: "ext4 file system 'pgdata'", disk: api.Disk{Transport: "nvme", Bytes: dataDisk}},
	{name: "VR0002", status: "held", kind: "held", says: "no rule", disk: api.Disk{Transport: "virtio", Bytes: dataDisk}},
	{name: "VR0003", status: "held", kind: "held", says: "sda", disk: api.Disk{Transport: "sata", Bytes: noiseDisk}},
	{name: "LT0001", status: "available"},
	{name: "LT0002", status: "available", fault: light.WrongCable, kind: "wrong-switch-port", says: "eth0 is in sw2/Ethernet20002, plan says sw2/2: move the cable"},
	{name: "LT0003", status: "held", fault: light.MissingDIMM, kind: "spec-mismatch", says: "Memory modules: 1 (B1 is empty); hardware type light says 2."},
	{name: "LT0004", status: "expected", fault: light.ClonedSerial, kind: "identity-clash", says: "it shows serial of LT0001 and MAC of LT0004"},
	{name: "LT0005", status: "expected", fault: light.NoSerial, kind: "identity-clash", says: `its own serial number "To Be Filled By O.E.M." is a placeholder`},
	{name: "LT0006", status: "available", kind: "bmc-unreachable", says: "does not answer."}, // its BMC is dead
	{name: "LT0007", status: "available"},
	{name: "LT0008", status: "available"},
	{name: "LT0009", status: "available"},
}

// TestADeliveryOfTwelve racks twelve machines of a list, three of them by real
// firmware, switches all on within a minute, and wants each to be what it is,
// where it is, and once. What is wrong with some is said in one sentence, and the
// disks of the three, two full of somebody's data, are bit for bit the same.
func TestADeliveryOfTwelve(t *testing.T) {
	dir := t.TempDir()
	makeData(t, filepath.Join(dir, "machines", "VR0001"))
	makeNoise(t, filepath.Join(dir, "machines", "VR0003"))
	r := start(t, virtualrack.Spec{
		Dir: dir, Light: 9,
		Machines: []virtualrack.MachineSpec{
			{Firmware: qemu.BIOS, Disk: qemu.NVMe, DiskBytes: dataDisk, InBand: true},
			{Firmware: qemu.HTTP, Disk: qemu.SCSI, DiskBytes: dataDisk, InBand: true},
			{Firmware: qemu.BIOS, Disk: qemu.AHCI, DiskBytes: noiseDisk, InBand: true},
		},
		Rules: []machine.Rule{
			{Name: "web", Match: "serial=VR0001", Accept: true, Site: "rack", Role: "web", Image: "debian-12"},
			{Name: "light", Match: "product=VR-1", Accept: true, Site: "rack", Role: "light"},
			{Name: "full", Match: "serial=VR0003", Accept: true, Site: "rack", Role: "light"},
		},
	})
	r.bring(ended)
	before := hashes(t, r)
	for i, m := range ended {
		if m.fault != light.Healthy {
			if err := r.Machines()[i].Plant(m.fault); err != nil {
				t.Fatal(err)
			}
		}
	}
	began := time.Now()
	r.powerOn(r.Machines()...)
	r.Machines()[8].BMC.SetFaults(bmcsim.Faults{Mute: true})
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v to switch all on, want a minute at most", took)
	}
	for i, m := range ended {
		r.ends(m)
		if m.status != "expected" { // of those nobody knows who reports
			r.isItself(r.Machines()[i], m.disk)
		}
	}
	if all := items[api.Machine](r, "machine", "ls"); len(all) != len(ended) {
		t.Errorf("there are %d machines, want %d, each once", len(all), len(ended))
	}
	r.sawStages(r.Machines()[1], httpBoot)
	refuses(r, "VR0001")
	r.powerOff(r.Machines()[:3]...)
	for name, is := range hashes(t, r) {
		if was := before[name]; is != was {
			t.Errorf("the disk of %s was %s and is %s", name, was, is)
		}
	}
}

// TestTwelveEmulatedMachines does so with firmware in all twelve, of each kind and
// with each kind of disk.
func TestTwelveEmulatedMachines(t *testing.T) {
	long(t)
	firmwares := []qemu.Firmware{qemu.BIOS, qemu.UEFI, qemu.HTTP}
	disks := []qemu.DiskKind{qemu.NVMe, qemu.SCSI, qemu.AHCI, qemu.Virtio}
	s := virtualrack.Spec{Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "spare"}}}
	all := make([]unpacked, 12)
	for i := range all {
		all[i] = unpacked{name: fmt.Sprintf("VR%04d", i+1), status: "available", disk: api.Disk{Transport: wired[disks[i/3]], Bytes: dataDisk}}
		s.Machines = append(s.Machines, virtualrack.MachineSpec{Firmware: firmwares[i%3], Disk: disks[i/3], DiskBytes: dataDisk, InBand: true})
	}
	r := start(t, s)
	r.bring(all)
	began := time.Now()
	r.powerOn(r.Machines()...)
	t.Logf("all have power after %v", time.Since(began).Round(time.Second))
	for i, m := range all {
		r.await(m.name, 3*boundRegister, m.status, func(got api.Machine) bool { return got.Status == m.status })
		r.isItself(r.Machines()[i], m.disk)
	}
	t.Logf("all are available after %v", time.Since(began).Round(time.Second))
	if got := items[api.Machine](r, "machine", "ls"); len(got) != len(all) {
		t.Errorf("there are %d machines, want %d, each once", len(got), len(all))
	}
}

// bring declares what the machines are to be, and brings the list of the order.
func (r *rig) bring(all []unpacked) {
	r.Helper()
	r.run("rack", "set", "r9", "site=rack", "units=20")
	r.run("type", "set", "light", "vendor=QEMU", "product=VR-1", "cores=16", "dimms=2")
	r.run("type", "set", "full", "vendor=QEMU", "product=VR-1000", "dimms=1")
	var list strings.Builder
	list.WriteString("serial,rack,unit,type,nic1_mac,nic1_switch,nic1_port\n")
	for i, m := range r.Machines() {
		kind := map[bool]string{true: "light", false: "full"}[m.Light()]
		fmt.Fprintf(&list, "%s,r9,%d,%s,%s,%s,%s\n", all[i].name, i+1, kind, m.MAC, m.Switch, strings.TrimPrefix(m.Port, "Ethernet"))
	}
	file := filepath.Join(r.TempDir(), "delivery.csv")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		r.Fatal(err)
	}
	r.run("import", file, "--delivery", "2026-12")
}

// ends waits until a machine is what it is to become, and that is said of it.
func (r *rig) ends(u unpacked) {
	r.Helper()
	m := r.await(u.name, boundRegister, u.status+" with "+u.kind, func(m api.Machine) bool {
		return m.Status == u.status && (u.kind == "" || slices.Contains(m.Issues, u.kind))
	})
	said := m.Sentence
	for _, one := range items[api.Issue](r, "issues", "hardwarename="+u.name) {
		if one.Kind == u.kind {
			said = one.Sentence
		}
	}
	if !strings.Contains(said, u.says) {
		r.Errorf("of %s it is said %q, want %q", u.name, said, u.says)
	}
	if open := slices.DeleteFunc(slices.Clone(m.Issues), func(k string) bool { return k == u.kind || k == "held" }); len(open) > 0 {
		r.Errorf("%s has the issues %q besides, want none", u.name, open)
	}
}

// isItself checks that the machine's own hardware stands in its record, at its
// place, with the switch that its cable is in.
func (r *rig) isItself(m *virtualrack.Machine, disk api.Disk) {
	r.Helper()
	got := r.await(m.Name, boundRegister, "seen on its cable", func(m api.Machine) bool { return len(m.NICs) == 1 && m.NICs[0].SeenPort != "" })
	f := got.Facts
	if f == nil || len(f.Disks) != 1 || len(f.NICs) != 1 {
		r.Fatalf("%s: its hardware is known as %+v, want one disk and one interface", m.Name, f)
	}
	switch {
	case f.Serial != m.Serial || f.Disks[0].Serial != m.Serial+"-D1" || got.NICs[0].MAC != m.MAC.String():
		r.Errorf("%s shows serial %s, disk %s and MAC %s: want its own", m.Name, f.Serial, f.Disks[0].Serial, got.NICs[0].MAC)
	case got.BMC.Address != m.BMCAddress.String() || got.Rack != "r9" || got.NICs[0].SeenSwitch != m.Switch:
		r.Errorf("%s has its BMC at %s, is in rack %s and on switch %s: want %s, r9 and %s", m.Name, got.BMC.Address, got.Rack, got.NICs[0].SeenSwitch, m.BMCAddress, m.Switch)
	}
	if d := f.Disks[0]; !m.Light() && (d.Transport != disk.Transport || d.Bytes != disk.Bytes) {
		r.Errorf("%s has a disk of %d bytes by %q, want %d by %q", m.Name, d.Bytes, d.Transport, disk.Bytes, disk.Transport)
	}
}

const noiseDisk = 256 << 20

// makeNoise fills a disk with what has no mark of any file system.
func makeNoise(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "disk.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{7}), noiseDisk); err != nil {
		t.Fatal(err)
	}
}
