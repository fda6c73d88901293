package dhcp

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

const (
	optionRoutes = 121 // RFC 3442
	optionFQDN   = dhcpv4.GenericOptionCode(81)
)

// addOptions adds the options that people set for this client, where it asks for
// them (option 55) or says nothing of what it wants, and as far as it has room.
func (s *Server) addOptions(r *message, q *query, v verdict) {
	for o := range s.cfg.Inventory.DHCPOptions().For(v.subnet.Name, v.known.Machine) {
		if !q.asksFor(o.Code) {
			continue
		}
		value := o.Value
		if o.Code == optionRoutes {
			value = withDefault(value, v.subnet.Gateway)
		}
		code := dhcpv4.GenericOptionCode(o.Code)
		before := r.get(code)
		r.set(code, value)
		if r.size() > q.room() {
			restore(r, code, before)
			s.metrics.optionsLeftOut.Add(1)
		}
	}
}

func restore(r *message, code dhcpv4.OptionCode, before []byte) {
	r.drop(code)
	if before != nil {
		r.set(code, before)
	}
}

// asksFor reads the parameter request list (RFC 2132 §9.8).
func (q *query) asksFor(code uint8) bool {
	list := q.packet.Options.Get(dhcpv4.OptionParameterRequestList)
	return list == nil || bytes.IndexByte(list, code) >= 0
}

// room is how many bytes of DHCP the client takes: what it says in option 57, of
// the whole datagram, else 576, and never more than a frame (RFC 2132 §9.10).
func (q *query) room() int {
	size := 576
	if said, err := q.packet.MaxMessageSize(); err == nil {
		size = max(size, int(said))
	}
	return min(size-frame.Overhead, maxReply)
}

// withDefault adds the way to everywhere: a client that gets routes leaves the
// router option alone (RFC 3442).
func withDefault(routes []byte, gateway netip.Addr) []byte {
	if !gateway.IsValid() {
		return routes
	}
	for rest := routes; len(rest) > 0; {
		if rest[0] == 0 {
			return routes
		}
		rest = rest[1+(int(rest[0])+7)/8+4:]
	}
	return append(append(slices.Clone(routes), 0), gateway.AsSlice()...)
}

// Flags of option 81 (RFC 4702 §2.1).
const (
	fqdnServer   = 1 << 0 // S: we write the address record
	fqdnOverride = 1 << 1 // O: against what the client asked
	fqdnEncoded  = 1 << 2 // E: the name is written as DNS does
	fqdnNone     = 1 << 3 // N: nobody writes one
)

// addFQDN answers a client that names itself: a machine has the name that ServerDb
// gives it, which our DNS answers, and anybody else has none.
func addFQDN(r *message, q *query, v verdict) {
	asked := q.packet.Options.Get(optionFQDN)
	if len(asked) < 3 {
		return
	}
	flags, name := byte(fqdnNone|fqdnEncoded), []byte(nil)
	if m := v.known.Machine; m != nil && m.Hostname != "" && v.subnet.Domain != "" {
		flags, name = fqdnServer|fqdnEncoded, machine.WireName(m.Hostname+"."+v.subnet.Domain)
	}
	if asked[0]&fqdnServer != flags&fqdnServer {
		flags |= fqdnOverride
	}
	r.set(optionFQDN, append([]byte{flags, 255, 255}, name...))
}

// overloaded reads the options that a client put where the header has the names of
// a file and of a server (option 52: 1 the file, 2 the server, 3 both; RFC 2132
// §9.3). They come after all others (RFC 2131 §4.1).
func overloaded(p *dhcpv4.DHCPv4, raw []byte) error {
	how := p.Options.Get(dhcpv4.OptionOptionOverload)
	if len(how) != 1 || len(raw) < atMagic {
		return nil
	}
	for bit, field := range [][]byte{raw[atFile:atMagic], raw[atSName:atFile]} {
		if how[0]&(1<<bit) == 0 {
			continue
		}
		more := dhcpv4.Options{}
		if err := more.FromBytes(field); err != nil {
			return err
		}
		for code, value := range more {
			p.Options[code] = append(p.Options[code], value...)
		}
	}
	return nil
}
