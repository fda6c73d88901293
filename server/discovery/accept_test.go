package discovery

import (
	"strings"
	"testing"

	"firstlight/server/machine"
)

func newcomer(disks ...machine.Disk) *machine.Machine {
	return &machine.Machine{
		ID: "m1", Name: "C0MPUT3", Kind: machine.Metal, Serial: "C0MPUT3", Vendor: "Dell", Product: "R640",
		Facts: &machine.Facts{Cores: 32, Disks: disks},
	}
}

func drive(serial string, contents ...machine.Content) machine.Disk {
	return machine.Disk{Name: "nvme0n1", Serial: serial, Bytes: 480e9, Contents: contents}
}

var pgdata = machine.Content{Device: "nvme0n1p1", Kind: "filesystem", Type: "ext4", Label: "pgdata", Used: 412e9}

func rule(name, match string, change ...func(*machine.Rule)) *machine.Rule {
	r := &machine.Rule{Name: name, Match: match, Accept: true, Site: "lab"}
	for _, c := range change {
		c(r)
	}
	return r
}

func holds(r *machine.Rule)    { r.Accept = false }
func limitOne(r *machine.Rule) { r.Limit = 1 }
func installs(r *machine.Rule) { r.Role, r.Image = "node", "debian-12" }

func arm64(m *machine.Machine) { m.Facts.Arch = "arm64" }

func TestJudge(t *testing.T) {
	lab := rule("lab", "subnet=lab")
	full := func(name string) int { return map[string]int{"one": 1}[name] }
	for _, tt := range []struct {
		name     string
		machine  *machine.Machine
		change   func(*machine.Machine)
		rules    []*machine.Rule
		released map[string]bool
		rule     string // that accepts
		reason   string
		says     string
	}{
		{name: "an empty machine that a rule accepts", machine: newcomer(drive("D1")), rules: []*machine.Rule{lab}, rule: "lab"},
		{name: "no rule at all", machine: newcomer(drive("D1")), reason: ReasonNoRule, says: "no rule accepts it: serial C0MPUT3, Dell R640 on subnet lab"},
		{name: "no rule that matches", machine: newcomer(), rules: []*machine.Rule{rule("hp", "vendor=hp")}, reason: ReasonNoRule},
		{name: "the first that matches wins", machine: newcomer(), rules: []*machine.Rule{rule("hp", "vendor=hp"), rule("dell", "vendor=dell"), lab}, rule: "dell"},
		{name: "a rule that holds, before one that accepts", machine: newcomer(), rules: []*machine.Rule{rule("suspect", "cores=32", holds), lab}, reason: ReasonRule, says: "rule suspect holds such machines"},
		{name: "one that holds others", machine: newcomer(), rules: []*machine.Rule{rule("suspect", "cores=64", holds), lab}, rule: "lab"},
		{name: "a rule without room gives way to the next", machine: newcomer(), rules: []*machine.Rule{rule("one", "vendor=dell", limitOne), lab}, rule: "lab"},
		{name: "no room anywhere", machine: newcomer(), rules: []*machine.Rule{rule("one", "vendor=dell", limitOne)}, reason: ReasonFull, says: "rule one matches, but has accepted its limit"},
		{name: "a limit with room", machine: newcomer(), rules: []*machine.Rule{rule("two", "vendor=dell", limitOne)}, rule: "two"},
		{name: "a rule that cannot be read holds, as it may have been meant to", machine: newcomer(), rules: []*machine.Rule{rule("old", "frobnication=1", holds), lab}, reason: ReasonRule, says: "rule old cannot be read"},
		{name: "a placeholder serial, whatever the rules", machine: newcomer(), change: func(m *machine.Machine) { m.Serial = "Default string" }, rules: []*machine.Rule{lab}, reason: ReasonSerial, says: `"Default string" is a placeholder`},
		{name: "somebody's data", machine: newcomer(drive("D0"), drive("D1", pgdata)), rules: []*machine.Rule{lab}, reason: ReasonDisks, says: "nvme0n1 has an ext4 file system 'pgdata', 412 GB used; release it by name"},
		{name: "data on a disk that was released", machine: newcomer(drive("D1", pgdata)), rules: []*machine.Rule{lab}, released: map[string]bool{"D1": true}, rule: "lab"},
		{name: "data on another disk than the released one", machine: newcomer(drive("D1", pgdata), drive("D2", pgdata)), rules: []*machine.Rule{lab}, released: map[string]bool{"D1": true}, reason: ReasonDisks},
		{name: "data on a disk that nobody can name is never released", machine: newcomer(drive("", pgdata)), rules: []*machine.Rule{lab}, released: map[string]bool{"": true}, reason: ReasonDisks, says: "no serial number to release it by"},
		{name: "disks that could not be read", machine: newcomer(), change: func(m *machine.Machine) { m.Facts.Missing = []string{"disks"} }, rules: []*machine.Rule{lab}, reason: ReasonDisks, says: "could not be read"},
		{name: "a machine that had an owner, though its disks look empty", machine: newcomer(drive("D1")), change: func(m *machine.Machine) { m.Owned = true }, rules: []*machine.Rule{lab}, reason: ReasonDisks, says: "not proven erased"},
		{name: "an image for a machine without disk", machine: newcomer(), rules: []*machine.Rule{rule("lab", "vendor", installs)}, reason: ReasonNoDisk, says: "rule lab installs debian-12, but the machine shows no disk"},
		{name: "an image for another architecture", machine: newcomer(drive("D1")), change: arm64, rules: []*machine.Rule{rule("lab", "vendor", installs)}, reason: ReasonImage, says: "rule lab does not suit it: image debian-12 is for amd64 and the machine is arm64; have the rule match arch too"},
		{name: "an image for its own", machine: newcomer(drive("D1")), change: func(m *machine.Machine) { m.Facts.Arch = "amd64" }, rules: []*machine.Rule{rule("lab", "vendor", installs)}, rule: "lab"},
		{name: "no image, whatever the architecture", machine: newcomer(drive("D1")), change: arm64, rules: []*machine.Rule{lab}, rule: "lab"},
		{name: "no image for a machine without disk", machine: newcomer(), rules: []*machine.Rule{lab}, rule: "lab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(tt.machine)
			}
			v := Judge(tt.machine, Known{Subnet: "lab", Rules: tt.rules, Accepted: full, Released: tt.released, Plan: planned{}, Images: []*machine.Image{{Name: "debian-12", Arch: "amd64"}}})
			if v.Accept != (tt.rule != "") || v.Accept && v.Rule.Name != tt.rule {
				t.Fatalf("Judge = %+v, want rule %q", v, tt.rule)
			}
			if v.Reason != tt.reason || !strings.Contains(v.Sentence, tt.says) {
				t.Errorf("held: %q, %q; want %q, …%s…", v.Reason, v.Sentence, tt.reason, tt.says)
			}
			if !v.Accept && len(v.Evidence) > 0 {
				t.Errorf("a machine that is held comes with evidence %v", v.Evidence)
			}
		})
	}
}

