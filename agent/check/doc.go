// Package check finds out how well a machine does: it has its processors, memory,
// disks and network work for a while, and measures.
//
// It promises never to write to a disk: each is opened O_RDONLY, and told nothing
// below the block layer but to test itself. It promises to leave the machine enough
// memory to live on, that a test which fails, or hangs in a disk that does not
// answer, ends no other and is told, and to be over within seconds of its context.
// Whether a figure is good, it does not decide: whoever knows the machine's siblings
// does. Package agent/pid1 imports it; it imports agent/passthrough, agent/patience
// and agent/report, and may never reach a package that opens disks for writing.
package check

import (
	"context"
	"io"
	"io/fs"
	"log/slog"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

// Disk is a disk that was opened for reading.
type Disk interface {
	io.ReaderAt // whole sectors, into buffers at boundaries of pages
	Size() int64
	Door() passthrough.Door // nil: there is nothing below the block layer
	Close() error
}

// Checker checks one machine. All fields are required.
type Checker struct {
	Facts  func() report.Report // what the machine is: its disks, DIMMs and boot interface
	Open   func(name string) (Disk, error)
	Stream func(ctx context.Context) (io.ReadCloser, error) // bytes without end, from the appliance
	CPUs   func() ([]int, error)                            // numbers of those that may be used
	Pin    func(cpu int) error                              // the calling thread to a processor
	Load   func(module string) error                        // a driver that no device asks for
	Root   fs.FS                                            // /, of which /proc and /sys are read
	Log    *slog.Logger

	spoil func(words []uint64) // between writing and reading back, of tests
	wrong func(cpu int) bool   // a processor that errs, of tests
}
