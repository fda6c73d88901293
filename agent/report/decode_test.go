package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The files under testdata/vN are what agents in the field send and what
// appliances in the field answer. If a test here fails, change the code, not
// the file: N can only be dropped together with support for those who speak it.
func TestFrozenV1(t *testing.T) {
	frozen(t, "report-bare", Report{Version: 1, Boot: Boot{
		ID: "00000000-0000-4000-8000-000000000001", Kernel: "6.12.0-amd64", Arch: "amd64", Platform: "bios",
	}, Missing: []string{"dmi"}})
	frozen(t, "report-full", fullReport())
	frozen(t, "report-os", osReport())
	frozen(t, "report-neighbour", neighbourReport())
	frozen(t, "report-inventory", inventoryReport())
	frozen(t, "report-health", healthReport())
	frozen(t, "adoption", Adoption{Report: osReport(), Reason: "ran before the appliance came"})
	frozen(t, "welcome", Welcome{
		Name: "c0mput3", Status: "available", Sentence: "Waits for an image.",
		Page: "http://10.0.0.1:8080/m/c0mput3",
	})
	frozen(t, "order-install", Order{ID: "7", Action: ActionInstall, Token: "t0k3n", Sentence: "Installs debian-13."})
	frozen(t, "order-reboot", Order{ID: "8", Action: ActionReboot, Sentence: "Restarts."})
	frozen(t, "redeem", Redeem{Order: "7", Token: "t0k3n"})
	frozen(t, "plan", Plan{
		Disk:  Target{Serial: "S3RIAL", Bytes: 480103981056},
		Image: Image{Name: "debian-13", Path: "/images/debian-13.raw.zst", Compressed: 1 << 28, Bytes: 1 << 31, SHA256: strings.Repeat("0a", 32)},
		Host:  "sto1-web-1",
		Seed:  map[string]string{"meta-data": "instance-id: 1\n", "user-data": "#cloud-config\n"},
	})
	frozen(t, "plan-compressed-hash", Plan{
		Image: Image{Name: "debian-13", Path: "/i", Compressed: 1, Bytes: 2, SHA256: strings.Repeat("0a", 32), CompressedSHA256: strings.Repeat("0b", 32)},
	})
	frozen(t, "progress", Progress{Order: "7", Step: StepWrite, Message: "80 MB/s", Done: 1 << 20, Total: 1 << 31, Console: []string{"link up"}})
	frozen(t, "log", Log{Life: "5eed", First: 12, Lines: []string{"[    4.250] reported name=c0mput3", "warn: link down"}, Lost: 3})
	frozen(t, "result-done", Result{Order: "7", OK: true})
	frozen(t, "result-refused", Result{Order: "7", Step: StepRedeem, Error: "no disk has the serial \"X\""})
	frozen(t, "error", Error{Error: "the token was used before"})
	frozen(t, "home", Home{Hostname: "sto1-web-1", BootID: "00000000-0000-4000-8000-000000000002", Kernel: "6.12.0-amd64"})
}

