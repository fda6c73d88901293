package check

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"firstlight/agent/report"
)

// lean is a machine whose files say how much memory it has, until it was asked often
// enough; about the pages of this program it answers as the kernel does.
type lean struct {
	files fs.FS
	kib   int
	asked *atomic.Int64
}

func (l lean) Open(name string) (fs.File, error) {
	switch {
	case name == "proc/self/pagemap":
		return os.DirFS("/").Open(name)
	case name == "proc/meminfo":
		kib := l.kib
		if l.asked.Add(1) > 8 {
			kib = min(kib, left>>10)
		}
		return fstest.MapFS{name: {Data: fmt.Appendf(nil, "MemTotal: 99999999 kB\nMemAvailable:   %d kB\n", kib)}}.Open(name)
	}
	return l.files.Open(name)
}

func memoryOf(t *testing.T, mib int, files map[string]string, spoil func([]uint64)) []report.Measured {
	t.Helper()
	c := rig(report.Report{DIMMs: []report.DIMM{{Slot: "DIMM_A1"}, {Slot: "DIMM_B1"}}})
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c.Root, c.spoil = lean{root, mib << 10, new(atomic.Int64)}, spoil
	c.CPUs = func() ([]int, error) { return []int{0, 1, 2}, nil }
	all, err := c.Check(t.Context(), order(report.CheckTest{Test: "memory", Seconds: 3}), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMemoryIsWrittenAndReadBack(t *testing.T) {
	all := memoryOf(t, 128+3*16, nil, nil)
	rate, wrong := find(t, all, "memory", report.MetricRate), find(t, all, "memory", report.MetricErrors)
	if rate.Value <= 0 || rate.Unit != "MB/s" || wrong.Value != 0 || wrong.Error != "" {
		t.Errorf("%+v, %+v", rate, wrong)
	}
	t.Logf("%.0f MB/s", rate.Value)
}

func TestBytesThatChangeAreFound(t *testing.T) {
	var once sync.Once
	all := memoryOf(t, 128+16, nil, func(words []uint64) {
		once.Do(func() { words[1000] ^= 0x0100_0000_0001; words[1001] ^= 1 << 63 })
	})
	m := find(t, all, "memory", report.MetricErrors)
	if m.Value != 3 || !strings.HasPrefix(m.Error, "3 bytes were read other than they were written, first ") {
		t.Fatalf("%+v, want 3 bytes", m)
	}
	if os.Geteuid() == 0 && !strings.Contains(m.Error, "at the physical address 0x") && !strings.Contains(m.Error, "does not name") {
		t.Errorf("%q does not say where", m.Error)
	}
	t.Log(m.Error)
}

func TestAMachineWithoutRoomKeepsItsMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		mib   int
		files map[string]string
	}{
		"little is available": {128 + 15, nil},
		"its group has little": {4096, map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "209715200\n", "sys/fs/cgroup/a/memory.current": "104857600\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
		}},
		"its group of version 1 has little": {4096, map[string]string{
			"proc/self/cgroup": "4:cpu:/x\n3:memory:/x\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "209715200\n", "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "104857600\n",
		}},
	} {
		m := find(t, memoryOf(t, tt.mib, tt.files, nil), "memory", "")
		if !m.Untested || !strings.Contains(m.Error, "MB of memory can be had, and 128 are left alone") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// This machine's own files are understood.
func TestWhatThisMachineCanSpare(t *testing.T) {
	n, err := spare(os.DirFS("/"))
	if err != nil || n > 1<<45 || n < -left {
		t.Errorf("spare = %d, %v", n, err)
	}
}

func TestPatternsTellAddressesApart(t *testing.T) {
	words := make([]uint64, 4096)
	for i, p := range patterns {
		p.write(words, 7, 1<<20)
		if n, first := p.differ(words, 7, 1<<20); n != 0 || first != -1 {
			t.Errorf("pattern %d does not read what it wrote: %d, %d", i, n, first)
		}
		words[17] ^= 0xff00ff
		if n, first := p.differ(words, 7, 1<<20); n != 2 || first != 17 {
			t.Errorf("pattern %d: %d bytes differ from word %d on, want 2 from 17 on", i, n, first)
		}
		// Bits that walk come round after 64 words; a line of addresses that is stuck shows in others.
		if i >= 2 {
			words[17] = words[17+2048]
			if n, _ := p.differ(words, 7, 1<<20); n == 0 {
				t.Errorf("pattern %d does not see an address that is another's", i)
			}
		}
	}
}

func TestErrorsOfModulesAreThoseSinceTheBeginning(t *testing.T) {
	const mc = "sys/devices/system/edac/mc/mc0/"
	files := func(corrected, not string) fstest.MapFS {
		return fstest.MapFS{
			mc + "dimm0/dimm_label": {Data: []byte("dimm_a1\n")}, mc + "dimm0/dimm_ce_count": {Data: []byte("5\n")}, mc + "dimm0/dimm_ue_count": {Data: []byte("0\n")},
			mc + "dimm1/dimm_location": {Data: []byte("channel 1 slot 0\n")}, mc + "dimm1/dimm_ce_count": {Data: []byte(corrected)}, mc + "dimm1/dimm_ue_count": {Data: []byte(not)},
		}
	}
	dimms := []report.DIMM{{Slot: "DIMM_A1"}}
	got := readEDAC(files("7\n", "1\n"), dimms).since(readEDAC(files("1007\n", "3\n"), dimms), 0)
	if m := find(t, got, "DIMM_A1", report.MetricErrors); m.Value != 0 || m.Error != "" {
		t.Errorf("a module that is well: %+v", m)
	}
	if m := find(t, got, "mc0 channel 1 slot 0", report.MetricErrors); m.Value != 1002 || m.Error != "2 errors could not be corrected" {
		t.Errorf("a module that is not: %+v", m)
	}
}

// What others need is given back while they need it.
func TestMemoryIsGivenBack(t *testing.T) {
	for mib, want := range map[int]int{64: 3, 63: 0} {
		f := &field{run: &run{Checker: &Checker{Root: lean{fstest.MapFS{}, mib << 10, new(atomic.Int64)}}}}
		var chunks [][]byte
		for range 3 {
			b, err := pages(chunk)
			if err != nil {
				t.Fatal(err)
			}
			chunks = append(chunks, b)
		}
		if chunks = f.shrink(chunks); len(chunks) != want {
			t.Errorf("with %d MB to be had it keeps %d chunks of 3, want %d", mib, len(chunks), want)
		}
		for _, b := range chunks {
			giveBack(b)
		}
	}
}
