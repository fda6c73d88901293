package dhcp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

// class says how important a packet is while more come than can be answered.
// What is answered first costs least and keeps a machine at work; strangers can
// wait, and be forged.
type class int

const (
	classRenewal class = iota // of an address that the client has
	classKnown                // from a machine of ServerDb
	classUnknown              // from anybody else
	classExcess               // the same, beyond what its port or its rack may send
	classes
)

// classNames are the classes as metrics have them.
var classNames = [classes]string{"renewal", "known", "unknown", "excess"}

// Regulars tells clients apart before their packets are understood, from memory:
// it is asked for every packet that comes.
type Regulars interface {
	ByMAC(machine.MAC) (*machine.Machine, bool)
	WhoIs(netip.Addr) (machineID string, mac machine.MAC)
}

// admit queues a packet by its class.
func (s *Server) admit(d *datagram) {
	d.class = s.classOf(d)
	s.metrics.admitted[d.class].Add(1)
	s.queue.push(d)
}

// patience is how long a client waits for an answer before it asks again: four
// seconds, give or take one (RFC 2131 §4.1). Who renews has a minute or more.
const patience = 3 * time.Second

// stale tells a packet that waited so long that its client has asked again. An
// answer would help nobody, and while each packet waits too long, nobody at all.
func (s *Server) stale(d *datagram) bool {
	return d.class != classRenewal && s.cfg.Now().Sub(d.arrived) > patience
}

// Offsets in a message (RFC 2131 §2).
const (
	atCIAddr  = 12
	atGIAddr  = 24
	atCHAddr  = 28
	atSName   = 44
	atFile    = 108
	atMagic   = 236
	atOptions = 240
)

// classOf looks at a packet without taking it apart: a flood must not cost what
// an answer does. What is no packet of a client is told by classify, later.
func (s *Server) classOf(d *datagram) class {
	b := d.buffer[:d.size]
	if len(b) < atOptions {
		return classExcess
	}
	mac := machine.MAC(b[atCHAddr : atCHAddr+6])
	kind, circuit := peek(b[atOptions:])
	if s.cfg.Regulars != nil {
		own := netip.AddrFrom4([4]byte(b[atCIAddr : atCIAddr+4]))
		if kind == dhcpv4.MessageTypeRequest && !own.IsUnspecified() {
			if _, holder := s.cfg.Regulars.WhoIs(own); holder == mac {
				return classRenewal
			}
		}
		if _, known := s.cfg.Regulars.ByMAC(mac); known {
			return classKnown
		}
	}
	at := place{d.from.name, binary.BigEndian.Uint32(b[atGIAddr:])}
	if !s.fairness.allow(at, circuit, d.arrived) {
		return classExcess
	}
	return classUnknown
}

// peek finds the message type and the circuit that the relay names (RFC 3046
// §3.1) among options; zero and nil where there is none.
func peek(options []byte) (kind dhcpv4.MessageType, circuit []byte) {
	eachOption(options, func(code byte, value []byte) {
		switch code {
		case byte(dhcpv4.OptionDHCPMessageType):
			if len(value) == 1 {
				kind = dhcpv4.MessageType(value[0])
			}
		case byte(dhcpv4.OptionRelayAgentInformation):
			eachOption(value, func(sub byte, v []byte) {
				if sub == dhcpv4.AgentCircuitIDSubOption.Code() {
					circuit = v
				}
			})
		}
	})
	return kind, circuit
}

// eachOption goes over options up to their end, or to where they are cut off.
func eachOption(b []byte, do func(code byte, value []byte)) {
	for len(b) > 0 && b[0] != byte(dhcpv4.OptionEnd) {
		if b[0] == byte(dhcpv4.OptionPad) {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return
		}
		do(b[0], b[2:2+int(b[1])])
		b = b[2+int(b[1]):]
	}
}
