package check

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// left is the memory that a test of it leaves alone: for the agent, for what the
// kernel needs meanwhile, and for a network card in a hurry.
const left = 128 << 20

// spare is how many bytes of memory a test may take now: of what the kernel could
// give, and of what the program's control groups let it have.
func spare(root fs.FS) (int64, error) {
	b, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0, err
	}
	free, found := int64(0), false
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(f[1], 10, 64)
			free, found = kib<<10, err == nil
		}
	}
	if !found {
		return 0, fmt.Errorf("/proc/meminfo does not say what is available")
	}
	b, _ = fs.ReadFile(root, "proc/self/cgroup") // a kernel may have none
	for line := range strings.Lines(string(b)) {
		if of := strings.SplitN(strings.TrimSpace(line), ":", 3); len(of) == 3 {
			free = min(free, allowed(root, of[1], of[2]))
		}
	}
	return free - left, nil
}

// allowed is what a control group and those above it leave of memory: version 2 has
// no controllers in its line, and version 1 the word memory.
func allowed(root fs.FS, controllers, group string) int64 {
	const unlimited = 1<<63 - 1
	base, limit, usage := "sys/fs/cgroup", "memory.max", "memory.current"
	switch {
	case controllers == "":
	case strings.Contains(","+controllers+",", ",memory,"):
		base, limit, usage = "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
	default:
		return unlimited
	}
	least := int64(unlimited)
	for at := path.Join("/", group); ; at = path.Dir(at) {
		most, known := number(root, path.Join(base, at, limit))
		used, told := number(root, path.Join(base, at, usage))
		if known && told {
			least = min(least, most-used)
		}
		if at == "/" {
			return least
		}
	}
}

// number reads a file that holds one; "max" is none.
func number(root fs.FS, name string) (int64, bool) {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}
