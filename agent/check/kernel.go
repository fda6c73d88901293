package check

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"firstlight/agent/passthrough"

	"golang.org/x/sys/unix"
)

// OpenDevice opens a disk of this machine, by its kernel name, for reading, past the
// page cache.
func OpenDevice(name string) (Disk, error) {
	f, err := os.OpenFile(filepath.Join("/dev", filepath.Base(name)), os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("ask %s for its size: %w", name, err)
	}
	return &device{f, size}, nil
}

type device struct {
	*os.File
	size int64
}

// Size implements Disk.
func (d *device) Size() int64 { return d.size }

// Door implements Disk.
func (d *device) Door() passthrough.Door { return passthrough.On(d.File) }

// CPUs are the numbers of the processors that this program may use.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("ask which processors may be used: %w", err)
	}
	var all []int
	for n := 0; len(all) < set.Count(); n++ {
		if set.IsSet(n) {
			all = append(all, n)
		}
	}
	return all, nil
}

// yielding is how nice a thread is that computes: what keeps the agent alive and the
// appliance told goes first.
const yielding = 10

// Pin keeps the calling thread on one processor, where it yields to others.
func Pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin a thread to it: %w", err)
	}
	return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), yielding)
}

// pages gives n bytes of zeros at a page's boundary, outside of what is collected.
// They are there only once they are touched.
func pages(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

func giveBack(b []byte) { _ = unix.Munmap(b) }
