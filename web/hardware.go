package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// hardwareData is what the agent saw.
type hardwareData struct {
	Seen    bool
	Rows    []fact
	Lists   []listData
	Missing []string
}

// listData is a list that is shown when somebody asks for it.
type listData struct {
	ID, Title string
	Rows      []fact
}

type fact struct{ Name, Value string }

func hardware(m *machine.Machine) hardwareData {
	h := hardwareData{Seen: m.Facts != nil}
	if m.Facts != nil {
		h.Rows, h.Missing = facts(m, m.Facts), m.Facts.Missing
		h.Lists = lists(slots(m.Facts.DIMMs), devices(m.Facts.PCI))
	}
	if m.BMC.Address != "" || (m.Facts != nil && m.Facts.BMC) {
		h.Rows = append(h.Rows, fact{"BMC", join(", ", m.BMC.Address, bmc(m))})
		if m.Facts != nil && len(m.Facts.BMCUsers) > 0 {
			h.Rows = append(h.Rows, fact{"BMC users", bmcUsers(m.Facts.BMCUsers)})
		}
	}
	return h
}

func facts(m *machine.Machine, f *machine.Facts) []fact {
	rows := []fact{
		{"Model", join(" ", f.Vendor, f.Product)},
		{"Serial", m.Serial},
		{"UUID", m.UUID},
		{"Firmware", firmware(f)},
		{"CPU", fmt.Sprintf("%d × %s, %s, %s", max(f.Sockets, 1), f.CPU, plural(f.Cores, "core", "cores"), plural(f.Threads, "thread", "threads")) + prefixed(", microcode ", f.Microcode)},
		{"Chassis", join(", ", f.ChassisType, f.ChassisVendor, f.ChassisSN, prefixed("asset ", f.Asset), prefixed("board ", join(" ", f.Board, f.BoardSN)))},
		{"Memory", memory(f.Memory) + dimms(f.DIMMs)},
	}
	for _, n := range f.NICs {
		rows = append(rows, fact{n.Name, join(", ", nic(n), cable(m, n.MAC))})
	}
	for _, p := range f.RAID() {
		rows = append(rows, fact{p.Kind(), join(", ", p.ID, p.Driver, plural(f.Behind(p), "disk", "disks"), p.Address)})
	}
	return append(rows, fact{"Kernel", join(" ", f.Kernel, f.Arch)})
}

// lists leaves out those with nothing in them.
func lists(all ...listData) []listData {
	return slices.DeleteFunc(all, func(l listData) bool { return len(l.Rows) == 0 })
}

func firmware(f *machine.Facts) string {
	kind := strings.ToUpper(f.Platform)
	if f.Platform == "efi" {
		kind = "UEFI"
	}
	if f.SecureBoot {
		kind += ", Secure Boot"
	}
	return join(", ", f.FirmwareVendor, f.Firmware, f.FirmwareDate, kind)
}

// cable says where an interface was seen, and where the plan wants it otherwise.
func cable(m *machine.Machine, mac machine.MAC) string {
	for _, n := range m.NICs {
		plan, seen, differs := discovery.Miscabled(n)
		switch {
		case n.MAC != mac || seen == "":
		case differs:
			return "in " + seen + ", plan says " + plan
		default:
			return "in " + seen
		}
	}
	return ""
}

// bmcUsers names the accounts, and what each may do over the network.
func bmcUsers(all []machine.BMCUser) string {
	var texts []string
	for _, u := range all {
		may := u.Privilege
		switch {
		case !u.Enabled:
			may = "disabled"
		case !u.Network:
			may = "not over the network"
		}
		texts = append(texts, fmt.Sprintf("%s (%s)", cmp.Or(u.Name, "without a name"), may))
	}
	return join(", ", texts...)
}

func bmc(m *machine.Machine) string {
	state := "log-in not tried yet"
	switch {
	case m.BMC.Address == "":
		state = "seen by the agent, no address known"
	case m.BMC.Proven:
		state = "log-in proven"
		if m.BMC.Factory {
			state = "log-in proven, which is the vendor's default"
		}
	case m.BMC.Failed != "":
		state = "log-in failed: " + m.BMC.Failed
	}
	return join(", ", m.BMC.Type, m.BMC.Firmware, state)
}

