package tftp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"
)

// front stands between a socket and the library. It takes out the requests that
// the library cannot answer as they should be: those with options, of which it
// knows two; writes and unknown modes, whose errors have codes that it does not
// send; what is no request, which it drops without a word; and those that it
// would answer from another address than they were sent to, since it cannot tell
// the address of a socket that it does not own.
type front struct {
	*net.UDPConn
	s *Server
}

// ReadFrom gives the library the packets that are left for it.
func (f front) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := f.ReadFromUDPAddrPort(b)
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				time.Sleep(10 * time.Millisecond) //nolint:forbidigo // a network that is down says so at once, again and again
			}
			return 0, nil, err
		}
		switch r, ok := parseRequest(b[:n]); {
		case ok && r.plain() && f.sendsFromHere(from):
			return n, net.UDPAddrFromAddrPort(from), nil
		case ok:
			f.s.own.Go(func() { f.s.answer(f.address(), from, r) })
		default:
			f.illegal(from, b[:n])
		}
	}
}

// illegal answers what is no request with error 4 (RFC 1350 §5). Packets of
// transfers and errors are none of this port, and hear nothing: two servers could
// go on answering one another.
func (f front) illegal(from netip.AddrPort, b []byte) {
	f.s.metrics.results[malformed].Add(1)
	f.s.cfg.Log.Debug("a TFTP packet is no request", "client", from.String(), "bytes", len(b))
	if len(b) >= headerSize && !ofTransfer(binary.BigEndian.Uint16(b)) {
		_, _ = f.WriteToUDPAddrPort(errorPacket(errIllegal), from) // who asks again is told again
	}
}

func (f front) address() netip.Addr {
	return f.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap() //nolint:forcetypeassert // it is a UDPConn
}

// sendsFromHere tells whether the kernel takes our address for the source of
// what goes to a client.
func (f front) sendsFromHere(to netip.AddrPort) bool {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)) // sends nothing
	if err != nil {
		return false
	}
	defer c.Close() //nolint:errcheck // nothing was sent
	return front{UDPConn: c}.address() == f.address()
}

// answer serves a request that the library does not get.
func (s *Server) answer(from netip.Addr, to netip.AddrPort, r request) {
	defer s.contain("answering a TFTP request panicked")
	w := &sender{local: from, peer: netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), request: r, size: -1, hook: hook{s}, stop: s.stop, resent: &s.metrics.resent}
	var err error
	if r.op == opWRQ {
		s.metrics.results[refused].Add(1)
		err = errReadOnly
	} else {
		err = s.send(r.name, w)
	}
	// In a storm firmware shall ask again, as it does after silence: an error would
	// end its boot.
	if err != nil && !errors.Is(err, errFull) {
		w.abort(err)
	}
}
