package collect

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

// tree is a root of small files; "-> target" is a link.
func tree(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			m[name] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(target)}
			continue
		}
		m[name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return m
}

// interfaces is the part of sysfs about interfaces: hardware has a device, and
// on says which interfaces stand on which.
func interfaces(macs map[string]string, hardware []string, on map[string][]string) map[string]string {
	files := map[string]string{}
	for name, mac := range macs {
		dir := "sys/class/net/" + name
		files[dir+"/type"], files[dir+"/address"] = "1", mac
		if slices.Contains(hardware, name) {
			files[dir+"/device/vendor"], files[dir+"/carrier"] = "0x8086", "1"
		}
		for _, upper := range on[name] {
			files[dir+"/upper_"+upper] = "-> ../" + upper
		}
	}
	return files
}

const (
	macA = "52:54:00:00:00:0a"
	macB = "52:54:00:00:00:0b"
	macC = "52:54:00:00:00:0c"

	routeHead = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
)

// route4 and route6 are lines of the kernel's tables with a default route.
func route4(via, flags, metric string) string {
	return via + "\t00000000\t0100000A\t" + flags + "\t0\t0\t" + metric + "\t00000000\t0\t0\t0\n"
}

func route6(via, flags, metric string) string {
	zero := strings.Repeat("0", 32)
	return zero + " 00 " + zero + " 00 fe800000000000000000000000000001 " + metric + " 00000001 00000000 " + flags + "   " + via + "\n"
}

func TestTheNICOfTheDefaultRouteIsTheOneThatBoots(t *testing.T) {
	two := interfaces(map[string]string{"eno1": macA, "eno2": macB}, []string{"eno1", "eno2"}, nil)
	// A bond of both under a VLAN; it took its MAC from the second port.
	bonded := interfaces(map[string]string{"eno1": macB, "eno2": macB, "bond0": macB, "bond0.7": macB}, []string{"eno1", "eno2"},
		map[string][]string{"eno1": {"bond0"}, "eno2": {"bond0"}, "bond0": {"bond0.7"}})
	bonded["sys/class/net/eno1/bonding_slave/perm_hwaddr"], bonded["sys/class/net/eno2/bonding_slave/perm_hwaddr"] = macA, macB
	// The same with a MAC that a person gave the bond, and one cable pulled.
	named := maps.Clone(bonded)
	named["sys/class/net/bond0.7/address"], named["sys/class/net/eno1/carrier"] = macC, "0"
	// A bridge of Open vSwitch: no link of sysfs leads to its port.
	software := interfaces(map[string]string{"eno1": macA, "eno2": macB, "br-ex": macB}, []string{"eno1", "eno2"}, nil)
	// A virtual machine's tunnel has nothing beneath it.
	tunnel := interfaces(map[string]string{"eno1": macA, "wg0": ""}, []string{"eno1"}, nil)
	for _, tt := range []struct {
		name      string
		files     map[string]string
		four, six string
		want      string
		unknown   bool // boot-nic is named as missing
	}{
		{"its own route", two, route4("eno2", "0003", "100"), "", macB, false},
		{"the least metric", two, route4("eno1", "0003", "200") + route4("eno2", "0003", "100"), "", macB, false},
		{
			"a route that is down and one that refuses do not count", two,
			route4("eno1", "0002", "0") + route4("eno1", "0203", "0") + route4("eno2", "0003", "100"), "", macB, false,
		},
		{"other routes do not count", two, "eno1\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" + route4("eno2", "0003", "9"), "", macB, false},
		{"IPv6 alone", two, "", route6("lo", "00200200", "ffffffff") + route6("eno1", "00000003", "00000400") + route6("eno2", "00450003", "00000064"), macB, false},
		{"IPv4 before IPv6", two, route4("eno1", "0003", "1024"), route6("eno2", "00000003", "00000001"), macA, false},
		{"the port that lent a bond its MAC", bonded, route4("bond0.7", "0003", "0"), "", macB, false},
		{"the port of a bond that has a link", named, route4("bond0.7", "0003", "0"), "", macB, false},
		{"a port known by its MAC alone", software, route4("br-ex", "0003", "0"), "", macB, false},
		{"nothing beneath", tunnel, route4("wg0", "0003", "0"), "", "", true},
		{"no default route", two, "", "", "", true},
		{"lines that are cut", two, "eno1\t00000000\n", "00\n", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := maps.Clone(tt.files)
			files["proc/net/route"], files["proc/net/ipv6_route"] = routeHead+tt.four, tt.six
			got := Machine{Root: tree(files), OS: true}.Collect()
			if got.Boot.MAC != tt.want || slices.Contains(got.Missing, "boot-nic") != tt.unknown {
				t.Errorf("boot MAC = %q with %q missing, want %q", got.Boot.MAC, got.Missing, tt.want)
			}
		})
	}
}

