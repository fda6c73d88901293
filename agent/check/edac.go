package check

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"firstlight/agent/report"
)

// edac is what the memory controllers counted for one module.
type edac struct {
	part                     string
	corrected, uncorrectable int64
}

type modules []edac

// readEDAC reads the counters of all modules that the kernel knows
// (Documentation/admin-guide/RAS). A module is named by its slot where firmware and
// driver agree on a name.
func readEDAC(root fs.FS, dimms []report.DIMM) modules {
	var all modules
	for _, pattern := range []string{"dimm*", "rank*"} {
		found, _ := fs.Glob(root, "sys/devices/system/edac/mc/mc*/"+pattern) // its only error is of the pattern
		for _, dir := range found {
			corrected, ok := number(root, path.Join(dir, "dimm_ce_count"))
			if !ok {
				continue
			}
			uncorrectable, _ := number(root, path.Join(dir, "dimm_ue_count"))
			all = append(all, edac{module(root, dir, dimms), corrected, uncorrectable})
		}
	}
	return all
}

func module(root fs.FS, dir string, dimms []report.DIMM) string {
	label := line(root, path.Join(dir, "dimm_label"))
	for _, d := range dimms {
		if strings.EqualFold(d.Slot, label) {
			return d.Slot
		}
	}
	where := strings.TrimSpace(path.Base(path.Dir(dir)) + " " + line(root, path.Join(dir, "dimm_location")))
	return cmp.Or(label, where)
}

// line reads a file of one line.
func line(root fs.FS, name string) string {
	b, _ := fs.ReadFile(root, name) // what is not there is empty
	return strings.TrimSpace(string(b))
}

// since gives what was counted from one reading to another, module by module.
func (before modules) since(after modules, took time.Duration) []report.Measured {
	var all []report.Measured
	for _, now := range after {
		for _, then := range before {
			if then.part != now.part {
				continue
			}
			corrected, not := now.corrected-then.corrected, now.uncorrectable-then.uncorrectable
			why := ""
			if not > 0 {
				why = fmt.Sprintf("%d errors could not be corrected", not)
			}
			all = append(all, counted(report.TestMemory, now.part, corrected+not, took, why))
			break
		}
	}
	return all
}
