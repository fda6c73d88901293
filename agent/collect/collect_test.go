package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the reports expected of the recordings in testdata")

// Every testdata/*.machine is a recording made by "firstlight-agent record", in
// the boot image or in a system that runs; the report expected of it stands
// beside it.
func TestCollectFromRecordedMachines(t *testing.T) {
	recordings, err := filepath.Glob("testdata/*.machine")
	if err != nil || len(recordings) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, path := range recordings {
		t.Run(filepath.Base(path), func(t *testing.T) {
			root, live := loadLive(t, path)
			m := Machine{Root: root, Contents: fakeContents, Link: fakeLink}
			if _, err := fs.Stat(m.Root, "etc/os-release"); err == nil {
				m = Machine{Root: m.Root, OS: true, Contents: forbidden}
			}
			r := &recorder{seen: map[string]string{}}
			m.Door, m.BMC = r.door(live), r.bmc(live.BMC)
			got := m.Collect()
			got.Boot.Arch = "" // the test's own
			compareGolden(t, strings.TrimSuffix(path, ".machine")+".json", got)
		})
	}
}

func fakeContents(name string, _ uint64) ([]report.Content, error) {
	if strings.HasSuffix(name, "a") {
		return []report.Content{{Device: name, Kind: "data", Type: "unknown"}}, nil
	}
	return nil, nil
}

func fakeLink(string) Link {
	return Link{PermanentMAC: "52:54:00:00:00:99", Addresses: []string{"10.0.0.9/24"}}
}

func compareGolden(t *testing.T, path string, got report.Report) {
	t.Helper()
	b, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	if *update {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(b)); diff != "" {
		t.Errorf("Collect differs (-want +got):\n%s", diff)
	}
}

// load reads the files of a recording.
func load(t testing.TB, path string) fstest.MapFS {
	t.Helper()
	files, _ := loadLive(t, path)
	return files
}

// loadLive reads a recording into a file system, and what answers.
func loadLive(t testing.TB, path string) (fstest.MapFS, Live) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, said := fstest.MapFS{}, answers{}
	for line := range strings.Lines(string(b)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, value, _ := strings.Cut(rest, " ")
		name = strings.ReplaceAll(name, blank, " ")
		switch kind {
		case "dir":
			m[name] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		case "link":
			m[name] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(value)}
		case "file":
			text, err := strconv.Unquote(value)
			if err != nil {
				t.Fatalf("%s: %s: %v", path, name, err)
			}
			m[name] = &fstest.MapFile{Mode: 0o644, Data: []byte(text)}
		case "answer":
			said[name] = value
		case "#":
		default:
			t.Fatalf("%s: unknown line %q", path, line)
		}
	}
	return m, said.live()
}

func TestRecordingAMachineKeepsItsReport(t *testing.T) {
	root := os.DirFS("/")
	var b bytes.Buffer
	if err := Record(root, Live{}, false, &b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "here.machine")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Machine{Root: root, OS: true, Contents: forbidden}.Collect()
	got := Machine{Root: load(t, path), OS: true, Contents: forbidden}.Collect()
	want.Boot.Uptime, got.Boot.Uptime = 0, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the recording's report differs from this machine's (-here +recording):\n%s", diff)
	}
}

func TestCollectFromAnEmptyRoot(t *testing.T) {
	got := Machine{Root: fstest.MapFS{}}.Collect()
	if want := []string{"cpus", "memory", "nics", "smbios", "started"}; !cmp.Equal(want, got.Missing) {
		t.Errorf("Missing = %q, want %q", got.Missing, want)
	}
	if got.Disks == nil || got.NICs == nil {
		t.Error("Disks or NICs is null, want empty lists")
	}
}

func TestBMC(t *testing.T) {
	asked := &report.BMC{Source: "ipmi", Address: "10.1.0.7"}
	got := Machine{Root: fstest.MapFS{}, BMC: func() (*report.BMC, error) { return asked, nil }}.Collect()
	if diff := cmp.Diff(asked, got.BMC); diff != "" {
		t.Errorf("BMC = %+v, want what the BMC said", got.BMC)
	}
	got = Machine{Root: fstest.MapFS{}, BMC: func() (*report.BMC, error) { return nil, errors.New("busy") }}.Collect()
	if got.BMC != nil || !strings.Contains(strings.Join(got.Missing, " "), "bmc") {
		t.Errorf("BMC = %+v with %q missing, want none and bmc missing", got.BMC, got.Missing)
	}
}

