package ipmi

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// session is one RMCP+ session over a socket of its own.
type session struct {
	conn   net.Conn
	suite  suite
	resend time.Duration

	own, theirs    uint32 // session ids
	signing, crypt []byte // K1 and K2 (section 13.32)
	sent, seen     uint32 // sequence numbers
	seq            byte   // of requests, six bits
	active         bool
}

var errSilent = errors.New("no answer in time")

// maxPacket is above any that a BMC sends.
const maxPacket = 1500

func open(ctx context.Context, address string, cfg Config, s suite) (*session, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	out := &session{conn: conn, suite: s, resend: cfg.Resend}
	if err := out.logIn(ctx, cfg.User, string(cfg.Password)); err != nil {
		_ = conn.Close() // nothing is lost with it
		return nil, err
	}
	return out, nil
}

// exchange sends packets until one is answered, each of which make gives anew,
// and takes the first answer that judge believes. Others are dropped: anybody
// can send to a socket.
func (s *session) exchange(ctx context.Context, send func() ([]byte, error), judge func([]byte) (bool, error)) error {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		b, err := send()
		if err != nil {
			return err
		}
		if err := s.conn.SetDeadline(time.Now().Add(s.resend)); err != nil {
			return err
		}
		if ctx.Err() != nil { // its deadline may just have been moved
			return ended(ctx)
		}
		if _, err := s.conn.Write(b); err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		switch found, err := s.await(judge); {
		case ctx.Err() != nil && !found:
			return ended(ctx)
		case err != nil || found:
			return err
		}
	}
}

// ended tells a caller that gave up from a BMC that was silent for all its time.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errSilent
	}
	return context.Cause(ctx)
}

// await reads until judge believes an answer, or the time to send anew is there.
func (s *session) await(judge func([]byte) (bool, error)) (found bool, err error) {
	buffer := make([]byte, maxPacket)
	for {
		n, err := s.conn.Read(buffer)
		if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if found, err := judge(buffer[:n]); found || err != nil {
			return found, err
		}
	}
}

func (s *session) sign(b []byte) []byte { return s.suite.mac(s.signing, b)[:s.suite.signature] }

// command sends one IPMI command and gives what is behind its completion code.
// Sent anew it has a new sequence number of the session and the same one of the
// request: a BMC drops a packet that it has seen, and knows the request again.
func (s *session) command(ctx context.Context, netfn, command byte, data ...byte) (out []byte, err error) {
	s.seq = (s.seq + 1) & 0x3F
	var code byte
	err = s.exchange(ctx, func() ([]byte, error) {
		sealed, err := encrypt(s.crypt, message(netfn, s.seq, command, data))
		s.sent++
		return packet{payloadIPMI | encrypted | authenticated, s.theirs, s.sent, sealed}.marshal(s.sign), err
	}, func(b []byte) (found bool, err error) {
		plain, ok := s.believe(b)
		if ok {
			code, out, found = answer(plain, netfn, s.seq, command)
		}
		return found, nil
	})
	if err == nil && code != 0 {
		err = &refusal{netfn, command, code}
	}
	return out, err
}

// believe opens a packet of this session that is signed, encrypted and new.
func (s *session) believe(b []byte) ([]byte, bool) {
	p, err := parse(b)

	if err != nil || p.kind != payloadIPMI|encrypted|authenticated || p.session != s.own || p.sequence <= s.seen || !signed(b, s.suite.signature, s.sign) {
		return nil, false
	}
	plain, err := decrypt(s.crypt, p.payload)
	if err != nil {
		return nil, false
	}
	s.seen = p.sequence
	return plain, true
}

// close gives the BMC its session back, as far as it listens, and drops the socket.
func (s *session) close(ctx context.Context) error {
	if s.active {
		s.active = false
		_, err := s.command(ctx, netApp, closeSession, binary.LittleEndian.AppendUint32(nil, s.theirs)...)
		if err != nil {
			err = fmt.Errorf("close the session: %w", classify(err))
		}
		return errors.Join(err, s.conn.Close())
	}
	return s.conn.Close()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
