package storetest

import (
	"net/netip"
	"time"

	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// at is a time that both engines keep whole.
var at = time.Date(2026, 11, 23, 9, 8, 7, 123456000, time.UTC)

// The rows that a kept database holds: one at least in every table.

func sample() *machine.Machine {
	return &machine.Machine{
		ID: "0192f0c0-0000-7000-8000-000000000001", Name: "C0MPUT3", Kind: machine.Metal, Serial: "C0MPUT3",
		UUID: "4c4c4544-0042-3510-8052-b4c04f4e3732", Vendor: "Dell Inc.", Product: "PowerEdge R640",
		Status: machine.InUse, Reason: "installed", Sentence: "It's \"fine\", said Zoë; 100 %.", Since: at,
		Flags: machine.Flags{Locked: true, LockNote: "audit"}, Site: "lon6", Rack: "r12", Unit: 7, Hostname: "lon6-db-1", Role: "db",
		Owner: "zoë", Image: "debian-12", Rule: "lab", Owned: true, Released: map[string]string{"D1": "ada"},
		NICs: []machine.NIC{
			{Name: "eth0", MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 1}, Address: netip.MustParseAddr("10.80.12.100"), Boot: true},
			{Name: "eth1", MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 2}},
		},
		BMC: machine.BMC{Type: "redfish", Address: "10.81.12.100", MAC: machine.MAC{0x52, 0x54, 0, 0, 1, 1}, Firmware: "2.10", Pin: "ab", Proven: true},
		Facts: &machine.Facts{
			Vendor: "Dell Inc.", Product: "PowerEdge R640", Platform: "efi", Arch: "amd64", Cores: 32, Memory: 64 << 30,
			Disks: []machine.Disk{{Name: "sda", Serial: "D1", Bytes: 480e9, Contents: []machine.Content{{Device: "sda1", Kind: "filesystem", Type: "ext4", Label: "pgdata"}}}},
			NICs:  []machine.Port{{Name: "eth0", MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 1}, Driver: "igb"}},
		},
		Version: 4, CreatedAt: at, UpdatedAt: at.Add(time.Hour), ReportedAt: at.Add(time.Hour),
	}
}

// planned is a machine with everything that came with the third schema.
func planned() *machine.Machine {
	return &machine.Machine{
		ID: "0192f0c0-0000-7000-8000-000000000009", Name: "C0MPUT9", Kind: machine.Metal, Serial: "C0MPUT9", Status: machine.Expected, Since: at,
		Site: "lon6", Room: "hall-1", Rack: "lon6-r12", Unit: 9, Height: 2, Face: machine.Front, Delivery: "2026-1140", Note: "fan is loud",
		Tags: []string{"loaner"}, Params: map[string]string{"tier": "gold"}, Type: "high-io",
		Declared: machine.Declared{Vendor: "Dell Inc.", Product: "PowerEdge R640", Cores: 32, Memory: 64 << 30, Disks: 2},
		Flags:    machine.Flags{Frozen: true, UntilBoot: true},
		NICs:     []machine.NIC{{Name: "eth0", MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 9}, Switch: "sw3", Port: "23", SeenSwitch: "sw3", SeenPort: "31"}},
		Version:  1, CreatedAt: at, UpdatedAt: at,
	}
}

// plan is one item of each list.
func plan() []store.PlanRow {
	return []store.PlanRow{
		{Item: &machine.Gate{Name: "vlan", Title: "switch VLAN", From: machine.Allocated, To: machine.Installing, URL: "https://net.example/hook", Deadline: time.Minute}, Version: 1},
		{Item: &machine.Pool{ID: "p", Name: "a", Site: "lon6", Role: "db"}, Version: 2},
		{Item: &machine.Rack{Name: "lon6-r12", Site: "lon6", Room: "hall-1", Units: 42}, Version: 1},
		{Item: &machine.Role{Name: "db", Team: "search", Services: []string{"sql"}, Classes: []string{"db"}, Params: map[string]string{"tier": "gold"}}, Version: 1},
		{Item: &machine.Room{Name: "hall-1", Site: "lon6"}, Version: 1},
		{Item: &machine.Service{Name: "sql", Protocol: "tcp", Port: 5432, Weight: 1}, Version: 1},
		{Item: &machine.Site{Name: "lon6", Title: "London"}, Version: 3},
		{Item: &machine.Team{Name: "search", Contact: "#search"}, Version: 1},
		{Item: &machine.HardwareType{Name: "high-io", Memory: 64 << 30, Disks: []machine.DiskSpec{{Count: 4, Bytes: 1e12}}}, Version: 1},
	}
}

