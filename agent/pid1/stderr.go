package pid1

import (
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dying bounds how long last words are waited for once the agent has ended: what
// it wrote is in the pipe by then, and another process may hold it open.
const dying = time.Second

// listen gives a descriptor to be a child's stderr. What comes through it goes to
// all of to; drained waits, once there is no child any more, until that is done. Without
// a pipe the child writes to our own stderr: it has to live, heard or not.
func listen(to ...io.Writer) (stderr int, drained func()) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return syscall.Stderr, func() {}
	}
	// Our end alone: a runtime that panics does not come back for EAGAIN.
	_ = unix.SetNonblock(p[0], true)
	r := os.NewFile(uintptr(p[0]), "stderr")
	done := make(chan struct{})
	go func() {
		defer close(done)
		pass(r, to)
	}()
	return p[1], func() {
		_ = r.SetReadDeadline(time.Now().Add(dying))
		<-done
		_ = r.Close()
	}
}

// pass copies until the end. A console that fails costs the others nothing.
func pass(r io.Reader, to []io.Writer) {
	b := make([]byte, 4096)
	for {
		n, err := r.Read(b)
		for _, w := range to {
			if n > 0 {
				_, _ = w.Write(b[:n])
			}
		}
		if err != nil {
			return
		}
	}
}
