package check

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"firstlight/agent/report"
)

// warmRoom has the sensors of a machine with two sockets and a disk of each kind,
// named as in Documentation/hwmon.
func warmRoom() fstest.MapFS {
	root := fstest.MapFS{}
	put := func(dir string, files ...string) {
		for i := 0; i < len(files); i += 2 {
			root[dir+"/"+files[i]] = &fstest.MapFile{Data: []byte(files[i+1] + "\n")}
		}
	}
	const hwmon = "sys/class/hwmon/hwmon"
	put(hwmon+"0", "name", "acpitz", "temp1_input", "99000")
	put(hwmon+"1", "name", "coretemp", "temp1_label", "Package id 0", "temp1_input", "61000", "temp1_crit", "100000", "temp2_label", "Core 0", "temp2_input", "55000")
	put(hwmon+"2", "name", "coretemp", "temp1_label", "Package id 1", "temp1_input", "63000", "temp2_label", "Core 0", "temp2_input", "56000")
	put(hwmon+"3", "name", "nvme", "temp1_label", "Composite", "temp1_input", "41850", "temp1_crit", "84850", "device/nvme0n1/size", "1")
	put(hwmon+"10", "name", "drivetemp", "temp1_input", "35000", "device/block/sda/size", "1")
	const cpu = "sys/devices/system/cpu/cpu"
	for n, core := range []string{"0", "1", "0", "1"} { // two cores with two threads each
		dir := cpu + string(rune('0'+n))
		put(dir+"/topology", "physical_package_id", "0", "core_id", core)
		put(dir+"/thermal_throttle", "core_throttle_count", "3", "package_throttle_count", "10")
	}
	return root
}

// heated changes what a sensor shows at a time.
type heated struct {
	room  fs.FS
	at    time.Time
	files map[string]string
}

func (h heated) Open(name string) (fs.File, error) {
	if text, ok := h.files[name]; ok && time.Now().Equal(h.at) {
		return fstest.MapFS{name: {Data: []byte(text)}}.Open(name)
	}
	return h.room.Open(name)
}

func TestTemperaturesAreWatchedFromTheFirstTestToTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rig(report.Report{Disks: []report.Disk{{Name: "nvme0n1", Serial: "N1"}, {Name: "sda", Serial: "S1"}}})
		c.Root = heated{warmRoom(), time.Now().Add(7 * time.Second), map[string]string{
			"sys/class/hwmon/hwmon1/temp1_input": "100000\n", "sys/class/hwmon/hwmon3/temp1_input": "80850\n",
		}}
		all, err := c.Check(t.Context(), order(
			report.CheckTest{Test: "network", Seconds: 5}, report.CheckTest{Test: "thermal", Seconds: 1}, report.CheckTest{Test: "network", Seconds: 5},
		), quiet)
		if err != nil {
			t.Fatal(err)
		}
		for part, want := range map[string]float64{
			"coretemp Package id 0": 100, "coretemp Core 0": 55, "coretemp Package id 1": 63, "coretemp Core 0 (2)": 56, "N1 Composite": 80.85, "S1 temp1": 35,
		} {
			m := find(t, all, part, report.MetricTemperature)
			if m.Value != want || m.Unit != "°C" || m.Seconds != 10 || len(m.Samples) < 9 {
				t.Errorf("%+v, want %v °C of 10 s", m, want)
			}
			if hot := "100 °C reached the critical threshold of 100 °C"; (part == "coretemp Package id 0") != (m.Error == hot) {
				t.Errorf("%s: error %q", part, m.Error)
			}
		}
		if m := find(t, all, "package 0", report.MetricThrottled); m.Value != 0 {
			t.Errorf("%+v, want none", m)
		}
		for _, m := range all {
			if strings.Contains(m.Part, "acpitz") {
				t.Errorf("%+v is of a board", m)
			}
		}
	})
}

func TestThrottlingIsCountedOncePerCoreAndPackage(t *testing.T) {
	if got := throttles(warmRoom()); len(got) != 1 || got["package 0"] != 10+2*3 {
		t.Errorf("throttles = %v, want 16 of one package", got)
	}
}