// QEMU's BMC, as some on real boards, tells who it is and nothing of its network.
func TestABMCWithoutNetworkHasTheFirmwaresAddress(t *testing.T) {
	known := &report.BMC{Source: "smbios-42", Address: "10.1.0.7"}
	if got := reachable(report.BMC{Source: "ipmi", Firmware: "2.86"}, known); got.Address != "10.1.0.7" || got.Firmware != "2.86" || got.Source != "ipmi" {
		t.Errorf("reachable = %+v, want the firmware's address and what the BMC said", got)
	}
	if got := reachable(report.BMC{Source: "ipmi", Address: "10.1.0.8"}, known); got.Address != "10.1.0.8" {
		t.Errorf("reachable = %+v, want the address that the BMC said", got)
	}
	if got := reachable(report.BMC{Source: "ipmi"}, nil); got.Address != "" {
		t.Errorf("reachable = %+v, want no address where nobody knows one", got)
	}
}

func TestBootMAC(t *testing.T) {
	for in, want := range map[string]string{
		"quiet BOOTIF=01-52-54-00-AA-00-01 x=y": "52:54:00:aa:00:01",
		"BOOTIF=52:54:00:aa:00:01":              "",
		"BOOTIF=":                               "",
		"":                                      "",
	} {
		if got := BootMAC(in); got != want {
			t.Errorf("BootMAC(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDisksThatAreLeftOut(t *testing.T) {
	m := fstest.MapFS{}
	for name, files := range map[string]map[string]string{
		"sda":          {"size": "2048", "device/model": "kept"},
		"sdb":          {"size": "2048", "device/model": "stick", "removable": "1"},
		"sdc":          {"size": "0", "device/model": "empty slot"},
		"sr0":          {"size": "2048", "device/model": "cd"},
		"loop0":        {"size": "2048"},
		"dm-0":         {"size": "2048"},
		"zram0":        {"size": "2048"},
		"nvme0c0n1":    {"size": "2048", "device/model": "path", "hidden": "1"},
		"mmcblk0boot0": {"size": "2048", "device/type": "MMC"},
	} {
		for file, text := range files {
			m["sys/block/"+name+"/"+file] = &fstest.MapFile{Data: []byte(text + "\n")}
		}
	}
	got := Machine{Root: m}.Collect().Disks
	if len(got) != 1 || got[0].Model != "kept" {
		t.Errorf("Disks = %+v, want only the one called kept", got)
	}
}

func TestTransport(t *testing.T) {
	for _, test := range []struct{ name, path, want string }{
		{"nvme0n1", "../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "nvme"},
		{"vda", "../devices/pci0000:00/0000:00:04.0/virtio1/block/vda", "virtio"},
		{"sda", "../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "sata"},
		{"sda", "../devices/pci0000:00/0000:01:00.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "sas"},
		{"sda", "../devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sda", "usb"},
		{"sda", "../devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0/block/sda", "virtio"},
		{"sda", "../devices/pci0000:00/0000:03:00.0/host0/target0:2:0/0:2:0:0/block/sda", "scsi"},
		{"sda", "", "scsi"},
	} {
		if got := transport(test.name, test.path); got != test.want {
			t.Errorf("transport(%s, %s) = %s, want %s", test.name, test.path, got, test.want)
		}
	}
}

func TestFirmwareAndTurnsOfADisk(t *testing.T) {
	identify := strings.Repeat("\x00", 60+2*23) + "XC8V20Q2" + strings.Repeat("\x00", 458)
	turns := func(high, low byte) string { return "\x00\xb1\x00\x3c" + string([]byte{high, low}) + "\x00\x02" }
	for _, test := range []struct {
		name     string
		files    map[string]string
		firmware string
		rpm      int
	}{
		{"NVMe", map[string]string{"firmware_rev": "EDA5202Q"}, "EDA5202Q", 0},
		{"SATA, whose rev is cut", map[string]string{"rev": "202Q", "vpd_pg89": identify}, "CXV8022Q", 0},
		{"a page that says nothing", map[string]string{"rev": "N004", "vpd_pg89": strings.Repeat("\x00", 572)}, "N004", 0},
		{"a page that is cut", map[string]string{"rev": "N004", "vpd_pg89": identify[:110], "vpd_pgb1": "\x00\xb1\x00\x3c\x1c"}, "N004", 0},
		{"7200", map[string]string{"vpd_pgb1": turns(0x1c, 0x20)}, "", 7200},
		{"nothing turns", map[string]string{"vpd_pgb1": turns(0, 1)}, "", 0},
		{"it does not tell", map[string]string{"vpd_pgb1": turns(0, 0)}, "", 0},
		{"reserved", map[string]string{"vpd_pgb1": turns(0xff, 0xff)}, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := fstest.MapFS{"sys/block/sda/size": {Data: []byte("2048\n")}}
			for file, text := range test.files {
				m["sys/block/sda/device/"+file] = &fstest.MapFile{Data: []byte(text)}
			}
			got := Machine{Root: m}.Collect().Disks[0]
			if got.Firmware != test.firmware || got.RPM != test.rpm {
				t.Errorf("firmware %q, %d rpm; want %q, %d", got.Firmware, got.RPM, test.firmware, test.rpm)
			}
		})
	}
}

func TestControllerOfADisk(t *testing.T) {
	for path, want := range map[string]string{
		"../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda": "0000:00:1f.2",
		"../devices/pci0000:3a/0000:3a:00.0/0000:3b:00.1/host0/block/sda":             "0000:3b:00.1",
		"../devices/pci10000:e1/10000:e1:00.0/nvme/nvme0/nvme0n1":                     "10000:e1:00.0", // behind Intel's VMD
		"../devices/platform/vmbus/host0/block/sda":                                   "",
		"": "",
	} {
		if got := controller(path); got != want {
			t.Errorf("controller(%s) = %q, want %q", path, got, want)
		}
	}
}

// 64-bit ARM has no names in /proc/cpuinfo, and small boards no SMBIOS.
func TestProcessorsThatNobodyNames(t *testing.T) {
	m := fstest.MapFS{"sys/devices/system/cpu/cpufreq/boost": {Data: []byte("1")}}
	for i, at := range [][2]string{{"0", "0"}, {"0", "0"}, {"0", "1"}, {"36", "0"}, {"-1", "7"}} {
		dir := "sys/devices/system/cpu/cpu" + strconv.Itoa(i) + "/topology/"
		m[dir+"physical_package_id"], m[dir+"core_id"] = &fstest.MapFile{Data: []byte(at[0] + "\n")}, &fstest.MapFile{Data: []byte(at[1] + "\n")}
	}
	want := []report.CPU{{Socket: "CPU 0", Cores: 3, Threads: 4}, {Socket: "CPU 36", Cores: 1, Threads: 1}}
	got := Machine{Root: m}.Collect()
	if diff := cmp.Diff(want, got.CPUs); diff != "" || slices.Contains(got.Missing, "cpus") {
		t.Errorf("CPUs with %q missing (-want +got):\n%s", got.Missing, diff)
	}
}

// A host interface as DSP0270 1.3.0 lays it out, at offset 4 of the structure.
func TestRedfishHostInterface(t *testing.T) {
	record := func(addr ...byte) []byte {
		data := make([]byte, 91)
		data[50], data[51] = 1, 1 // static, IPv4
		copy(data[52:], addr)
		return append([]byte{protocolRedfishIP, byte(len(data))}, data...)
	}
	for _, test := range []struct {
		name string
		body []byte
		want *report.BMC
	}{
		{"an address on the management network", append([]byte{0x40, 2, 3, 4, 1}, record(10, 1, 0, 7)...), &report.BMC{Source: "smbios-42", Address: "10.1.0.7"}},
		{"an address behind another protocol", append([]byte{0x40, 0, 2, 9, 1, 0}, record(10, 1, 0, 7)...), &report.BMC{Source: "smbios-42", Address: "10.1.0.7"}},
		{"an address only for this host", append([]byte{0x40, 0, 1}, record(169, 254, 0, 17)...), &report.BMC{Source: "smbios-42"}},
		{"no address yet", append([]byte{0x40, 0, 1}, record(0, 0, 0, 0)...), nil},
		{"a record that is cut", append([]byte{0x40, 0, 1}, record(10, 1, 0, 7)[:40]...), nil},
		{"lengths that lie", []byte{0x40, 255, 1, 2}, nil},
		{"another kind of interface", append([]byte{0x02, 0, 1}, record(10, 1, 0, 7)...), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Machine{Root: dmi(append([]byte{42, byte(4 + len(test.body)), 1, 0}, test.body...))}.Collect().BMC
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("BMC differs (-want +got):\n%s", diff)
			}
		})
	}
}

// dmi is a root with one SMBIOS structure.
func dmi(structure []byte) fs.FS {
	table := append(structure, 0, 0, 127, 4, 0, 0, 0, 0)
	return fstest.MapFS{"sys/firmware/dmi/tables/DMI": {Data: table}}
}

func FuzzSMBIOS(f *testing.F) {
	recordings, err := filepath.Glob("testdata/*.machine")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range recordings {
		if file := load(f, path)["sys/firmware/dmi/tables/DMI"]; file != nil {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		Machine{Root: fstest.MapFS{"sys/firmware/dmi/tables/DMI": {Data: b}}}.Collect()
	})
}
