package qemu

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/oob"
)

func rackUnit() Spec {
	return Spec{
		Name: "VR0001", Serial: "VR0001", UUID: "582a12a6-865a-5574-bd63-92ade43e532a", Vendor: "QEMU", Product: "VR-1000",
		Firmware: BIOS, MAC: machine.MAC{0x52, 0x54, 0, 0x80, 0, 1}, Card: VirtioNet, Tap: "tap1", BMC: netip.MustParseAddr("10.81.1.0"),
		Disk: Disk{Kind: Virtio, Serial: "VR0001-D1", Bytes: 1 << 20}, MemoryMB: 512, CPUs: 1,
	}
}

func TestSpecsThatQEMUWouldTakeWronglyAreRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Spec)
		want   string
	}{
		{"no name", func(s *Spec) { s.Name = "" }, "name or tap is missing"},
		{"no tap", func(s *Spec) { s.Tap = "" }, "name or tap is missing"},
		{"a disk serial that would be cut", func(s *Spec) { s.Disk.Serial = strings.Repeat("x", 21) }, "1 to 20 characters"},
		{"half a sector", func(s *Spec) { s.Disk.Bytes = 513 }, "whole sectors"},
		{"too little memory for the boot image", func(s *Spec) { s.MemoryMB = 64 }, "at least 256"},
		{"a controller that the board does not have", func(s *Spec) { s.Firmware, s.Disk.Kind = ARM64, AHCI }, "want virtio or nvme"},
		{"a BMC without an address", func(s *Spec) { s.BMC = netip.Addr{} }, "no IPv4 address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := rackUnit()
			test.change(&s)
			_, err := New(s, t.TempDir(), slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New() = %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestTheChosenDeviceComesFirst(t *testing.T) {
	s := rackUnit()
	for _, test := range []struct {
		next                oob.BootDevice
		network, disk, name string
	}{
		{oob.BootNormal, "bootindex=1", "bootindex=2", "by itself it asks the network first"},
		{oob.BootNetwork, "bootindex=1", "bootindex=2", "from the network"},
		{oob.BootDisk, "bootindex=2", "bootindex=1", "from the disk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := args(&s, files{}, test.next)
			card := slices.IndexFunc(a, func(w string) bool { return strings.HasPrefix(w, "virtio-net-pci,") })
			disk := slices.IndexFunc(a, func(w string) bool { return strings.HasPrefix(w, "virtio-blk-pci,") })
			if card < 0 || disk < 0 || !strings.Contains(a[card], test.network) || !strings.Contains(a[disk], test.disk) {
				t.Errorf("args = %q, want the card at %s and the disk at %s", a, test.network, test.disk)
			}
		})
	}
}

func TestCommasDoNotEndAValue(t *testing.T) {
	s := rackUnit()
	s.Vendor = "A, B"
	if a := strings.Join(args(&s, files{}, ""), " "); !strings.Contains(a, "manufacturer=A,, B,product=VR-1000") {
		t.Errorf("args = %q, want the comma of the vendor doubled", a)
	}
}

// DSP0270 §8: the structure says its own length, and the record holds the
// address at a fixed place.
func TestTheHostInterfaceNamesTheBMC(t *testing.T) {
	s := rackUnit()
	b, err := hostInterface(s.BMC, s.Card, serviceUUID(s.UUID))
	if err != nil {
		t.Fatal(err)
	}
	if b[0] != 42 || int(b[1]) != len(b)-2 || !strings.Contains(string(b), "10.81.1.0") || b[len(b)-1] != 0 || b[len(b)-2] != 0 {
		t.Errorf("the structure is % x, want type 42 of its own length, with the BMC's address and no strings", b)
	}
	if got := serviceUUID("582a12a6-865a-5574-bd63-92ade43e532a"); got[0] != 0xa6 || got[8] != 0xbd {
		t.Errorf("serviceUUID = % x, want the first three fields turned round (DSP0134 §7.2.1)", got)
	}
}

func TestDisksOfAFormerLifeStayAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	m, err := New(rackUnit(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(context.Background()) //nolint:errcheck // it never had power
	f, err := os.OpenFile(m.DiskPath(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, "data")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	again, err := New(rackUnit(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(context.Background()) //nolint:errcheck // as above
	b, err := os.ReadFile(filepath.Join(dir, "disk.raw"))
	if err != nil || string(b[:4]) != "data" || len(b) != 1<<20 {
		t.Errorf("the disk begins with %q and has %d bytes, %v; want what was written and 1 MiB", b[:4], len(b), err)
	}
}
