package collect

import "strings"

// memory asks for the memory that the kernel was given, which is what is
// plugged in less what the firmware took away: a DIMM that the firmware mapped
// out is still listed among the DIMMs, and shows in the difference.
func (c *collector) memory() {
	c.report.Memory = c.memoryBlocks()
	if c.report.Memory == 0 {
		c.report.Memory = uint64(number(strings.TrimSuffix(fields(c.text("proc/meminfo"))["MemTotal"], " kB"))) << 10
	}
	if c.report.Memory == 0 {
		c.missing("memory")
	}
}

// memoryBlocks counts the blocks that are online, as lsmem does. MemTotal is
// smaller by what the kernel itself occupies, which differs between kernels.
func (c *collector) memoryBlocks() uint64 {
	const dir = "sys/devices/system/memory"
	var size uint64
	for _, digit := range strings.ToLower(c.text(dir + "/block_size_bytes")) {
		i := strings.IndexRune("0123456789abcdef", digit)
		if i < 0 || size > 1<<50 {
			return 0
		}
		size = size<<4 | uint64(i)
	}
	var total uint64
	for _, name := range c.names(dir) {
		if strings.HasPrefix(name, "memory") && c.text(dir+"/"+name+"/state") == "online" {
			total += size
		}
	}
	return total
}
