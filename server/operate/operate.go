// Package operate is what people and programs may ask of the appliance:
// install, erase, check, cancel, release, re-check, waive, power, light, lock, broken, repair,
// retire, undo, explain, simulate.
//
// It promises that the API, the pages and the command line, which all come
// through here, have the same verbs, the same refusals and the same audit: an
// act that cannot be recorded does not happen. Which role may ask is decided at
// the doors, before it comes here; whose machine it is, and therefore who may
// touch it, is decided here, in allowed; what may happen is decided by the state
// engine and its guards, behind it.
//
// It works on serverdb and jobs. The API, the wiring and, through interfaces
// of its own, the web import it.
package operate

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"firstlight/server/boot"
	"firstlight/server/bootclock"
	"firstlight/server/frame"
	"firstlight/server/gate"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Config is what a Desk works with.
type Config struct {
	DB   *serverdb.DB
	Jobs *jobs.Engine
	// Gates asks systems outside and takes their answers.
	Gates *gate.Engine
	// Logins keeps what people give to log in to BMCs.
	Logins Logins
	// Backups makes them.
	Backups Backups
	// Render writes the script of an answer, as it would be served.
	Render func(boot.Request, boot.Known, boot.Answer, *machine.Subnet) (string, error)
	// Offer tells what a boot client on a subnet would hear to its DISCOVER.
	Offer func(context.Context, *machine.Subnet, boot.Firmware) (boot.Offer, error)
	// Clocks remembers what is usual; nil: this desk alone has it.
	Clocks *bootclock.Memory
	// Packets gives the last DHCP packets of some interfaces, Others the DHCP
	// servers that were heard beside ours.
	Packets func(...machine.MAC) []frame.Packet
	Others  func() []machine.DHCPServer
	// EraseKey verifies certificates of erased disks.
	EraseKey ed25519.PublicKey
	Log      *slog.Logger
	Now      func() time.Time
}

// Desk carries out what is asked for.
type Desk struct{ Config }

// New makes a Desk.
func New(c Config) *Desk {
	if c.Clocks == nil {
		c.Clocks = &bootclock.Memory{}
	}
	return &Desk{c}
}

// Refused says what was wrong with a request, for whoever made it.
type Refused struct {
	Field, Value string // of the request; empty where the state of things refuses
	Why          string
	Remedy       string
	// Conflict tells that the state of things refuses, not the request.
	Conflict bool
	// Forbidden tells that somebody else may: the machine is another team's.
	Forbidden bool
}

func (e *Refused) Error() string {
	text := e.Why
	if e.Field != "" {
		text = fmt.Sprintf("%s %q: %s", e.Field, e.Value, e.Why)
	}
	if e.Remedy != "" {
		text += ": " + e.Remedy
	}
	return text
}

// Wrong gives the field that is wrong and what is wrong with it, for whoever
// shows it beside the field; an empty field is none of the request's.
func (e *Refused) Wrong() (field, text string) {
	return e.Field, (&Refused{Why: e.Why, Remedy: e.Remedy}).Error()
}

func conflict(why, remedy string) error { return &Refused{Why: why, Remedy: remedy, Conflict: true} }

// explain gives the errors of the layers below, which people cannot tell from
// a fault of ours, the one form that the doors know.
func explain(err error) error {
	var busy *serverdb.BusyError
	var refused *jobs.RefusedError
	var illegal *machine.IllegalError
	var guard *machine.GuardError
	var frozen *serverdb.FrozenError
	var fenced *serverdb.FencedError
	var waits *serverdb.WaitingError
	var waiver *serverdb.WaiverError
	switch {
	case errors.As(err, &busy):
		return &Refused{Field: "job", Value: busy.Job.ID, Why: "the machine has this open job already", Remedy: "wait for its end or cancel it", Conflict: true}
	case errors.As(err, &refused), errors.As(err, &illegal), errors.As(err, &guard):
		return conflict(err.Error(), "")
	case errors.As(err, &waiver):
		return conflict("machine "+waiver.Name+": "+waiver.Why, waiver.Remedy)
	case errors.As(err, &fenced):
		return conflict(err.Error(), "have it erased again: firstlight machine erase "+fenced.Name)
	case errors.As(err, &frozen):
		return conflict(err.Error(), "look at it, then thaw it: firstlight machine thaw "+frozen.Name)
	case errors.As(err, &waits):
		return conflict(err.Error(), "wait for it, or pass it: firstlight machine pass-gate "+waits.Name+" "+waits.Gate)
	case errors.Is(err, serverdb.ErrConflict):
		return conflict(err.Error(), "look again")
	}
	return err
}

// find gives the machine that a name, id, MAC or host name means.
func (d *Desk) find(ref string) (*machine.Machine, error) { return d.DB.Machine(ref) }

// unlocked refuses what a lock forbids.
func unlocked(m *machine.Machine) error {
	if !m.Flags.Locked {
		return nil
	}
	return conflict(fmt.Sprintf("machine %s is locked (%s)", m.Name, m.Flags.LockNote), "unlock it first")
}

// named checks the name that a person typed to confirm.
func named(m *machine.Machine, typed string) error {
	if typed == m.Name {
		return nil
	}
	return &Refused{Field: "name", Value: typed, Why: "is not the machine's name", Remedy: "type " + m.Name + " to confirm"}
}
