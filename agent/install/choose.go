package install

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"firstlight/agent/report"
)

// check refuses a plan that could not be carried out to its end, before its
// beginning.
func check(p report.Plan) error {
	switch {
	case p.Disk.Serial == "":
		return errors.New("the plan names no disk: its serial is empty")
	case p.Image.Bytes <= 0:
		return fmt.Errorf("the plan's image has %d bytes", p.Image.Bytes)
	case !isHash(newSum(p.Image).want):
		return fmt.Errorf("the plan's image has the hash %q: want 64 lower-case hexadecimal digits", newSum(p.Image).want)
	case uint64(p.Image.Bytes) > p.Disk.Bytes:
		return fmt.Errorf("image %s has %d bytes, and the disk %s has %d", p.Image.Name, p.Image.Bytes, p.Disk.Serial, p.Disk.Bytes)
	}
	for name := range p.Seed {
		if name == "" || name != path.Base(name) || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `\:*?"<>|`) {
			return fmt.Errorf("the plan's seed has a file called %q: want a plain name such as meta-data", name)
		}
	}
	return nil
}

func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// choose returns the one disk that has the plan's serial and size. Two disks
// with one serial exist: cheap USB bridges, and paths to one disk of a shelf.
func choose(disks []report.Disk, p report.Plan) (report.Disk, error) {
	var found []report.Disk
	for _, d := range disks {
		if d.Serial == p.Disk.Serial && d.Bytes == p.Disk.Bytes {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return report.Disk{}, fmt.Errorf("%d disks have the serial %q and %d bytes: %s",
			len(found), p.Disk.Serial, p.Disk.Bytes, list(found))
	}
	return report.Disk{}, fmt.Errorf("no disk has the serial %q and %d bytes: there are %s",
		p.Disk.Serial, p.Disk.Bytes, list(disks))
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
