package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lockState makes sure that one appliance works on a state folder: two would
// take the socket from each other and write the same database. The kernel lets
// go of the lock with the process, however that ends. The file stays; it says
// whose the lock is.
func lockState(ctx context.Context, dir string) (*os.File, error) {
	path := filepath.Join(dir, "firstlight.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state: open %s: %w; set state to a folder that this user may write", path, err)
	}
	err = flock(ctx, f)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("state: another appliance (process %s) works in %s: stop it, or set state to a folder of its own", holder(f), dir)
		return nil, errors.Join(err, f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state: lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// lockPatience is for the appliance before, which may just be ending.
const lockPatience = 3 * time.Second

func flock(ctx context.Context, f *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

// holder reads who has the lock.
func holder(f io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(f, 20))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}
