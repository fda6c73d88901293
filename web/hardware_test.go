package web

import (
	"slices"
	"testing"

	"firstlight/server/machine"
)

func TestWhereACableIsShown(t *testing.T) {
	mac := machine.MAC{2, 0, 0, 0, 0, 1}
	for _, tt := range []struct {
		nic  machine.NIC
		want string
	}{
		{machine.NIC{MAC: mac}, ""},
		{machine.NIC{MAC: mac, Switch: "sw3", Port: "23"}, ""},
		{machine.NIC{MAC: mac, SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "in sw3/Ethernet31"},
		{machine.NIC{MAC: mac, Switch: "sw3", Port: "31", SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "in sw3/Ethernet31"},
		{machine.NIC{MAC: mac, Switch: "sw3", Port: "23", SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "in sw3/Ethernet31, plan says sw3/23"},
		{machine.NIC{SeenSwitch: "sw3", SeenPort: "Ethernet31"}, ""}, // another interface's
	} {
		if got := cable(&machine.Machine{NICs: []machine.NIC{tt.nic}}, mac); got != tt.want {
			t.Errorf("cable(%+v) = %q, want %q", tt.nic, got, tt.want)
		}
	}
}

func TestHowMemoryIsShown(t *testing.T) {
	module := machine.DIMM{Slot: "A1", Bytes: 16 << 30, Type: "DDR4", MTs: 2666, Vendor: "Samsung", Part: "M393", Serial: "41D0"}
	all := []machine.DIMM{module, module, {Slot: "A3", Type: "DDR4"}, {Slot: "A4", Empty: true}}
	if got, want := dimms(all), ", 2 × 16 GiB DDR4, 1 × size not known DDR4, 1 slot empty"; got != want {
		t.Errorf("dimms = %q, want %q", got, want)
	}
	want := []fact{
		{"A1", "16 GiB, DDR4, 2666 MT/s, Samsung, M393, 41D0"},
		{"A1", "16 GiB, DDR4, 2666 MT/s, Samsung, M393, 41D0"},
		{"A3", "size not known, DDR4"},
		{"A4", "empty"},
	}
	if got := slots(all); got.Title != "4 memory slots" || !slices.Equal(got.Rows, want) {
		t.Errorf("slots = %+v, want %+v", got, want)
	}
	if got := lists(slots(nil)); len(got) != 0 {
		t.Errorf("lists = %+v, want none where firmware names no slots", got)
	}
}

func TestHowADiskIsShown(t *testing.T) {
	for _, tt := range []struct {
		disk machine.Disk
		want string
	}{
		{machine.Disk{Name: "vda"}, ""},
		{machine.Disk{Logical: 512}, "blocks of 512"},
		{machine.Disk{Logical: 4096, Physical: 4096, Firmware: "E1"}, "firmware E1 · blocks of 4096"},
		{machine.Disk{RPM: 7200, Logical: 512, Physical: 4096, WWN: "naa.5000"}, "7200 rpm · blocks of 512/4096 · naa.5000"},
	} {
		if got := diskDetails(tt.disk); got != tt.want {
			t.Errorf("diskDetails(%+v) = %q, want %q", tt.disk, got, tt.want)
		}
	}
}

func TestHowTheHealthOfADiskIsShown(t *testing.T) {
	used := 3
	for _, tt := range []struct {
		health        *machine.Health
		want, failing string
	}{
		{nil, "", ""},
		{&machine.Health{}, "it says that it is well", ""},
		{&machine.Health{Hours: 39862, Celsius: 34, Used: &used, Spare: &used}, "39862 hours · 34 °C · used 3 % · spare 3 %", ""},
		{
			&machine.Health{MediaErrors: 2, Reallocated: 8, Pending: 1, Uncorrectable: 1, Says: []string{"it predicts its own failure"}},
			"2 media errors · 8 sectors reallocated · 1 pending · 1 uncorrectable",
			"it predicts its own failure; its pending sectors are 1, and the limit is 0; its uncorrectable sectors are 1, and the limit is 0",
		},
	} {
		d := newDiskData(&machine.Machine{}, machine.Disk{Health: tt.health})
		if d.Figures != tt.want || d.Failing != tt.failing {
			t.Errorf("%+v is shown as %q and %q, want %q and %q", tt.health, d.Figures, d.Failing, tt.want, tt.failing)
		}
	}
}

func TestHowCardsAreShown(t *testing.T) {
	mac := machine.MAC{2, 0, 0, 0, 0, 1}
	n := machine.Port{MAC: mac, PermanentMAC: mac, Driver: "mlx5_core", Link: true, Mbps: 25000, Firmware: "16.35", PCI: "0000:18:00.0", ID: "15b3:1017", TotalVFs: 8}
	if got, want := nic(n), "02:00:00:00:00:01, 25 Gb/s, mlx5_core, firmware 16.35, 0 of 8 virtual functions, 0000:18:00.0 15b3:1017"; got != want {
		t.Errorf("nic = %q, want %q", got, want)
	}
	n = machine.Port{MAC: mac, PermanentMAC: machine.MAC{2, 0, 0, 0, 0, 9}, Driver: "igb"}
	if got, want := nic(n), "02:00:00:00:00:01, permanent 02:00:00:00:00:09, no link, igb"; got != want {
		t.Errorf("nic = %q, want %q", got, want)
	}
	f := &machine.Facts{
		ChassisType: "Blade", Asset: "A-4711", Microcode: "0x49", Disks: []machine.Disk{{PCI: "0000:3b:00.0"}},
		PCI: []machine.PCI{{Address: "0000:3b:00.0", Class: "010400", ID: "1000:005d", Driver: "megaraid_sas"}, {Address: "0000:00:00.0", Class: "060000", ID: "8086:1237"}},
	}
	rows := facts(&machine.Machine{}, f)
	for _, want := range []fact{{"Chassis", "Blade, asset A-4711"}, {"RAID controller", "1000:005d, megaraid_sas, 1 disk, 0000:3b:00.0"}} {
		if !slices.Contains(rows, want) {
			t.Errorf("rows = %+v, want %+v among them", rows, want)
		}
	}
	want := []fact{{"0000:3b:00.0", "RAID controller, 1000:005d, megaraid_sas"}, {"0000:00:00.0", "bridge, 8086:1237"}}
	if got := devices(f.PCI); got.Title != "2 PCI devices" || !slices.Equal(got.Rows, want) {
		t.Errorf("devices = %+v, want %+v", got, want)
	}
}
