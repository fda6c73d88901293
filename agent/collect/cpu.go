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
		cpu.Socket, cpu.Model = "CPU "+strconv.Itoa(id), f["model name"]
		cpu.Cores = max(1, number(f["cpu cores"]))
		cpu.Threads++
		found[id] = cpu
	}
	var cpus []report.CPU
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
