package watchdog

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Path is where the kernel has the first watchdog that a driver found.
const Path = "/dev/watchdog"

// Device is a watchdog that runs since it was opened: it resets the machine
// unless it is fed within its timeout.
type Device interface {
	SetTimeout(d time.Duration) error
	Timeout() (time.Duration, error)
	Feed() error
	Disarm() error // and close it
}

// device is one of the kernel's.
type device struct{ file *os.File }

// Open starts a watchdog; fs.ErrNotExist is the answer of a machine without one.
func Open(path string) (Device, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("watchdog: %w", err)
	}
	return &device{f}, nil
}

func (d *device) SetTimeout(t time.Duration) error {
	if err := unix.IoctlSetPointerInt(int(d.file.Fd()), unix.WDIOC_SETTIMEOUT, int(t/time.Second)); err != nil {
		return fmt.Errorf("watchdog: set a timeout of %v: %w", t, err)
	}
	return nil
}

func (d *device) Timeout() (time.Duration, error) {
	s, err := unix.IoctlGetInt(int(d.file.Fd()), unix.WDIOC_GETTIMEOUT)
	if err != nil {
		return 0, fmt.Errorf("watchdog: ask for its timeout: %w", err)
	}
	return time.Duration(s) * time.Second, nil
}

func (d *device) Feed() error {
	if err := unix.IoctlWatchdogKeepalive(int(d.file.Fd())); err != nil {
		return fmt.Errorf("watchdog: feed: %w", err)
	}
	return nil
}

// magic tells the driver that closing is meant: without it, the watchdog of a
// program that died goes on running.
const magic = "V"

func (d *device) Disarm() error {
	_, err := d.file.WriteString(magic)
	if err := errors.Join(err, d.file.Close()); err != nil {
		return fmt.Errorf("watchdog: disarm: %w", err)
	}
	return nil
}
