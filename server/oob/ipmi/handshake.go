package ipmi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"

	"firstlight/server/oob"
)

const (
	operator   = 0x03
	byNameOnly = 0x10 // the BMC looks the user up by name, whatever its privilege
)

var (
	// errSuite says that the BMC has no such cipher suite.
	errSuite = fmt.Errorf("%w: it has neither cipher suite 17 nor 3: switch one of them on", oob.ErrUnsupported)
	errProof = fmt.Errorf("%w: it proves another password than ours", oob.ErrCredentials)
)

// logIn opens the session (section 13.15): both sides name their session and the
// suite, then prove to each other that they know the password.
func (s *session) logIn(ctx context.Context, user, password string) error {
	s.own = binary.LittleEndian.Uint32(random(4)) | 1 // 0 is no session
	if err := s.agree(ctx); err != nil {
		return err
	}
	if err := s.shake(ctx, []byte(user), []byte(password)); err != nil {
		return err
	}
	s.active = true
	_, err := s.command(ctx, netApp, setPrivilege, operator)
	if no := (*refusal)(nil); errors.As(err, &no) { // it listens, and wants its session back
		return errors.Join(err, s.close(ctx))
	}
	return err
}

// agree is the RMCP+ Open Session (section 13.17). The answer must name the very
// algorithms that were asked for: without that, whoever is on the wire could
// talk us into none at all.
func (s *session) agree(ctx context.Context) error {
	ask := binary.LittleEndian.AppendUint32([]byte{1, 0, 0, 0}, s.own)
	algorithms := []byte{0, 0, 0, 8, s.suite.auth, 0, 0, 0, 1, 0, 0, 8, s.suite.integrity, 0, 0, 0, 2, 0, 0, 8, s.suite.aes, 0, 0, 0}
	got, err := s.setUp(ctx, payloadOpenRequest, payloadOpenAnswer, append(ask, algorithms...))
	switch {
	case err != nil:
		return err
	case len(got) < 36:
		return fmt.Errorf("%w: the session that it opens has %d bytes instead of 36", errGarbled, len(got))
	case got[16] != s.suite.auth || got[24] != s.suite.integrity || got[32] != s.suite.aes:
		return errSuite
	}
	s.theirs = binary.LittleEndian.Uint32(got[8:])
	return nil
}

// shake are the four RAKP messages (sections 13.20 to 13.23).
func (s *session) shake(ctx context.Context, user, password []byte) error {
	own, theirs := binary.LittleEndian.AppendUint32(nil, s.own), binary.LittleEndian.AppendUint32(nil, s.theirs)
	mine := random(16)
	role := append([]byte{operator | byNameOnly, byte(len(user))}, user...) //nolint:gosec // checked to be short
	first := bytes.Join([][]byte{{2, 0, 0, 0}, theirs, mine, {role[0], 0, 0}, role[1:]}, nil)
	got, err := s.setUp(ctx, payloadRAKP1, payloadRAKP2, first)
	if err != nil {
		return err
	}
	if len(got) < 40+s.suite.proof {
		return fmt.Errorf("%w: its proof of the password has %d bytes", errGarbled, len(got))
	}
	his, guid, proof := bytes.Clone(got[8:24]), bytes.Clone(got[24:40]), got[40:40+s.suite.proof]
	if !hmac.Equal(proof, s.suite.mac(password, own, theirs, mine, his, guid, role)) {
		return errProof
	}
	key := s.suite.mac(password, mine, his, role)
	third := bytes.Join([][]byte{{3, 0, 0, 0}, theirs, s.suite.mac(password, his, own, role)}, nil)
	if got, err = s.setUp(ctx, payloadRAKP3, payloadRAKP4, third); err != nil {
		return err
	}
	if len(got) < 8+s.suite.tag || !hmac.Equal(got[8:8+s.suite.tag], s.suite.mac(key, mine, theirs, guid)[:s.suite.tag]) {
		return errProof
	}
	s.signing, s.crypt = s.suite.mac(key, bytes.Repeat([]byte{1}, 20)), s.suite.mac(key, bytes.Repeat([]byte{2}, 20))
	return nil
}

// setUp is one exchange before there is a session. The first byte of a message
// is a tag that its answer repeats.
func (s *session) setUp(ctx context.Context, ask, want byte, message []byte) (got []byte, err error) {
	err = s.exchange(ctx, func() ([]byte, error) {
		return packet{kind: ask, payload: message}.marshal(nil), nil
	}, func(b []byte) (bool, error) {
		p, err := parse(b)
		if err != nil || p.kind != want || len(p.payload) < 2 || p.payload[0] != message[0] {
			return false, nil
		}
		if status := p.payload[1]; status != 0 { // OpenIPMI's ends here
			return false, refused(status)
		}
		if len(p.payload) < 8 || binary.LittleEndian.Uint32(p.payload[4:]) != s.own {
			return false, nil
		}
		got = bytes.Clone(p.payload)
		return true, nil
	})
	return got, err
}
