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

// MayWrite tells whether the agent of a machine may begin to write, with the
// hash of the token that it sent. Status, open job, token, order, time and
// machine must all agree; the error says which does not.
func MayWrite(m *machine.Machine, job *machine.Job, order, tokenHash string, now time.Time) error {
	no := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
	}
	switch {
	case m == nil:
		return no("the machine is not known")
	case m.Status != machine.Installing:
		return no("machine %s is %s, not installing", m.Name, m.Status.Human())
	case m.Flags.Frozen:
		return no("machine %s is frozen since an older database was restored", m.Name)
	case m.Flags.Locked:
		return no("machine %s is locked", m.Name)
	case job == nil || !job.Status.Open() || job.Action != machine.ActionInstall:
		return no("machine %s has no open install job", m.Name)
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