// What Judge proves opens registered → available, and nothing less does.
func TestTheEvidenceOpensTheTransition(t *testing.T) {
	v := Judge(newcomer(drive("D1"), drive("D2", pgdata)), Known{Subnet: "lab", Rules: []*machine.Rule{rule("lab", "subnet=lab")}, Released: map[string]bool{"D2": true}, Plan: planned{}})
	notes, err := machine.Check("C0MPUT3", machine.Registered, machine.Available, v.Evidence, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(notes, "; ")
	for _, want := range []string{"passed:rule-matched (rule lab)", "passed:empty-disks (disk D2 released by name)", "passed:burn-in (rule lab asks for none)"} {
		if !strings.Contains(got, want) {
			t.Errorf("notes = %s, want %s", got, want)
		}
	}
	for g := range v.Evidence {
		ev := machine.Evidence{}
		for k, how := range v.Evidence {
			if k != g {
				ev[k] = how
			}
		}
		if _, err := machine.Check("C0MPUT3", machine.Registered, machine.Available, ev, nil); err == nil {
			t.Errorf("without %s it becomes available all the same", g)
		}
	}
}

func TestDescribe(t *testing.T) {
	c := func(kind, typ, label string, used uint64) machine.Content {
		return machine.Content{Kind: kind, Type: typ, Label: label, Used: used}
	}
	for want, contents := range map[string][]machine.Content{
		"nvme0n1 is empty": nil,
		"nvme0n1 has an ext4 file system 'pgdata', 412 GB used":            {pgdata},
		"nvme0n1 has an xfs file system":                                   {c("filesystem", "xfs", "", 0)},
		"nvme0n1 has an ntfs file system 'System'":                         {c("filesystem", "ntfs", "System", 0)},
		"nvme0n1 has a vfat file system, 3.1 MB used":                      {c("filesystem", "vfat", "", 3_100_000)},
		"nvme0n1 has a file system":                                        {c("filesystem", "", "", 0)},
		"nvme0n1 has an ext4 file system 'pgdata', 412 GB used and 2 more": {c("partition-table", "gpt", "", 0), c("swap", "swap", "", 0), pgdata},
		"nvme0n1 has an ntfs file system 'System' and 2 more, with Windows Boot Manager and Debian's boot loader": {
			c("partition-table", "gpt", "", 0), c("filesystem", "vfat", "", 0), c("loader", "efi", "Windows Boot Manager", 0), c("loader", "efi", "Debian's boot loader", 0), c("filesystem", "ntfs", "System", 0),
		},
		"nvme0n1 has a gpt partition table":                         {c("partition-table", "gpt", "", 0)},
		"nvme0n1 has an mdraid-1.2 RAID member 'host:0' and 1 more": {c("partition-table", "gpt", "", 0), c("raid", "mdraid-1.2", "host:0", 0)},
		"nvme0n1 has an LVM volume 'vg0'":                           {c("lvm", "lvm2", "vg0", 0)},
		"nvme0n1 has a luks2 encrypted volume":                      {c("crypt", "luks2", "", 0)},
		"nvme0n1 has swap space":                                    {c("swap", "swap", "", 0)},
		"nvme0n1 has places that cannot be read":                    {c("unreadable", "error", "", 0)},
		"nvme0n1 has data of an unknown kind":                       {c("data", "unknown", "", 0)},
		"nvme0n1 has data of an unknown kind and 1 more":            {c("a-kind-of-next-year", "", "", 0), c("data", "unknown", "", 0)},
	} {
		if got := Describe(machine.Disk{Name: "nvme0n1", Contents: contents}); got != want {
			t.Errorf("Describe = %q\n     want   %q", got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1_500_000: "1.5 MB", 412_000_000_000: "412 GB", 999_700_000: "1.0 GB",
		480_103_981_056: "480 GB", 1 << 40: "1.1 TB", 1<<64 - 1: "18.4 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestInstallDisk(t *testing.T) {
	ssd := func(serial string, gb uint64) machine.Disk { return machine.Disk{Serial: serial, Bytes: gb * 1e9} }
	hdd := func(serial string, gb uint64) machine.Disk {
		return machine.Disk{Serial: serial, Bytes: gb * 1e9, Rotational: true}
	}
	for _, tt := range []struct {
		name  string
		disks []machine.Disk
		want  string
	}{
		{"the smallest that it fits on", []machine.Disk{ssd("big", 960), ssd("small", 240), ssd("tiny", 8)}, "small"},
		{"exactly as large as the image", []machine.Disk{ssd("exact", 10)}, "exact"},
		{"solid state before a smaller rotating one", []machine.Disk{hdd("hdd", 100), ssd("ssd", 960)}, "ssd"},
		{"a rotating one where there is no other", []machine.Disk{hdd("hdd", 4000), ssd("tiny", 8)}, "hdd"},
		{"of two that are equal, always the same", []machine.Disk{ssd("b", 240), ssd("a", 240)}, "a"},
		{"none without a serial", []machine.Disk{ssd("", 240), ssd("named", 960)}, "named"},
		{"none that shares its serial: it could be the other one", []machine.Disk{ssd("twin", 240), ssd("twin", 240), hdd("own", 960)}, "own"},
		{"none at all", nil, ""},
		{"none large enough", []machine.Disk{ssd("tiny", 8)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := InstallDisk(&machine.Facts{Disks: tt.disks}, 10e9)
			if got.Serial != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("InstallDisk = %q, %v; want %q", got.Serial, err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), "no disk with a serial number holds 10.0 GB: add one") {
				t.Errorf("InstallDisk = %v, want size and remedy", err)
			}
		})
	}
}
