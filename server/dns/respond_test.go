package dns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	miekg "github.com/miekg/dns"

	"firstlight/server/zone"
)

// request packs a question, changed by edits of the message and of its bytes.
func request(tb testing.TB, name string, typ uint16, edit func(*miekg.Msg)) []byte {
	tb.Helper()
	m := new(miekg.Msg).SetQuestion(name, typ)
	m.Id = 0x1234
	if edit != nil {
		edit(m)
	}
	b, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func header(opcode, questions, answers int) []byte {
	b := make([]byte, headerLen)
	b[2] = byte(opcode << 3)
	binary.BigEndian.PutUint16(b[4:], uint16(questions))
	binary.BigEndian.PutUint16(b[6:], uint16(answers))
	return b
}

func TestRespondToWhatStrangersSend(t *testing.T) {
	s := snapshotOf(t, first(site()), second(site()))
	good := request(t, "db-1.lon6.example.", miekg.TypeA, nil)
	twoOPT := func(m *miekg.Msg) { m.SetEdns0(1232, false); m.Extra = append(m.Extra, m.Extra[0]) }
	for name, c := range map[string]struct {
		wire  []byte
		rcode int // -1: no answer at all
	}{
		"a question is answered":                      {good, miekg.RcodeSuccess},
		"nothing is no request":                       {nil, -1},
		"half a header is no request":                 {good[:11], -1},
		"an answer is not answered":                   {append([]byte{0x12, 0x34, 0x84}, good[3:]...), -1},
		"no question is FORMERR (RFC 9619)":           {header(miekg.OpcodeQuery, 0, 0), miekg.RcodeFormatError},
		"two questions are FORMERR":                   {append(append(header(miekg.OpcodeQuery, 2, 0), good[12:]...), good[12:]...), miekg.RcodeFormatError},
		"a question that is missing is FORMERR":       {header(miekg.OpcodeQuery, 1, 0), miekg.RcodeFormatError},
		"a question that is cut is FORMERR":           {good[:len(good)-1], miekg.RcodeFormatError},
		"an answer in a request is FORMERR":           {request(t, ".", miekg.TypeNS, func(m *miekg.Msg) { m.Answer = []miekg.RR{s.tables["lon6.example."].soa} }), miekg.RcodeFormatError},
		"a name that points to itself is FORMERR":     {append(header(miekg.OpcodeQuery, 1, 0), 0xc0, 12, 0, 1, 0, 1), miekg.RcodeFormatError},
		"a name that points ahead is FORMERR":         {append(header(miekg.OpcodeQuery, 1, 0), 0xc0, 200, 0, 1, 0, 1), miekg.RcodeFormatError},
		"a label of 64 octets is FORMERR":             {append(append(header(miekg.OpcodeQuery, 1, 0), 64), make([]byte, 80)...), miekg.RcodeFormatError},
		"two OPT records are FORMERR (RFC 6891)":      {request(t, "lon6.example.", miekg.TypeSOA, twoOPT), miekg.RcodeFormatError},
		"an OPT that is not at the root is FORMERR":   {request(t, "lon6.example.", miekg.TypeSOA, func(m *miekg.Msg) { m.SetEdns0(1232, false); m.Extra[0].Header().Name = "x." }), miekg.RcodeFormatError},
		"a signature of a key we do not share":        {request(t, "lon6.example.", miekg.TypeSOA, func(m *miekg.Msg) { m.SetTsig("k.", miekg.HmacSHA256, 300, 1) }), miekg.RcodeNotAuth},
		"EDNS 1 is BADVERS":                           {request(t, "lon6.example.", miekg.TypeSOA, func(m *miekg.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }), miekg.RcodeBadVers},
		"STATUS is not implemented":                   {header(miekg.OpcodeStatus, 0, 0), miekg.RcodeNotImplemented},
		"NOTIFY is not implemented":                   {header(miekg.OpcodeNotify, 1, 0), miekg.RcodeNotImplemented},
		"UPDATE is not implemented":                   {header(miekg.OpcodeUpdate, 1, 0), miekg.RcodeNotImplemented},
		"opcode 15 is not implemented, whatever next": {header(15, 9, 9), miekg.RcodeNotImplemented},
	} {
		t.Run(name, func(t *testing.T) {
			x := s.respond(c.wire, true, "", nil)
			if c.rcode == -1 {
				if x.reply != nil {
					t.Errorf("respond(%x) = %x, want nothing", c.wire, x.reply)
				}
				return
			}
			r := parsed(t, c.wire, x.reply)
			if r.Rcode != c.rcode {
				t.Errorf("respond(%x) rcode = %s, want %s", c.wire, rcodeName(r.Rcode), rcodeName(c.rcode))
			}
			if r.Authoritative != (c.rcode == miekg.RcodeSuccess) {
				t.Errorf("respond(%x) aa = %t with %s", c.wire, r.Authoritative, rcodeName(r.Rcode))
			}
		})
	}
}

// parsed holds a reply to what is true of every reply.
func parsed(tb testing.TB, wire, reply []byte) *miekg.Msg {
	tb.Helper()
	r := new(miekg.Msg)
	if err := r.Unpack(reply); err != nil {
		tb.Fatalf("respond(%x) = %x, which does not parse: %v", wire, reply, err)
	}
	if !r.Response || r.Id != binary.BigEndian.Uint16(wire) || r.RecursionAvailable || r.Zero || r.AuthenticatedData ||
		r.Opcode != int(wire[2]>>3)&opcodeMask || r.RecursionDesired != (wire[2]&1 == 1) {
		tb.Errorf("respond(%x) has header %+v", wire, r.MsgHdr)
	}
	return r
}

// crowd is a snapshot with an RRset that does not fit into a datagram.
func crowd(n int) *Snapshot {
	z := zone.Zone{Name: "x.", Serial: 1, SOA: zone.SOA{NS: "ns.x.", Mailbox: "hostmaster.x."}}
	many, ns := zone.RRset{Name: "many.x.", Type: zone.TypeA}, zone.RRset{Name: "x.", Type: zone.TypeNS}
	for i := range n {
		many.Data = append(many.Data, zone.Address{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i / 256), byte(i)})})
	}
	for i := range 10 {
		host := fmt.Sprintf("ns%d.x.", i)
		ns.Data = append(ns.Data, zone.Nameserver(host))
		z.RRsets = append(z.RRsets, zone.RRset{Name: host, Type: zone.TypeA, Data: many.Data[:12]})
	}
	z.RRsets = append(z.RRsets, many, ns)
	return NewSnapshot([]zone.Zone{z}, nil)
}

