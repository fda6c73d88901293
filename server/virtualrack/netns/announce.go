package netns

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/mdlayher/packet"
)

// Announce sends a frame to a group again and again out of one port of the
// switch, until the switch is closed. Bridges forward nothing to the groups of
// 01:80:c2:00:00:0x, so that what is at this port is all that hears it.
func (s *Switch) Announce(port string, etherType uint16, to net.HardwareAddr, every time.Duration, payload []byte) error {
	ifi, err := net.InterfaceByName(port)
	if err != nil {
		return fmt.Errorf("announce on %s: %w", port, err)
	}
	conn, err := packet.Listen(ifi, packet.Datagram, int(etherType), nil)
	if err != nil {
		return fmt.Errorf("announce on %s: %w", port, err)
	}
	s.speakers.Go(func() {
		defer conn.Close()
		for tick := time.NewTicker(every); ; {
			// A port that is down, for its machine has no power, is told the next time.
			if _, err := conn.WriteTo(payload, &packet.Addr{HardwareAddr: to}); errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-tick.C:
			case <-s.open.Done():
				tick.Stop()
				return
			}
		}
	})
	return nil
}

// hush ends what is announced.
func (s *Switch) hush() {
	s.close()
	s.speakers.Wait()
}
