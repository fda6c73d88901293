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