// disksData is the disks with what lies on them.
type disksData struct {
	Seen   bool
	Disks  []diskData
	Papers string // address of what became of them
}

type diskData struct {
	machine.Disk
	Details  string // what few people ask for
	Failing  string // by what; "": it is not
	Figures  string // of its health
	Contents []string
	Released string // who gave it free though it was not empty
}

func disks(m *machine.Machine) disksData {
	d := disksData{Seen: m.Facts != nil, Papers: papersURL(m)}
	if m.Facts != nil {
		for _, disk := range m.Facts.Disks {
			d.Disks = append(d.Disks, newDiskData(m, disk))
		}
	}
	return d
}

func newDiskData(m *machine.Machine, d machine.Disk) diskData {
	data := diskData{Disk: d, Released: m.Released[d.Serial], Details: diskDetails(d), Failing: strings.Join(d.Failing(), "; "), Figures: diskHealth(d.Health)}
	for _, c := range d.Contents {
		data.Contents = append(data.Contents, content(c))
	}
	return data
}

// diskDetails is how fast it turns, its firmware, the size of its blocks (as
// addressed, and as written where that is another), its name in the world.
func diskDetails(d machine.Disk) string {
	var all []string
	if d.RPM > 0 {
		all = append(all, fmt.Sprintf("%d rpm", d.RPM))
	}
	if d.Firmware != "" {
		all = append(all, "firmware "+d.Firmware)
	}
	switch {
	case d.Logical == 0:
	case d.Logical == d.Physical || d.Physical == 0:
		all = append(all, fmt.Sprintf("blocks of %d", d.Logical))
	default:
		all = append(all, fmt.Sprintf("blocks of %d/%d", d.Logical, d.Physical))
	}
	return join(" · ", append(all, d.WWN, d.Slot)...)
}

// diskHealth is what a disk says of itself: "39862 hours · 34 °C · used 3 %".
func diskHealth(h *machine.Health) string {
	if h == nil {
		return ""
	}
	var all []string
	add := func(format string, n uint64, shown bool) {
		if shown {
			all = append(all, fmt.Sprintf(format, n))
		}
	}
	add("%d hours", h.Hours, h.Hours > 0)
	add("%d °C", uint64(h.Celsius), h.Celsius > 0)
	if h.Used != nil {
		add("used %d %%", uint64(*h.Used), true)
	}
	if h.Spare != nil {
		add("spare %d %%", uint64(*h.Spare), true)
	}
	add("%d media errors", h.MediaErrors, h.MediaErrors > 0)
	add("%d sectors reallocated", h.Reallocated, h.Reallocated > 0)
	add("%d pending", h.Pending, h.Pending > 0)
	add("%d uncorrectable", h.Uncorrectable, h.Uncorrectable > 0)
	if len(all) == 0 {
		return "it says that it is well"
	}
	return join(" · ", all...)
}

// content spells what was found: "nvme0n1p2: ext4 file system 'pgdata', 412 GB used".
func content(c machine.Content) string {
	if c.Kind == "loader" {
		return c.Device + ": " + clip(c.Label, 64)
	}
	text := c.Device + ": " + join(" ", c.Type, kinds[c.Kind])
	if kinds[c.Kind] == "" {
		text = c.Device + ": " + join(" ", c.Type, c.Kind)
	}
	if c.Label != "" {
		text += " '" + clip(c.Label, 64) + "'"
	}
	switch {
	case c.Used > 0:
		text += ", " + discovery.Bytes(c.Used) + " used"
	case c.Bytes > 0:
		text += ", " + discovery.Bytes(c.Bytes)
	}
	return text
}

var kinds = map[string]string{
	"partition-table": "partition table", "filesystem": "file system", "raid": "RAID member",
	"lvm": "volume group member", "crypt": "encrypted volume", "swap": "swap", "data": "data",
	"unreadable": "could not be read",
}
