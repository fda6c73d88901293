package collect

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"firstlight/agent/report"

	"github.com/u-root/u-root/pkg/smbios"
)

// cpus joins what the kernel counts with what the firmware calls it. Where
// both speak, the kernel's model wins: QEMU's firmware gives its machine type.
func (c *collector) cpus(tables []*smbios.Table) {
	sockets := c.kernelCPUs()
	named := firmwareCPUs(tables)
	switch {
	case len(sockets) == 0 && len(named) == 0:
		c.report.CPUs = c.topology()
	case len(sockets) == 0:
		c.report.CPUs = named
	case len(named) == len(sockets):
		for i := range sockets {
			sockets[i].Socket = named[i].Socket
		}
		fallthrough
	default:
		c.report.CPUs = sockets
	}
	if len(c.report.CPUs) == 0 {
		c.missing("cpus")
	}
}

// kernelCPUs groups /proc/cpuinfo of x86 by "physical id". Other architectures
// do not tell sockets there.
func (c *collector) kernelCPUs() []report.CPU {
	found := map[int]report.CPU{}
	for block := range strings.SplitSeq(c.text("proc/cpuinfo"), "\n\n") {
		f := fields(block)
		if f["model name"] == "" {
			continue
		}
		id, _ := strconv.Atoi(f["physical id"]) // absent on a machine with one CPU: socket 0
		cpu := found[id]
		cpu.Socket, cpu.Model, cpu.Microcode = "CPU "+strconv.Itoa(id), f["model name"], f["microcode"]
		cpu.Cores = max(1, number(f["cpu cores"]))
		cpu.Threads++
		found[id] = cpu
	}
	return inOrder(found)
}

// topology counts what the kernel numbers, where nothing names it: 64-bit ARM
// without SMBIOS. A package is -1 where firmware does not tell them apart.
func (c *collector) topology() []report.CPU {
	const dir = "sys/devices/system/cpu"
	found, cores := map[int]report.CPU{}, map[[2]int]bool{}
	for _, name := range c.names(dir) {
		at := dir + "/" + name + "/topology"
		if !strings.HasPrefix(name, "cpu") || !c.exists(at+"/core_id") {
			continue
		}
		id, core := max(0, number(c.text(at+"/physical_package_id"))), number(c.text(at+"/core_id"))
		cpu := found[id]
		if cpu.Threads++; !cores[[2]int{id, core}] {
			cores[[2]int{id, core}] = true
			cpu.Cores++
		}
		cpu.Socket = "CPU " + strconv.Itoa(id)
		found[id] = cpu
	}
	return inOrder(found)
}

// inOrder lists sockets by number.
func inOrder(found map[int]report.CPU) (cpus []report.CPU) {
	for _, id := range slices.Sorted(maps.Keys(found)) {
		cpus = append(cpus, found[id])
	}
	return cpus
}

// fields reads lines of the form "key : value".
func fields(block string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(block) {
		if k, v, ok := strings.Cut(line, ":"); ok {
			m[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	return m
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// firmwareCPUs lists the populated sockets of SMBIOS type 4.
func firmwareCPUs(tables []*smbios.Table) []report.CPU {
	const populated = 1 << 6
	var cpus []report.CPU
	for _, t := range tables {
		if t.Type != smbios.TableTypeProcessorInfo {
			continue
		}
		p, err := smbios.ParseProcessorInfo(t)
		if err != nil || p.Status&populated == 0 {
			continue
		}
		cpus = append(cpus, report.CPU{
			Socket: said(p.SocketDesignation), Model: said(p.Version),
			Cores: p.GetCoreCount(), Threads: p.GetThreadCount(),
		})
	}
	return cpus
}
