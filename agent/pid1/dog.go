package pid1

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"time"

	"firstlight/agent/watchdog"
)

// Times within which Boot is heard, as those of a run in package agent.
const (
	starting = 15 * time.Minute // drivers are slow at times
	waiting  = 5 * time.Minute  // for an address, turn by turn
	flushing = 2 * time.Hour    // what memory holds back goes to the disks
)

// soft is the kernel's own watchdog, which a machine has that has no other: it
// helps against an agent that hangs, not against a kernel that does.
const soft = "softdog"

// arm starts the watchdog that the drivers found.
func arm(dog *watchdog.Dog, load func(module string) error, log *slog.Logger) {
	err := dog.Arm()
	if errors.Is(err, fs.ErrNotExist) {
		log.Info("the machine has no watchdog that the kernel knows; takes the kernel's own")
		if err = load(soft); err == nil {
			err = dog.Arm()
		}
	}
	if err != nil {
		log.Warn("no watchdog: a kernel that hangs waits for a person", "error", err)
	}
}

// hangs ends an agent whose loop is not heard, with word of what each part of it
// does. PID 1 starts it again and keeps that for the appliance; where it cannot,
// the watchdog is hungry by now.
func hangs(late time.Duration) {
	debug.SetTraceback("all")
	panic(fmt.Sprintf("the agent's loop hangs: it should have been heard %v ago", late.Round(time.Second)))
}