func issue() *machine.Issue {
	return &machine.Issue{Kind: "silent", Subject: sample().ID, Machine: sample().ID, Name: "C0MPUT3", Sentence: "It is silent.", Evidence: map[string]string{"heard": "never"}, Since: at, Taken: "ada", TakenAt: at}
}

func delivery() *machine.Delivery {
	return &machine.Delivery{Name: "2026-1140", Site: "lon6", CreatedBy: "ada", CreatedAt: at, Version: 1, Lines: 40}
}

func wait() *machine.Wait {
	return &machine.Wait{Machine: sample().ID, Gate: "vlan", Title: "switch VLAN", From: machine.Allocated, To: machine.Installing, Since: at, Deadline: at.Add(time.Minute), ID: "n"}
}

func reply() store.Reply { return store.Reply{Who: "ada", Key: "k", At: at, Record: "{}"} }

func observed() machine.Observed {
	return machine.Observed{Power: "on", PowerAt: at, BootAt: at, BootAnswer: "disk", HomeAt: at, Waits: "nothing", Progress: 1}
}

func history() []machine.History {
	row := func(id int64, from, to machine.Status, guards ...string) machine.History {
		return machine.History{
			ID: id, Machine: sample().ID, Name: "C0MPUT3", At: at.Add(time.Duration(id) * time.Second), From: from, To: to,
			Who: "agent", Why: "reported", Sentence: "s", Job: "j", Guards: guards,
		}
	}
	return []machine.History{
		row(1, machine.Unknown, machine.Registered, "passed:identity (new)"),
		row(2, machine.Registered, machine.Available, "not-checked:burn-in", "passed:empty-disks (2)"),
		row(3, machine.Available, machine.Allocated), row(4, machine.Allocated, machine.Installing),
		row(5, machine.Installing, machine.Configuring), row(6, machine.Configuring, machine.InUse),
	}
}

func event(id int64) journal.Event {
	return journal.Event{
		ID: id, At: at.Add(time.Duration(id) * time.Second), Machine: sample().ID, MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 1},
		Source: journal.Files, Text: "Sent vmlinuz", Details: map[string]string{"path": "/boot/vmlinuz"}, Bytes: 1 << 40,
		Duration: time.Second, Who: "w", Job: "j", Count: 3, LastAt: at.Add(time.Minute),
	}
}

func decision() store.Decision {
	return store.Decision{MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 1}, Machine: sample().ID, Record: `{"answer":{"target":"disk"}}`, FirstAt: at, LastAt: at.Add(time.Minute), Count: 7}
}

func leased() lease.Lease {
	return lease.Lease{
		Address: netip.MustParseAddr("10.80.12.100"), MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 1}, ClientID: "01525400000001", Hostname: "h",
		Subnet: "lab", State: lease.Bound, Reserved: true, Life: time.Hour, ExpiresAt: at.Add(time.Hour), UpdatedAt: at, Version: 1,
	}
}

func job(id string, status machine.JobStatus, created time.Time) *machine.Job {
	return &machine.Job{
		ID: id, Action: machine.ActionInstall, Status: status, Result: "r", Target: "name=C0MPUT3", Params: map[string]string{"image": "debian-12"},
		Requester: "zoë", User: "ada", CreatedAt: created, Machine: sample().ID, Attempt: 1,
		Steps:   []machine.Step{{Name: "power", Status: machine.StepDone, StartedAt: at, EndedAt: at.Add(time.Second)}},
		Token:   machine.Token{Hash: "h", Expires: at, Order: "o"},
		Version: 2,
	}
}

func subnet() *machine.Subnet {
	return &machine.Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lon6", Mode: "server", Policy: machine.PolicyRegister, Lease: time.Hour,
		Ranges:  []machine.Range{{First: netip.MustParseAddr("10.80.12.100"), Last: netip.MustParseAddr("10.80.12.199")}},
		Gateway: netip.MustParseAddr("10.80.12.1"), DNS: []netip.Addr{netip.MustParseAddr("10.80.12.2")}, Domain: "lab.example",
	}
}

func rule(name string, order int) *machine.Rule {
	return &machine.Rule{Name: name, Order: order, Match: "subnet=lab", Accept: true, Site: "lon6", Rack: "r12", Role: "db", Image: "debian-12", Limit: 3}
}

func image() *machine.Image {
	return &machine.Image{Name: "debian-12", Arch: "amd64", File: "debian-12.raw.zst", Compressed: 100, Bytes: 200, SHA256: "0a", AddedAt: at}
}

func audit() store.Audit {
	return store.Audit{ID: 1, At: at, Who: "ada", Action: "lock", Target: "C0MPUT3", Before: "b", After: "a"}
}
