package boot

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"firstlight/server/machine"
)

// ErrRefused is a redemption that must not lead to a write.
var ErrRefused = errors.New("refused")

// writes says what may be written to the disks of a machine in a status: nothing
// in every other one. Decide boots for it, MayWrite lets it begin.
var writes = map[machine.Status]machine.Action{
	machine.Installing: machine.ActionInstall,
	machine.Recycling:  machine.ActionErase,
	machine.Retiring:   machine.ActionErase,
}

// MayWrite tells whether the agent of a machine may begin to write, with the
// hash of the token that it sent. Status, open job, token, order, time and
// machine must all agree; the error says which does not.
func MayWrite(m *machine.Machine, job *machine.Job, order, tokenHash string, now time.Time) error {
	switch {
	case m == nil:
		return no("the machine is not known")
	case writes[m.Status] == "":
		return no("machine %s is %s: nothing is written to its disks", m.Name, m.Status.Human())
	case m.Flags.Frozen:
		return no("machine %s is frozen since an older database was restored", m.Name)
	case m.Flags.Locked:
		return no("machine %s is locked", m.Name)
	case m.Flags.Fenced && writes[m.Status] != machine.ActionErase:
		return no("machine %s is fenced since an erase of it failed", m.Name)
	default:
		return mayRedeem(m, job, writes[m.Status], order, tokenHash, now)
	}
}

// MayControl tells whether the agent of a machine may make a user on its BMC: in
// any status, since nothing else of the machine is touched.
func MayControl(m *machine.Machine, job *machine.Job, order, tokenHash string, now time.Time) error {
	switch {
	case m == nil:
		return no("the machine is not known")
	case m.Flags.Frozen:
		return no("machine %s is frozen since an older database was restored", m.Name)
	case m.Flags.Locked:
		return no("machine %s is locked", m.Name)
	default:
		return mayRedeem(m, job, machine.ActionBMC, order, tokenHash, now)
	}
}

func no(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// mayRedeem holds a token against the job that it was made for.
func mayRedeem(m *machine.Machine, job *machine.Job, action machine.Action, order, tokenHash string, now time.Time) error {
	switch {
	case job == nil || !job.Status.Open() || job.Action != action:
		return no("machine %s has no open %s job", m.Name, action)
	case job.Machine != m.ID:
		return no("the job belongs to another machine")
	case job.Token.Hash == "" || job.Token.Order != order:
		return no("the order is not the job's current one")
	case subtle.ConstantTimeCompare([]byte(job.Token.Hash), []byte(tokenHash)) != 1:
		return no("the token is not the job's")
	case now.After(job.Token.Expires):
		return no("the token expired at %s", job.Token.Expires.Format(time.RFC3339))
	case !job.Token.RedeemedAt.IsZero():
		return no("the token was redeemed at %s already", job.Token.RedeemedAt.Format(time.RFC3339))
	default:
		return nil
	}
}