func TestRepliesFitTheirTransport(t *testing.T) {
	s := crowd(200)
	for name, c := range map[string]struct {
		typ       uint16
		host      string
		udp       bool
		size      uint16 // of EDNS; 0: none
		truncated bool
		answers   int
		most      int
	}{
		"without EDNS 512 bytes is all":             {miekg.TypeA, "many.x.", true, 0, true, 0, 512},
		"a smaller promise than 512 is 512":         {miekg.TypeNS, "x.", true, 100, false, 10, 512},
		"a larger promise than 1232 is 1232":        {miekg.TypeA, "many.x.", true, 4096, true, 0, 1232},
		"TCP carries it all":                        {miekg.TypeA, "many.x.", false, 0, false, 200, 65535},
		"what was not asked for goes without a bit": {miekg.TypeNS, "x.", true, 1232, false, 10, 1232},
	} {
		t.Run(name, func(t *testing.T) {
			wire := request(t, c.host, c.typ, func(m *miekg.Msg) {
				if c.size > 0 {
					m.SetEdns0(c.size, true)
				}
			})
			x := s.respond(wire, c.udp, "", make([]byte, readSize))
			r := parsed(t, wire, x.reply)
			if len(x.reply) > c.most || r.Truncated != c.truncated || len(r.Answer) != c.answers {
				t.Errorf("respond(…) = %d bytes, truncated %t, %d answers; want at most %d, %t, %d",
					len(x.reply), r.Truncated, len(r.Answer), c.most, c.truncated, c.answers)
			}
			if opt := r.IsEdns0(); (opt != nil) != (c.size > 0) || opt != nil && (opt.UDPSize() != maxUDP || !opt.Do()) {
				t.Errorf("respond(…) has OPT %v, want one with 1232 and do when the request has one", opt)
			}
		})
	}
}

func FuzzRespond(f *testing.F) {
	s := snapshotOf(f, first(site()), second(site()))
	big := crowd(200)
	f.Add(request(f, "db-1.lon6.example.", miekg.TypeA, nil), true)
	f.Add(request(f, "many.x.", miekg.TypeA, func(m *miekg.Msg) { m.SetEdns0(4096, true) }), true)
	f.Add(request(f, "x.", miekg.TypeANY, func(m *miekg.Msg) { m.SetEdns0(512, false); m.IsEdns0().SetVersion(3) }), false)
	f.Add(request(f, "lon6.example.", miekg.TypeSOA, func(m *miekg.Msg) { m.SetTsig("k.", miekg.HmacSHA256, 300, 1) }), true)
	f.Add(append(header(miekg.OpcodeQuery, 1, 0), 0xc0, 12, 0, 1, 0, 1), true)
	f.Add(header(15, 9, 9), false)
	f.Fuzz(func(t *testing.T, wire []byte, udp bool) {
		for _, snapshot := range []*Snapshot{s, big} {
			x := snapshot.respond(wire, udp, "6c6f6e36", nil)
			if x.reply == nil {
				if len(wire) >= headerLen && wire[2]&flagQR == 0 {
					t.Fatalf("respond(%x) = nothing, and it is a request", wire)
				}
				continue
			}
			parsed(t, wire, x.reply)
			if udp && len(x.reply) > maxUDP {
				t.Fatalf("respond(%x) = %d bytes over UDP, want at most %d", wire, len(x.reply), maxUDP)
			}
			if x.rcode == miekg.RcodeServerFailure {
				t.Fatalf("respond(%x) = SERVFAIL", wire)
			}
		}
	})
}

func BenchmarkRespond(b *testing.B) {
	s := snapshotOf(b, first(fleet(12_000)), second(fleet(12_000)))
	wire, out := request(b, "lon6-db-4711.lon6.example.", miekg.TypeA, nil), make([]byte, readSize)
	b.ReportAllocs()
	for b.Loop() {
		if x := s.respond(wire, true, "", out); x.rcode != miekg.RcodeSuccess {
			b.Fatal(x.rcode)
		}
	}
}
