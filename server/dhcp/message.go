package dhcp

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// message is a reply that is being put together, of one piece of memory: the
// library's map of options would have to be made, sorted and copied for each of
// them. What a client sent is read by the library.
type message struct {
	asked         *dhcpv4.DHCPv4 // what is answered, of whose header much comes back
	kind          dhcpv4.MessageType
	broadcast     bool       // though the client did not ask for that
	has           netip.Addr // ciaddr
	yours, server netip.Addr // yiaddr, siaddr
	file          string

	options []field // each code once
	values  []byte  // those of which the bytes are ours

	optionRoom [24]field
	valueRoom  [128]byte
}

// field is one option.
type field struct {
	code  uint8
	value []byte
}

func newMessage(asked *dhcpv4.DHCPv4, kind dhcpv4.MessageType) *message {
	m := &message{asked: asked, kind: kind}
	m.options, m.values = m.optionRoom[:0], m.valueRoom[:0]
	m.setByte(dhcpv4.OptionDHCPMessageType, byte(kind))
	return m
}

// set gives an option a value, which nobody changes afterwards.
func (m *message) set(code dhcpv4.OptionCode, value []byte) {
	if i := m.find(code); i >= 0 {
		m.options[i].value = value
		return
	}
	m.options = append(m.options, field{code.Code(), value})
}

func (m *message) setText(code dhcpv4.OptionCode, text string) {
	m.keep(code, append(m.values, text...))
}

func (m *message) setByte(code dhcpv4.OptionCode, b byte) { m.keep(code, append(m.values, b)) }

func (m *message) setNumber(code dhcpv4.OptionCode, n uint32) {
	m.keep(code, binary.BigEndian.AppendUint32(m.values, n))
}

func (m *message) setAddresses(code dhcpv4.OptionCode, all ...netip.Addr) {
	values := m.values
	for _, a := range all {
		values = appendAddress(values, a)
	}
	m.keep(code, values)
}

// keep sets an option to what was added to the values.
func (m *message) keep(code dhcpv4.OptionCode, values []byte) {
	from := len(m.values)
	m.values = values
	m.set(code, values[from:len(values):len(values)])
}

// get gives the value of an option, nil where it is not set.
func (m *message) get(code dhcpv4.OptionCode) []byte {
	if i := m.find(code); i >= 0 {
		return m.options[i].value
	}
	return nil
}

func (m *message) drop(code dhcpv4.OptionCode) {
	if i := m.find(code); i >= 0 {
		m.options = slices.Delete(m.options, i, i+1)
	}
}

func (m *message) find(code dhcpv4.OptionCode) int {
	return slices.IndexFunc(m.options, func(o field) bool { return o.code == code.Code() })
}

// shortest is how long a message is at least: some relays drop what is shorter
// than BOOTP ever was (RFC 951 §3).
const shortest = 300

// size is how many bytes the message has on the wire.
func (m *message) size() int {
	n := atOptions + 1 // the end mark
	for _, o := range m.options {
		n += len(o.value) + 2*max(1, (len(o.value)+254)/255)
	}
	return max(n, shortest)
}

// bytes writes the message (RFC 2131 §2): its options by their codes, so that
// one reply is like the other, and option 82 last (RFC 3046 §2.1).
func (m *message) bytes() []byte {
	b := make([]byte, atOptions, m.size())
	m.header(b)
	slices.SortFunc(m.options, func(a, b field) int { return cmp.Compare(a.place(), b.place()) })
	for _, o := range m.options {
		b = o.appendTo(b)
	}
	b = append(b, byte(dhcpv4.OptionEnd))
	return b[:cap(b)]
}

// header fills in what stands before the options.
func (m *message) header(b []byte) {
	p := m.asked
	b[0], b[1], b[2] = byte(dhcpv4.OpcodeBootReply), byte(p.HWType), byte(len(p.ClientHWAddr))
	copy(b[4:], p.TransactionID[:])
	flags := p.Flags
	if m.broadcast {
		flags |= 1 << 15
	}
	binary.BigEndian.PutUint16(b[10:], flags)
	header := appendAddress(b[:atCIAddr], m.has)
	header = appendAddress(header, m.yours)
	header = appendAddress(header, m.server)
	appendAddress(header, addrOf(p.GatewayIPAddr))
	copy(b[atCHAddr:atSName], p.ClientHWAddr)
	copy(b[atFile:atFile+maxFile], m.file)
	copy(b[atMagic:], "\x63\x82\x53\x63")
}

// appendAddress writes an address, 0.0.0.0 where there is none.
func appendAddress(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(b, 0, 0, 0, 0)
	}
	four := a.As4()
	return append(b, four[:]...)
}

func (o field) place() int {
	if o.code == uint8(dhcpv4.OptionRelayAgentInformation) {
		return 256
	}
	return int(o.code)
}

// appendTo writes an option; one that is longer than its length can say, in
// pieces (RFC 3396).
func (o field) appendTo(b []byte) []byte {
	for rest := o.value; ; {
		n := min(len(rest), 255)
		b = append(append(b, o.code, byte(n)), rest[:n]...)
		if rest = rest[n:]; len(rest) == 0 {
			return b
		}
	}
}
