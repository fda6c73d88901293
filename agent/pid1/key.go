package pid1

import (
	"fmt"
	"os"
	"strconv"

	"firstlight/agent/identity"

	"golang.org/x/sys/unix"
)

// keyFD is the descriptor by which an agent gets the key of its boot. PID 1 makes
// it and outlives the agent: one that is started anew is the same to the
// appliance, whose boot token works once.
const (
	keyFD    = 3
	keyFDEnv = "FIRSTLIGHT_KEY_FD"
)

// handKey gives a descriptor from which a child reads the seed, to be closed once
// the child has its own. The seed fits into the pipe.
func handKey(seed identity.Seed) (fd int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, fmt.Errorf("hand on the key of this boot: %w", err)
	}
	w := os.NewFile(uintptr(p[1]), "key")
	defer w.Close()
	if err := seed.Hand(w); err != nil {
		_ = unix.Close(p[0])
		return -1, fmt.Errorf("hand on the key of this boot: %w", err)
	}
	return p[0], nil
}

// bootKey is the key that PID 1 made. Its numbers go on above those of an earlier
// life: nobody makes a call each microsecond.
func bootKey() (*identity.Key, error) {
	if os.Getenv(keyFDEnv) != strconv.Itoa(keyFD) {
		return nil, fmt.Errorf("PID 1 handed on no key of this boot: %s is %q", keyFDEnv, os.Getenv(keyFDEnv))
	}
	f := os.NewFile(keyFD, "key")
	defer f.Close()
	seed, err := identity.Take(f)
	if err != nil {
		return nil, err
	}
	return identity.New(seed, uint64(sinceStart().Microseconds())), nil //nolint:gosec // it grows from zero
}
