package hotplug

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Event is what the kernel says when a device comes or goes.
type Event struct {
	Action    string // add, remove, change, …
	Path      string // below /sys
	Subsystem string
	Modalias  string
}

// errOverrun says that the kernel dropped events because we were slow.
var errOverrun = errors.New("events were lost")

// parseEvent reads "add@/devices/…" and the NUL-separated pairs behind it
// (kernel: lib/kobject_uevent.c).
func parseEvent(b []byte) (Event, bool) {
	head, rest, ok := bytes.Cut(b, []byte{0})
	if !ok || !bytes.Contains(head, []byte("@")) {
		return Event{}, false
	}
	var e Event
	for pair := range strings.SplitSeq(string(rest), "\x00") {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "ACTION":
			e.Action = value
		case "DEVPATH":
			e.Path = value
		case "SUBSYSTEM":
			e.Subsystem = value
		case "MODALIAS":
			e.Modalias = value
		}
	}
	return e, e.Action != ""
}

// Listener receives the kernel's events.
type Listener struct{ file *os.File }

// Listen opens the kernel's broadcast. What happens from now on is queued.
func Listen() (*Listener, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("listen for devices: %w", err)
	}
	// A server with 300 devices sends about 1 MB of events in its first second.
	// Without the privilege the default has to do, and an overrun is noticed.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
	const kernelGroup = 1
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listen for devices: %w", err)
	}
	return &Listener{os.NewFile(uintptr(fd), "uevent")}, nil
}

// Run sends events to out until ctx ends. After an overrun it sends an Event
// without an action, which asks for a look at everything.
func (l *Listener) Run(ctx context.Context, out chan<- Event) error {
	stop := context.AfterFunc(ctx, func() { l.file.Close() })
	defer stop()
	b := make([]byte, 64<<10)
	for {
		e, err := l.next(b)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errOverrun):
			e = Event{}
		case err != nil:
			return fmt.Errorf("listen for devices: %w", err)
		case e.Action == "":
			continue
		}
		select {
		case out <- e:
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *Listener) next(b []byte) (Event, error) {
	n, err := l.file.Read(b)
	if errors.Is(err, unix.ENOBUFS) {
		return Event{}, errOverrun
	}
	if err != nil {
		return Event{}, err
	}
	e, _ := parseEvent(b[:n])
	return e, nil
}