func frozen[T any](t *testing.T, name string, want T) {
	t.Helper()
	b, err := os.ReadFile("testdata/v1/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeMessage[T](bytes.NewReader(b))
	if err != nil {
		t.Fatalf("DecodeMessage(%s) = %v", name, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DecodeMessage(%s) differs (-want +got):\n%s", name, diff)
	}
	again, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(b), string(again)+"\n"); diff != "" {
		t.Errorf("Marshal of %s is not the frozen file (-file +got):\n%s", name, diff)
	}
}

func healthReport() Report {
	used, spare := 0, 3
	return Report{Version: 1, Disks: []Disk{
		{Name: "nvme0n1", Serial: "S1", Slot: "slot 4", Health: &Health{
			Source: "nvme", Says: []string{"its spare blocks are at 3 %, and its limit is 10 %"}, Hours: 41234, Celsius: 45,
			Used: &used, Spare: &spare, SpareLimit: 10, MediaErrors: 3,
		}},
		{Name: "sda", Serial: "S2", Slot: "Slot 04", Health: &Health{Source: "ata", Reallocated: 8, Pending: 16, Uncorrectable: 1}},
		{Name: "sdb", Serial: "S3", Health: &Health{Source: "scsi"}},
	}}
}

func fullReport() Report {
	return Report{
		Version: 1,
		Boot: Boot{
			ID: "0b9d7e0e-8a53-4b59-9a5f-6d0c1f6c1f60", Kernel: "6.12.0-amd64", Arch: "amd64", Platform: "efi",
			MAC: "52:54:00:00:00:01", Started: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Uptime: 4.25, Agent: "v0.1.0",
		},
		System:   System{Vendor: "QEMU", Product: "Standard PC", Serial: "C0MPUT3", UUID: "9b0f6c0e-0000-4000-8000-000000000001", SKU: "s", Family: "f"},
		Board:    Board{Vendor: "QEMU", Product: "board", Serial: "B1"},
		Chassis:  Chassis{Vendor: "QEMU", Serial: "CH1", Asset: "A1"},
		Firmware: Firmware{Vendor: "EDK II", Version: "2022.11", Date: "11/01/2022", SecureBoot: true},
		CPUs:     []CPU{{Socket: "CPU 0", Model: "EPYC", Cores: 2, Threads: 4}},
		Memory:   2 << 30,
		DIMMs:    []DIMM{{Slot: "DIMM 0", Bytes: 2 << 30, Type: "DDR4", MTs: 3200, Vendor: "V", Part: "P", Serial: "D1"}},
		Disks: []Disk{{
			Name: "nvme0n1", Serial: "S3RIAL", WWN: "eui.0025385b71b0a1c1", Model: "M", Bytes: 480103981056, Transport: "nvme",
			Contents: []Content{{Device: "nvme0n1p1", Kind: "filesystem", Type: "ext4", Label: "pgdata", Bytes: 480102932480, Used: 412000000000}},
		}, {Name: "sda", Serial: "H1", Model: "H", Bytes: 1 << 40, Transport: "sata", Rotational: true, Contents: []Content{}}},
		NICs: []NIC{{
			Name: "eth0", MAC: "52:54:00:00:00:01", PermanentMAC: "52:54:00:00:00:01", Driver: "virtio_net", Link: true,
			Mbps: 10000, Addresses: []string{"10.0.0.7/24"},
		}},
		BMC:       &BMC{Address: "10.1.0.7", MAC: "52:54:00:00:01:01", Firmware: "2.10", Source: "ipmi"},
		Missing:   []string{"chassis"},
		Collected: 123 * time.Millisecond,
	}
}

// inventoryReport has what later agents see more.
func inventoryReport() Report {
	return Report{
		Version: 1,
		Chassis: Chassis{Vendor: "V", Serial: "CH1", Type: "Rack Mount Chassis"},
		CPUs:    []CPU{{Socket: "CPU 0", Model: "M", Cores: 2, Threads: 4, Microcode: "0xd0003b9"}},
		NICs: []NIC{{
			Name: "eth0", MAC: "52:54:00:00:00:01", PermanentMAC: "52:54:00:00:00:01", Driver: "mlx5_core", Link: true, Mbps: 25000,
			Firmware: "16.35.3006", PCI: "0000:18:00.0", ID: "15b3:1017", TotalVFs: 8, VFs: 2,
		}},
		PCI:   []PCI{{Address: "0000:3b:00.0", Class: "010400", ID: "1000:005d", Subsystem: "1028:1f49", Driver: "megaraid_sas"}},
		DIMMs: []DIMM{{Slot: "A1", Bytes: 2 << 30, Type: "DDR4"}, {Slot: "A2", Empty: true}},
		Disks: []Disk{{
			Name: "sda", Serial: "H1", Model: "H", Bytes: 1 << 40, Transport: "sas", Rotational: true, RPM: 7200, Firmware: "N004",
			Logical: 512, Physical: 4096, PCI: "0000:3b:00.0", Contents: []Content{},
		}},
	}
}

func neighbourReport() Report {
	return Report{Version: 1, NICs: []NIC{{
		Name: "eth0", MAC: "52:54:00:00:00:01", Driver: "virtio_net", Link: true,
		Neighbour: &Neighbour{
			Chassis: "00:1c:73:00:00:01", ChassisKind: "mac", Port: "Ethernet31", PortKind: "name", PortText: "c0mput3",
			System: "sw3", SystemText: "Arista Networks EOS", Management: "10.0.0.3",
		},
	}}}
}

func osReport() Report {
	return Report{
		Version: 1,
		Boot: Boot{
			ID: "00000000-0000-4000-8000-000000000003", Kernel: "6.1.0-31-amd64", Arch: "amd64", Platform: "efi",
			MAC: "52:54:00:00:00:01", Uptime: 7776000.5, Agent: "v0.1.0",
		},
		System: System{Vendor: "QEMU", Product: "Standard PC"},
		NICs: []NIC{{
			Name: "eno1", MAC: "52:54:00:00:00:01", PermanentMAC: "52:54:00:00:00:01", Driver: "virtio_net", Link: true,
			Addresses: []string{"10.0.0.7/24"},
		}},
		OS:      &OS{Hostname: "sto1-web-1", Release: "Debian GNU/Linux 12 (bookworm)"},
		Missing: []string{"serial", "uuid"},
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"a version from the future", `{"version":2}`, "version is 2, and this appliance speaks 1"},
		{"a report without a version", `{}`, "version is 0"},
		{"an empty body", ``, "unexpected end"},
		{"text after the report", `{"version":1} {"version":1}`, "after top-level value"},
		{"a string where a number belongs", `{"version":1,"memory":"2G"}`, "memory"},
		{"more than the limit", `{"version":1,"x":"` + strings.Repeat("a", MaxBytes) + `"}`, "more than 262144 bytes"},
		{"nesting that is too deep", `{"version":1,"x":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}`, "more than 32 levels"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(test.in))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Decode = %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestDecodeToleratesUnknownFields(t *testing.T) {
	got, err := Decode(strings.NewReader(`{"version":1,"memory":3,"gpus":[{"brackets":"[[[{{{\"[["}]}`))
	if err != nil || got.Memory != 3 {
		t.Errorf("Decode = %d bytes of memory, %v; want 3, no error", got.Memory, err)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := os.ReadDir("testdata/v1")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile("testdata/v1/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"version":1,"x":"\\\"]"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Decode(bytes.NewReader(b))
		if errors.Is(err, errDepth) && bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) <= MaxDepth {
			t.Errorf("Decode(%q) = %v with fewer brackets than the limit", b, err)
		}
		if err != nil {
			return
		}
		// What was accepted survives a round through our own encoder.
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatalf("Marshal(%+v) = %v", got, err)
		}
		if len(again) > MaxBytes { // escapes can grow a message that was just small enough
			return
		}
		back, err := Decode(bytes.NewReader(again))
		if err != nil {
			t.Fatalf("Decode(Marshal(%q)) = %v", b, err)
		}
		if diff := cmp.Diff(got, back); diff != "" {
			t.Errorf("round trip of %q differs (-first +second):\n%s", b, diff)
		}
	})
}
