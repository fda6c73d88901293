package check

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"firstlight/agent/report"
)

// chips are drivers of sensors that show how warm a processor or a disk is. Those of
// boards and BMCs show what firmware looks after.
var chips = []string{"coretemp", "k10temp", "cpu_thermal", "nvme", "drivetemp"}

// sensor is one temperature of a chip.
type sensor struct {
	part   string
	file   string
	crit   float64 // °C; 0: the chip names none
	worst  float64
	read   bool
	values series
}

// diskSensors is the driver of those that SATA disks have.
const diskSensors = "drivetemp"

// thermal looks at all sensors each second until ctx ends.
func (r *run) thermal(ctx context.Context) []report.Measured {
	if err := r.Load(diskSensors); err != nil {
		r.Log.Warn("sensors of SATA disks are not read", "error", err)
	}
	all := findSensors(r.Root, r.facts.Disks)
	before := throttles(r.Root)
	took := each(ctx, nil, func(time.Duration) {
		for _, s := range all {
			s.look(r.Root)
		}
	})
	var out []report.Measured
	for _, s := range all {
		out = append(out, s.result(took))
	}
	after := throttles(r.Root)
	for _, p := range slices.Sorted(maps.Keys(after)) {
		out = append(out, report.Measured{
			Test: report.TestThermal, Metric: report.MetricThrottled, Part: p, Unit: "count", Value: float64(after[p] - before[p]), Seconds: took.Seconds(),
		})
	}
	if len(out) == 0 {
		return []report.Measured{untested(report.TestThermal, "", "the kernel knows no sensor of a processor or a disk")}
	}
	return out
}

func (s *sensor) look(root fs.FS) {
	milli, ok := number(root, s.file)
	if !ok {
		return
	}
	v := float64(milli) / 1000
	if !s.read || v > s.worst {
		s.worst, s.read = v, true
	}
	s.values.add(v)
}

func (s *sensor) result(took time.Duration) report.Measured {
	if !s.read {
		return untested(report.TestThermal, s.part, "the sensor shows nothing")
	}
	why := ""
	if s.crit > 0 && s.worst >= s.crit {
		why = fmt.Sprintf("%.0f °C reached the critical threshold of %.0f °C", s.worst, s.crit)
	}
	return report.Measured{
		Test: report.TestThermal, Metric: report.MetricTemperature, Part: s.part, Unit: "°C",
		Value: s.worst, Samples: s.values.values, Seconds: took.Seconds(), Error: why,
	}
}

// findSensors lists temperatures by the kernel's hwmon
// (Documentation/hwmon/sysfs-interface.rst).
func findSensors(root fs.FS, disks []report.Disk) []*sensor {
	dirs, _ := fs.Glob(root, "sys/class/hwmon/hwmon*") // its only error is of the pattern
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	var all []*sensor
	taken := map[string]int{}
	for _, dir := range dirs {
		chip := line(root, path.Join(dir, "name"))
		if !slices.Contains(chips, chip) {
			continue
		}
		inputs, _ := fs.Glob(root, path.Join(dir, "temp*_input"))
		for _, input := range inputs {
			stem := strings.TrimSuffix(input, "_input")
			part := owner(root, dir, chip, disks) + " " + cmp.Or(line(root, stem+"_label"), path.Base(stem))
			if taken[part]++; taken[part] > 1 { // the same of another socket
				part += " (" + strconv.Itoa(taken[part]) + ")"
			}
			crit, _ := number(root, stem+"_crit")
			all = append(all, &sensor{part: part, file: input, crit: float64(crit) / 1000, values: series{worst: true}})
		}
	}
	return all
}

// owner is whose a chip is: the serial number of a disk, or the chip's own name.
func owner(root fs.FS, dir, chip string, disks []report.Disk) string {
	for _, d := range disks {
		for _, below := range []string{"device/" + d.Name, "device/block/" + d.Name} {
			if _, err := fs.Stat(root, path.Join(dir, below)); err == nil {
				return identity(d)
			}
		}
	}
	return chip
}

// throttles are how often the processors of each package were slowed for their heat:
// as a whole, and core by core.
func throttles(root fs.FS) map[string]int64 {
	whole, cores := map[string]int64{}, map[string]map[string]int64{}
	dirs, _ := fs.Glob(root, "sys/devices/system/cpu/cpu*/thermal_throttle")
	for _, dir := range dirs {
		cpu := path.Dir(dir)
		p := "package " + cmp.Or(line(root, path.Join(cpu, "topology/physical_package_id")), "0")
		if n, ok := number(root, path.Join(dir, "package_throttle_count")); ok {
			whole[p] = max(whole[p], n)
		}
		if n, ok := number(root, path.Join(dir, "core_throttle_count")); ok {
			if cores[p] == nil {
				cores[p] = map[string]int64{}
			}
			core := line(root, path.Join(cpu, "topology/core_id")) // its threads count the same
			cores[p][core] = max(cores[p][core], n)
		}
	}
	for p, of := range cores {
		for _, n := range of {
			whole[p] += n
		}
	}
	return whole
}
