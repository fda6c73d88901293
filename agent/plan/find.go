package plan

import (
	"fmt"
	"strings"

	"firstlight/agent/report"
)

// Find returns the one disk that has the target's serial and size. Two disks
// with one serial exist: cheap USB bridges, and paths to one disk of a shelf.
func Find(disks []report.Disk, t report.Target) (report.Disk, error) {
	var found []report.Disk
	for _, d := range disks {
		if t.Serial != "" && d.Serial == t.Serial && d.Bytes == t.Bytes {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return report.Disk{}, fmt.Errorf("%d disks have the serial %q and %d bytes: %s", len(found), t.Serial, t.Bytes, list(found))
	}
	return report.Disk{}, fmt.Errorf("no disk has the serial %q and %d bytes: there are %s", t.Serial, t.Bytes, list(disks))
}

func list(disks []report.Disk) string {
	var all []string
	for _, d := range disks {
		all = append(all, fmt.Sprintf("%s (serial %q, %d bytes)", d.Name, d.Serial, d.Bytes))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