func TestABootFromTheNetworkSaysWhichNIC(t *testing.T) {
	files := interfaces(map[string]string{"eno1": macA, "eno2": macB}, []string{"eno1", "eno2"}, nil)
	files["proc/net/route"] = routeHead + route4("eno2", "0003", "0")
	files["proc/cmdline"] = "quiet BOOTIF=01-" + strings.ReplaceAll(macA, ":", "-")
	if got := (Machine{Root: tree(files), OS: true}).Collect().Boot.MAC; got != macA {
		t.Errorf("boot MAC = %q, want the one of BOOTIF, %q", got, macA)
	}
	delete(files, "proc/cmdline")
	if got := (Machine{Root: tree(files)}).Collect(); got.Boot.MAC != "" || got.OS != nil {
		t.Errorf("the boot image reports boot MAC %q and OS %+v, want none", got.Boot.MAC, got.OS)
	}
}

func TestNICsOfARunningSystem(t *testing.T) {
	files := interfaces(
		map[string]string{"eno1": macB, "eno2": macB, "eno3": macC, "vf0": "52:54:00:00:00:99", "bond0": macB, "bond0.7": macB},
		[]string{"eno1", "eno2", "eno3", "vf0"},
		map[string][]string{"eno1": {"bond0"}, "eno2": {"bond0"}, "bond0": {"bond0.7"}})
	files["sys/class/net/eno1/bonding_slave/perm_hwaddr"] = macA
	files["sys/class/net/vf0/device/physfn/vendor"] = "0x8086"
	links := map[string]Link{
		"eno2": {PermanentMAC: strings.ToUpper(macB)},
		// A MAC that an administrator changed.
		"eno3":    {PermanentMAC: "52:54:00:00:00:0d", Addresses: []string{"10.0.3.1/24"}},
		"eno1":    {PermanentMAC: "00:00:00:00:00:00"}, // a driver that does not tell
		"bond0":   {Addresses: []string{"10.0.0.7/24"}},
		"bond0.7": {Addresses: []string{"10.0.7.7/24"}},
	}
	got := Machine{Root: tree(files), OS: true, Link: func(name string) Link { return links[name] }}.Collect()
	bond := []string{"10.0.0.7/24", "10.0.7.7/24"}
	want := []report.NIC{
		{Name: "eno1", MAC: macA, PermanentMAC: "00:00:00:00:00:00", Link: true, Addresses: bond},
		{Name: "eno2", MAC: macB, PermanentMAC: strings.ToUpper(macB), Link: true, Addresses: bond},
		{Name: "eno3", MAC: "52:54:00:00:00:0d", PermanentMAC: "52:54:00:00:00:0d", Link: true, Addresses: []string{"10.0.3.1/24"}},
	}
	if diff := cmp.Diff(want, got.NICs); diff != "" {
		t.Errorf("NICs differ (-want +got):\n%s", diff)
	}
}

func TestRelease(t *testing.T) {
	for in, want := range map[string]string{
		"NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian": "Debian GNU/Linux 12 (bookworm)",
		"PRETTY_NAME='Rocky Linux 9'":                                       "Rocky Linux 9",
		"PRETTY_NAME=Arch":                                                  "Arch",
		`PRETTY_NAME="a \"quoted\" \$ \\ \` + "`" + `"`:                     "a \"quoted\" $ \\ `",
		`PRETTY_NAME="`:                                                     `"`,
		"NAME=x":                                                            "",
	} {
		for _, file := range []string{"etc/os-release", "usr/lib/os-release"} {
			got := Machine{Root: tree(map[string]string{file: in, "proc/sys/kernel/hostname": "sto1-web-1"}), OS: true}.Collect()
			if diff := cmp.Diff(&report.OS{Hostname: "sto1-web-1", Release: want}, got.OS); diff != "" {
				t.Errorf("OS of %q in %s differs (-want +got):\n%s", in, file, diff)
			}
		}
	}
}
