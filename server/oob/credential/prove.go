package credential

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firstlight/server/oob"
)

// Dial logs in with a credential. It is the wiring's: it knows the address, the
// protocol and the pin.
type Dial func(context.Context, Credential) (oob.Controller, error)

// ErrNone says that there is nothing to try: the machine is power-cycled by hand.
var ErrNone = errors.New("no credential for this BMC")

// RefusedError lists the credentials that the BMC refused, to be parked. It is
// oob.ErrCredentials.
type RefusedError struct {
	Refused []Credential
	Cause   error // of the last refusal
}

func (e *RefusedError) Error() string {
	tried := make([]string, len(e.Refused))
	for i, c := range e.Refused {
		tried[i] = fmt.Sprintf("user %q (%s)", c.User, c.Source)
	}
	return fmt.Sprintf("refused: %s: %v", strings.Join(tried, ", "), e.Cause)
}

// Unwrap makes it oob.ErrCredentials.
func (e *RefusedError) Unwrap() error { return e.Cause }

// Prove logs in with one candidate after the other and returns the first that
// works and whose BMC it is. It stops at anything but a refusal, because a BMC
// that does not answer has judged nothing, and at a refused credential of the
// machine's own.
func Prove(ctx context.Context, dial Dial, candidates []Credential) (Credential, oob.Identity, error) {
	var refused RefusedError
	for _, c := range limit(candidates) {
		id, err := login(ctx, dial, c)
		if err == nil {
			return c, id, nil
		}
		if !errors.Is(err, oob.ErrCredentials) {
			return Credential{}, oob.Identity{}, fmt.Errorf("prove user %q (%s): %w", c.User, c.Source, err)
		}
		refused.Refused, refused.Cause = append(refused.Refused, c), err
		if c.Source == Own {
			break
		}
	}
	if len(refused.Refused) == 0 {
		return Credential{}, oob.Identity{}, ErrNone
	}
	return Credential{}, oob.Identity{}, &refused
}

// login proves one credential and always gives the BMC its session back, even
// when ctx has ended meanwhile.
func login(ctx context.Context, dial Dial, c Credential) (oob.Identity, error) {
	ctl, err := dial(ctx, c)
	if err != nil {
		return oob.Identity{}, err
	}
	id, err := ctl.Identify(ctx)
	if closing := ctl.Close(context.WithoutCancel(ctx)); err == nil && closing != nil {
		return oob.Identity{}, fmt.Errorf("close the session: %w", closing)
	}
	return id, err
}
