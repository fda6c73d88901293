package dns

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// readSize takes every query that is one: larger ones are cut by the kernel and
// then malformed.
const readSize = 4096

// ioErrorWait keeps an error that stays from filling a core.
const ioErrorWait = 50 * time.Millisecond

// serveUDP answers datagrams until ctx ends. Several run on one socket, and
// their number is the bound on the work in hand; what they cannot keep up with
// waits in the socket's buffer, where the kernel drops it at last.
func (s *Server) serveUDP(ctx context.Context, e *endpoint) {
	in, out, oob := make([]byte, readSize), make([]byte, readSize), make([]byte, oobLen)
	for {
		n, oobn, _, from, err := e.udp.ReadMsgUDPAddrPort(in, oob)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
			return
		case err != nil && ctx.Err() != nil:
			return
		case err != nil: // out of memory, perhaps: it may pass
			s.metrics.ioErrors.Inc()
			pause(ctx, ioErrorWait)
			continue
		case from.Port() == 0: // nobody can be answered there
			continue
		}
		reply := s.handle(ctx, in[:n], true, out)
		if reply == nil {
			continue
		}
		if _, _, err := e.udp.WriteMsgUDPAddrPort(reply, sourceControl(oob[:oobn], e.addr.Addr()), from); err != nil {
			s.metrics.ioErrors.Inc() // the client asks again
		}
	}
}
