package ipmi

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"firstlight/server/oob"
)

// errPlain marks an error of ours that already says everything.
var errPlain = errors.New("the BMC is not what was expected")

// classify turns what a BMC and the network say into the words of package oob.
func classify(err error) error {
	var no *refusal
	switch {
	case errors.Is(err, oob.ErrCredentials), errors.Is(err, oob.ErrUnsupported), errors.Is(err, oob.ErrUnreachable), errors.Is(err, errPlain), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &no):
		return no.classify()
	case errors.Is(err, errGarbled):
		return fmt.Errorf("%w: %w", errPlain, err)
	}
	return fmt.Errorf("%w: %w", oob.ErrUnreachable, err)
}

// refused says what a status of the log-in means (table 13-15).
func refused(status byte) error {
	switch status {
	case 0x01, 0x0B:
		return fmt.Errorf("%w: all its sessions are taken", oob.ErrUnreachable)
	case 0x02, 0x08:
		return fmt.Errorf("%w: it forgot the session while it was opened", oob.ErrUnreachable)
	case 0x04, 0x05, 0x06, 0x07, 0x10, 0x11:
		return errSuite
	case 0x09, 0x0A:
		return fmt.Errorf("%w: the user may not be an operator", oob.ErrCredentials)
	case 0x0D:
		return fmt.Errorf("%w: it knows no such user", oob.ErrCredentials)
	case 0x0F:
		return errProof
	}
	return fmt.Errorf("%w: it refuses the log-in with status %#02x", errPlain, status)
}

// refusal is a command that was answered with a completion code other than 0.
type refusal struct{ netfn, command, code byte }

func (r *refusal) Error() string {
	return fmt.Sprintf("it answers command %#02x/%#02x with code %#02x", r.netfn, r.command, r.code)
}

// Completion codes (table 5-2) that mean "not with this BMC", "later" and "not
// as this user".
var (
	cannot = []byte{0x80, 0x82, 0xC1, 0xC2, 0xC7, 0xC9, 0xCB, 0xCC, 0xCD}
	later  = []byte{0xC0, 0xC3, 0xC4, 0xCE, 0xD0, 0xD1, 0xD2}
)

const notAllowed = 0xD4

func (r *refusal) classify() error {
	kind := errPlain
	switch {
	case r.code == notAllowed:
		kind = oob.ErrCredentials
	case r.netfn == netApp && r.command == setPrivilege:
		kind = oob.ErrCredentials
	case slices.Contains(cannot, r.code):
		kind = oob.ErrUnsupported
	case slices.Contains(later, r.code):
		kind = oob.ErrUnreachable
	}
	return fmt.Errorf("%w: %w", kind, r)
}
