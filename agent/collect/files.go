package collect

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// text reads a file of one line; "" when there is none. The files of sysfs
// fail to read as a way of saying "not now" (speed of a NIC without link).
func (c *collector) text(name string) string {
	b, err := fs.ReadFile(c.root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimRight(string(b), "\x00"))
}

// number reads a file that holds one decimal number; 0 when there is none.
func (c *collector) number(name string) uint64 {
	n, err := strconv.ParseUint(c.text(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (c *collector) exists(name string) bool {
	_, err := fs.Stat(c.root, name)
	return err == nil
}

// target reads a link without following it: where a device hangs is said by
// the path that its link names.
func (c *collector) target(name string) string {
	s, err := fs.ReadLink(c.root, name)
	if err != nil {
		return ""
	}
	return s
}

// base is the last element of a link's target: the name of a driver.
func (c *collector) base(name string) string {
	if t := c.target(name); t != "" {
		return path.Base(t)
	}
	return ""
}

// names lists a directory, sorted.
func (c *collector) names(dir string) []string {
	entries, err := fs.ReadDir(c.root, dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
