package collect

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// synthetic are machines that nobody recorded: their tables come from the
// specification, their sysfs from the kernel's documentation. The files that they
// become stand among the recordings, each labelled in its first line.
var synthetic = map[string]func() map[string]string{
	"synthetic-two-socket": twoSocket,
	"synthetic-arm64":      arm64Blade,
	"synthetic-desktop":    desktop,
}

const label = "# synthetic: made by synthetic_test.go from DSP0134 3.7.0 and the kernel's documentation; no such machine was recorded\n"

func TestSyntheticMachinesAreAsTheirGeneratorMakesThem(t *testing.T) {
	for name, build := range synthetic {
		path := "testdata/" + name + ".machine"
		var b strings.Builder
		b.WriteString(label)
		files := build()
		for _, name := range slices.Sorted(maps.Keys(files)) {
			b.WriteString(recorded(name, files[name]))
		}
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b.String(), string(got)); diff != "" {
			t.Errorf("%s (-generator +file):\n%s", path, diff)
		}
	}
}

// recorded is a line as Record writes it; "-> target" is a link, "" a directory.
func recorded(name, text string) string {
	target, ok := strings.CutPrefix(text, "-> ")
	switch {
	case ok:
		return "link " + name + " " + target + "\n"
	case text == "":
		return "dir " + name + "\n"
	}
	return "file " + name + " " + strconv.Quote(text) + "\n"
}

// base is what every Linux has.
func base(t *tables) map[string]string {
	return map[string]string{
		"proc/cmdline":                      "console=tty0 BOOTIF=01-52-54-00-00-00-01\n",
		"proc/stat":                         "cpu  0 0 0 0\nbtime 1764000000\n",
		"proc/uptime":                       "5.20 9.80\n",
		"proc/meminfo":                      "MemTotal:       262144000 kB\n",
		"proc/sys/kernel/osrelease":         "6.12.117+deb13-amd64\n",
		"proc/sys/kernel/random/boot_id":    "00000000-0000-4000-8000-000000000001\n",
		"sys/firmware/dmi/tables/DMI":       string(t.end()),
		"sys/firmware/efi/fw_platform_size": "64\n",
	}
}

// twoSocket is a server of two sockets with 16 slots for memory, of which one that
// should be full is not, and a flash chip that is no memory.
func twoSocket() map[string]string {
	t := &tables{}
	t.bios("Example BIOS Inc.", "2.45.1", "08/14/2026")
	t.system("Example Systems", "ES-2200 G4", "ES22A00017", [16]byte{0x44, 0x45, 0x4c, 0x4c, 0, 0x30, 0x10, 0x4d, 0x80, 0x50, 0xb4, 0xc0, 0x4f, 0x54, 0x33, 0x30})
	t.board("Example Systems", "ES-2200-MB", "MB0017")
	t.chassis("Example Systems", 0x17, "2U8", "CH0017", "A-4711")
	t.processor("CPU1", "Example Silicon", "Example Silicon 8-Core @ 2.60GHz", 8, 16)
	t.processor("CPU2", "Example Silicon", "Example Silicon 8-Core @ 2.60GHz", 8, 16)
	flash, array := t.array(0x05, 1), t.array(0x03, 16)
	t.slot(flash, "SYSTEM ROM", "", module{mib: 32, kind: 0x09})
	for i := range 16 {
		locator, m := fmt.Sprintf("DIMM_%c%d", 'A'+i/8, i%8+1), module{mib: 16 << 10, kind: 0x1A, mts: 3200, vendor: "Micron", part: "MTA18ASF2G72PDZ", serial: fmt.Sprintf("D%07d", i)}
		if locator == "DIMM_A2" {
			m = module{}
		}
		t.slot(array, locator, fmt.Sprintf("P%d_Node0_Channel%d", i/8, i%8), m)
	}
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 8-Core @ 2.60GHz", 2, 8, 2)
	return files
}

// cpuinfo is /proc/cpuinfo of x86.
func cpuinfo(model string, sockets, cores, threads int) string {
	var b strings.Builder
	for i := range sockets * cores * threads {
		fmt.Fprintf(&b, "processor\t: %d\nmodel name\t: %s\nmicrocode\t: 0xd0003b9\nphysical id\t: %d\nsiblings\t: %d\ncore id\t\t: %d\ncpu cores\t: %d\n\n",
			i, model, i/threads/cores%sockets, cores*threads, i/threads%cores, cores)
	}
	return b.String()
}

// arm64Blade has more cores than fit the byte that SMBIOS first had for them,
// modules larger than fit its first field for sizes, and a socket that is free.
func arm64Blade() map[string]string {
	t := &tables{}
	t.bios("Example Firmware", "1.08", "02/03/2026")
	t.system("Example Blades", "EB-ARM", "EBA0042", [16]byte{1, 2, 3, 4, 5, 6, 0x47, 0x40, 0x80, 1, 2, 3, 4, 5, 6, 7})
	t.chassis("Example Blades", 0x1C, "", "SLED7", "")
	t.chassis("Example Blades", 0x1D, "10U16", "ENC1", "")
	t.processor("CPU 1", "Example Arm", "Example Arm 320", 320, 320)
	t.processor("CPU 2", "", "", 0, 0)
	array := t.array(0x03, 8)
	for i := range 8 {
		m := module{mib: 64 << 10, kind: 0x22, mts: 5600, vendor: "SK Hynix", part: "HMCG94", serial: fmt.Sprintf("H%d", i)}
		if i == 7 {
			m.mib, m.unsized, m.mts = 0, true, 0xFFFF
		}
		t.slot(array, fmt.Sprintf("DIMM %d", i+1), "Bank 0", m)
	}
	return base(t)
}

// desktop is a board whose slots are named by their bank alone.
func desktop() map[string]string {
	t := &tables{}
	t.bios("Example Boards", "F31", "11/22/2025")
	t.system("To Be Filled By O.E.M.", "Default string", "Default string", [16]byte{})
	t.board("Example Boards", "EX-570", "Default string")
	t.chassis("Default string", 0x03, "Default string", "Default string", "Default string")
	t.processor("AM4", "Example Silicon", "Example Silicon 6-Core", 6, 12)
	array := t.array(0x03, 4)
	for _, channel := range []string{"A", "B"} {
		t.slot(array, "DIMM 0", "P0 CHANNEL "+channel, module{})
		t.slot(array, "DIMM 1", "P0 CHANNEL "+channel, module{mib: 8 << 10, kind: 0x1A, mts: 3200, vendor: "Unknown", part: "CT8G4", serial: "00000000"})
	}
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 6-Core", 1, 6, 2)
	return files
}
