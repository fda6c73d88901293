package dhcp6

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/insomniacslk/dhcp/rfc1035label"

	"firstlight/server/exchange"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

const (
	solicit   = dhcpv6.MessageTypeSolicit
	advertise = dhcpv6.MessageTypeAdvertise
	request   = dhcpv6.MessageTypeRequest
	confirm   = dhcpv6.MessageTypeConfirm
	renew     = dhcpv6.MessageTypeRenew
	rebind    = dhcpv6.MessageTypeRebind
	reply     = dhcpv6.MessageTypeReply
	release   = dhcpv6.MessageTypeRelease
	decline   = dhcpv6.MessageTypeDecline
	inform    = dhcpv6.MessageTypeInformationRequest
)

// linkLocal is the address that an interface makes of testMAC.
var linkLocal = ip("fe80::5054:ff:fe12:3456")

// message is one of a client with the DUID-UUID of a machine.
func message(kind dhcpv6.MessageType, opts ...dhcpv6.Option) *dhcpv6.Message {
	m := &dhcpv6.Message{MessageType: kind, TransactionID: dhcpv6.TransactionID{7, 8, 9}}
	m.AddOption(dhcpv6.OptClientID(&dhcpv6.DUIDUUID{UUID: [16]byte{0x4c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}))
	for _, o := range opts {
		m.AddOption(o)
	}
	return m
}

func toServer() dhcpv6.Option {
	return dhcpv6.OptServerID(&dhcpv6.DUIDUUID{UUID: testID})
}

// ia is an association that names addresses.
func ia(addresses ...string) *dhcpv6.OptIANA {
	o := &dhcpv6.OptIANA{IaId: [4]byte{0, 0, 0, 1}}
	for _, a := range addresses {
		o.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: ip(a).AsSlice()})
	}
	return o
}

func classed(class string, arch iana.Arch) []dhcpv6.Option {
	return []dhcpv6.Option{
		&dhcpv6.OptVendorClass{EnterpriseNumber: 343, Data: [][]byte{[]byte(class)}}, dhcpv6.OptClientArchType(arch),
	}
}

var (
	pxeUEFI = classed("PXEClient:Arch:00007:UNDI:003016", 7)
	http64  = classed("HTTPClient:Arch:00016:UNDI:003001", 16)
	ipxe64  = append(classed("PXEClient:Arch:00007:UNDI:003010", 7), &dhcpv6.OptUserClass{UserClasses: [][]byte{[]byte("iPXE")}})
)

// fakeWire keeps what is sent.
type fakeWire struct {
	sent [][]byte
	to   []netip.AddrPort
}

func (w *fakeWire) send(to netip.AddrPort, payload []byte) error {
	w.sent, w.to = append(w.sent, payload), append(w.to, to)
	return nil
}

func incoming(p dhcpv6.DHCPv6) *datagram {
	return &datagram{
		payload: p.ToBytes(), from: here, arrived: epoch, to: allServers[0],
		peer: netip.AddrPortFrom(linkLocal.WithZone("br0"), clientPort),
	}
}

// ask gives the answer to a packet; nil is silence.
func ask(t testing.TB, s *Server, d *datagram) *dhcpv6.Message {
	t.Helper()
	w := &fakeWire{}
	d.wire = w
	s.handle(t.Context(), d)
	if len(w.sent) == 0 {
		return nil
	}
	p, err := dhcpv6.FromBytes(w.sent[0])
	if err != nil {
		t.Fatalf("the reply does not decode: %v", err)
	}
	m, err := p.GetInnerMessage()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// given is the address of a reply with a lifetime, and the status of its
// association.
func given(m *dhcpv6.Message) (a netip.Addr, o *dhcpv6.OptIAAddress, code iana.StatusCode) {
	ia := m.Options.OneIANA()
	if ia == nil {
		return a, nil, 0
	}
	if st := ia.Options.Status(); st != nil {
		code = st.StatusCode
	}
	for _, o := range ia.Options.Addresses() {
		if o.ValidLifetime > 0 {
			return addrOf(o.IPv6Addr), o, code
		}
	}
	return a, nil, code
}

// bound makes a client's whole exchange and gives its address.
func bound(t testing.TB, s *Server) string {
	t.Helper()
	r := ask(t, s, incoming(message(request, toServer(), ia())))
	if r == nil {
		t.Fatal("no reply to a Request")
	}
	a, _, _ := given(r)
	return a.String()
}

func TestSolicitAdvertiseRequestReply(t *testing.T) {
	s, m := labWith(t)
	offer := ask(t, s, incoming(message(solicit, ia())))
	a, _, _ := given(offer)
	if offer.MessageType != advertise || !lab().Ranges[0].Contains(a) || offer.TransactionID != (dhcpv6.TransactionID{7, 8, 9}) {
		t.Fatalf("answer = %v with %v, want an Advertise of the range", offer, a)
	}
	if id := offer.Options.ServerID(); id == nil || !id.Equal(s.duid) || !offer.Options.ClientID().Equal(message(solicit).Options.ClientID()) {
		t.Errorf("identifiers = %v, %v", id, offer.Options.ClientID())
	}
	if len(m.leases) != 0 {
		t.Errorf("an Advertise wrote %v", m.leases)
	}
	r := ask(t, s, incoming(message(request, toServer(), ia(a.String()))))
	again, o, _ := given(r)
	if r.MessageType != reply || again != a || o.ValidLifetime != time.Hour || o.PreferredLifetime != 45*time.Minute {
		t.Errorf("reply = %v %+v, want %v for an hour, 45 min of it preferred", again, o, a)
	}
	if got := r.Options.OneIANA(); got.T1 != 22*time.Minute+30*time.Second || got.T2 != 36*time.Minute || got.IaId != ia().IaId {
		t.Errorf("T1, T2 = %v, %v of %v", got.T1, got.T2, got.IaId)
	}
	if l := m.leases[a]; l.MAC != testMAC || l.State != lease.Bound || !strings.HasPrefix(l.ClientID, "00044c01") {
		t.Errorf("lease = %+v", l)
	}
	if dns, domains := r.Options.DNS(), r.Options.DomainSearchList(); len(dns) != 1 || addrOf(dns[0]) != ourServer || domains.Labels[0] != "lon6.example" {
		t.Errorf("DNS = %v, domains = %v", dns, domains)
	}
	if got := m.texts(); len(got) != 1 || got[0] != "SOLICIT, ADVERTISE, REQUEST, REPLY: DHCPv6 client gets "+a.String() {
		t.Errorf("rows = %q", got)
	}
	var lines []string
	for _, p := range s.Packets(testMAC) {
		lines = append(lines, p.From.String()+" > "+p.To.String()+" "+p.Text)
	}
	want := []string{
		"[fe80::5054:ff:fe12:3456]:546 > [ff02::1:2]:547 SOLICIT",
		"[fe80::1]:547 > [fe80::5054:ff:fe12:3456]:546 ADVERTISE, address " + a.String(),
		"[fe80::5054:ff:fe12:3456]:546 > [ff02::1:2]:547 REQUEST, address " + a.String(),
		"[fe80::1]:547 > [fe80::5054:ff:fe12:3456]:546 REPLY, address " + a.String(),
	}
	if !slices.Equal(lines, want) {
		t.Errorf("packets on the tape:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestRapidCommitBindsAtOnce(t *testing.T) {
	s, m := labWith(t)
	r := ask(t, s, incoming(message(solicit, ia(), &dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit})))
	a, _, _ := given(r)
	if r.MessageType != reply || r.GetOneOption(dhcpv6.OptionRapidCommit) == nil || m.leases[a].MAC != testMAC {
		t.Errorf("answer = %v, leases %v, want a Reply with rapid commit and a lease", r, m.leases)
	}
}

func TestKnownMachinesGetTheirAddress(t *testing.T) {
	s, m := labWith(t, func(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "2001:db8:12::31") })
	if a, _, _ := given(ask(t, s, incoming(message(solicit, ia("2001:db8:12::150"))))); a != ip("2001:db8:12::31") {
		t.Errorf("offered %v, want its own", a)
	}
	r := ask(t, s, incoming(message(request, toServer(), ia("2001:db8:12::150"))))
	a, _, _ := given(r)
	gone := r.Options.OneIANA().Options.Addresses()[0]
	if a != ip("2001:db8:12::31") || addrOf(gone.IPv6Addr) != ip("2001:db8:12::150") || gone.ValidLifetime != 0 {
		t.Errorf("got %v, and %v for %v: want its own, and the other for no time", a, gone.IPv6Addr, gone.ValidLifetime)
	}
	if !m.leases[a].Reserved {
		t.Error("the lease is not marked as the machine's own")
	}
}

func TestRenewAndRebindGoOnWithTheSameAddress(t *testing.T) {
	s, m := labWith(t)
	a := bound(t, s)
	for _, d := range []*dhcpv6.Message{message(renew, toServer(), ia(a)), message(rebind, ia(a))} {
		if got, o, _ := given(ask(t, s, incoming(d))); got.String() != a || o.ValidLifetime != time.Hour {
			t.Errorf("%v gave %v, want %v for an hour", d.MessageType, got, a)
		}
	}
	if got := len(m.texts()); got != 1 {
		t.Errorf("rows = %q, want none of renewals", m.texts())
	}
}

func TestAnAddressOfAnotherNetworkIsTakenAway(t *testing.T) {
	s, _ := labWith(t)
	for _, d := range []*dhcpv6.Message{message(renew, toServer(), ia("2001:db8:99::7")), message(rebind, ia("2001:db8:99::7"))} {
		r := ask(t, s, incoming(d))
		gone := r.Options.OneIANA().Options.Addresses()[0]
		a, _, _ := given(r)
		if addrOf(gone.IPv6Addr) != ip("2001:db8:99::7") || gone.ValidLifetime != 0 || !lab().Ranges[0].Contains(a) {
			t.Errorf("%v: %v for %v, and %v; want the old one for no time and a new one", d.MessageType, gone.IPv6Addr, gone.ValidLifetime, a)
		}
	}
}

func TestARebindOfAnotherServersClientIsLeftAlone(t *testing.T) {
	s, _ := labWith(t)
	if r := ask(t, s, incoming(message(rebind, ia("2001:db8:12::1ff")))); r != nil {
		t.Errorf("answer = %v, want silence", r)
	}
}

func TestConfirm(t *testing.T) {
	s, _ := labWith(t)
	for address, want := range map[string]iana.StatusCode{"2001:db8:12::7": iana.StatusSuccess, "2001:db8:99::7": iana.StatusNotOnLink} {
		if r := ask(t, s, incoming(message(confirm, ia(address)))); r.Options.Status().StatusCode != want {
			t.Errorf("%s: %v, want %v", address, r.Options.Status(), want)
		}
	}
	if r := ask(t, s, incoming(message(confirm, ia()))); r != nil {
		t.Errorf("without an address: %v, want silence", r)
	}
}

func TestReleaseAndDecline(t *testing.T) {
	for kind, want := range map[dhcpv6.MessageType]lease.State{release: lease.Released, decline: lease.Declined} {
		s, m := labWith(t)
		a := bound(t, s)
		r := ask(t, s, incoming(message(kind, toServer(), ia(a))))
		if r.Options.Status().StatusCode != iana.StatusSuccess || r.Options.OneIANA() != nil || m.leases[ip(a)].State != want {
			t.Errorf("%v: %v, lease %+v, want it %s", kind, r, m.leases[ip(a)], want)
		}
		if r := ask(t, s, incoming(message(kind, toServer(), ia("2001:db8:12::177")))); r.Options.OneIANA().Options.Status().StatusCode != iana.StatusNoBinding {
			t.Errorf("%v of what it has not: %v, want NoBinding", kind, r)
		}
		if len(m.rows) != 2 {
			t.Errorf("%v: rows = %q, want that it got the address and that it ended", kind, m.texts())
		}
	}
}

// EDK2's PXE takes the address that its IP stack had, and then gives back the
// stack's association: the address stays the machine's.
func TestReleaseOfAnAssociationThatIsReplaced(t *testing.T) {
	s, m := labWith(t)
	a := bound(t, s)
	second := ia(a)
	second.IaId = [4]byte{9, 9, 9, 9}
	ask(t, s, incoming(message(request, toServer(), second)))
	r := ask(t, s, incoming(message(release, toServer(), ia(a))))
	if r.Options.Status().StatusCode != iana.StatusSuccess || r.Options.OneIANA() != nil || m.leases[ip(a)].State != lease.Bound {
		t.Errorf("the first association gives it back: %v, lease %+v, want success and the lease bound", r, m.leases[ip(a)])
	}
	ask(t, s, incoming(message(release, toServer(), second)))
	if m.leases[ip(a)].State != lease.Released {
		t.Errorf("the second gives it back: lease %+v, want it released", m.leases[ip(a)])
	}
}

func TestBootURLs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		opts  []dhcpv6.Option
		url   string
		class bool
	}{
		{"PXE", pxeUEFI, "tftp://[2001:db8:12::1]/snponly.efi", false},
		{"HTTP boot", http64, "http://[2001:db8:12::1]:80/boot/loaders/snponly.efi", true},
		{"iPXE", ipxe64, "http://[2001:db8:12::1]:80/boot/entry.ipxe", false},
		{"a system", nil, "", false},
		{"no loader for it", classed("PXEClient:Arch:00006:UNDI:003016", 6), "", false},
	} {
		s, m := labWith(t)
		for _, d := range []*dhcpv6.Message{
			message(solicit, append(tt.opts, ia())...), message(request, append(tt.opts, toServer(), ia())...), message(inform, tt.opts...),
		} {
			r := ask(t, s, incoming(d))
			vendor := r.Options.VendorClass(343)
			if got := r.Options.BootFileURL(); got != tt.url || tt.class != (len(vendor) == 1 && string(vendor[0]) == "HTTPClient") {
				t.Errorf("%s, %v: URL %q and class %q, want %q", tt.name, d.MessageType, got, vendor, tt.url)
			}
		}
		if boots := tt.opts != nil; boots != (len(m.decided) > 0) {
			t.Errorf("%s: decided %v", tt.name, m.decided)
		}
	}
}

func TestNamesOfClients(t *testing.T) {
	asks := &dhcpv6.OptFQDN{DomainName: &rfc1035label.Labels{Labels: []string{"Ann-Desk"}}}
	s, m := labWith(t)
	got := ask(t, s, incoming(message(request, toServer(), ia(), asks))).Options.FQDN()
	a, _ := m.LeaseOf("lab6", testMAC)
	if got == nil || got.Flags != fqdnNone || len(got.DomainName.Labels) != 0 || a.Hostname != "ann-desk" {
		t.Errorf("a stranger is called %v, its lease %q; want none, and what it said", got, a.Hostname)
	}
	m.put("c0mput3", testMAC, machine.InUse, "")
	m.machines[testMAC].Hostname = "lon6-web-1"
	got = ask(t, s, incoming(message(renew, toServer(), ia(a.Address.String()), asks))).Options.FQDN()
	if got == nil || got.Flags != fqdnServer|fqdnOverride || got.DomainName.Labels[0] != "lon6-web-1.lon6.example" {
		t.Errorf("a machine is called %v, want its name of ServerDb", got)
	}
}

func TestSilence(t *testing.T) {
	foreign := dhcpv6.OptServerID(&dhcpv6.DUIDUUID{})
	for _, tt := range []struct {
		name   string
		change func(*memory)
		d      *dhcpv6.Message
		why    reason
	}{
		{"only observed", func(m *memory) { m.subnets[0].Policy = machine.PolicyObserve }, message(solicit, ia()), dropPolicy},
		{"switched off", func(m *memory) { m.subnets[0].Mode = machine.ModeOff }, message(solicit, ia()), dropNoSubnet},
		{"no subnet of ours", func(m *memory) { m.subnets = nil }, message(solicit, ia()), dropNoSubnet},
		{"another server's", nil, message(request, foreign, ia()), dropOtherServer},
		{"the disk is broken", func(m *memory) { m.broken = errDisk }, message(request, toServer(), ia()), dropStore},
		{"and so for an offer", func(m *memory) { m.broken = errDisk }, message(solicit, ia()), dropStore},
		{"a Solicit that names a server", nil, message(solicit, toServer(), ia()), dropMalformed},
		{"a Request that names none", nil, message(request, ia()), dropMalformed},
		{"an Information-request with an address", nil, message(inform, ia()), dropMalformed},
		{"a server's message", nil, message(advertise, toServer(), ia()), dropMalformed},
		{"no client", nil, &dhcpv6.Message{MessageType: solicit}, dropMalformed},
	} {
		change := func(*memory) {}
		if tt.change != nil {
			change = tt.change
		}
		s, m := labWith(t, change)
		if r := ask(t, s, incoming(tt.d)); r != nil || s.metrics.dropped[tt.why].Load() != 1 || len(m.leases) != 0 {
			t.Errorf("%s: %v, want silence counted as %s", tt.name, r, names[tt.why])
		}
	}
}

func TestAFullRangeIsSaid(t *testing.T) {
	s, m := labWith(t, func(m *memory) { m.subnets[0].Ranges = nil })
	for _, d := range []*dhcpv6.Message{message(solicit, ia()), message(request, toServer(), ia())} {
		if _, _, code := given(ask(t, s, incoming(d))); code != iana.StatusNoAddrsAvail {
			t.Errorf("%v: status %v, want NoAddrsAvail", d.MessageType, code)
		}
	}
	if got := m.texts(); len(got) != 1 || !strings.Contains(got[0], "no free address") || m.rows[0].Details[journal.DetailReason] != reasonFull {
		t.Errorf("rows = %+v, want one of the whole exchange, with the reason", m.rows)
	}
}

func TestOneAddressForAnInterfaceAndNoPrefix(t *testing.T) {
	s, m := labWith(t)
	second := ia()
	second.IaId = [4]byte{9}
	r := ask(t, s, incoming(message(request, toServer(), ia(), second, &dhcpv6.OptIAPD{}, &dhcpv6.OptIATA{})))
	all := r.Options.IANA()
	if len(all) != 2 || len(m.leases) != 1 || all[1].Options.Status().StatusCode != iana.StatusNoAddrsAvail ||
		r.Options.OneIAPD().Options.Status().StatusCode != iana.StatusNoPrefixAvail ||
		r.Options.OneIATA().Options.Status().StatusCode != iana.StatusNoAddrsAvail {
		t.Errorf("reply = %v, want one address and three refusals", r.Summary())
	}
}

func TestUnicastIsSentBackToTheGroup(t *testing.T) {
	s, _ := labWith(t)
	d := incoming(message(request, toServer(), ia()))
	d.to = ourServer
	if r := ask(t, s, d); r.Options.Status().StatusCode != iana.StatusUseMulticast {
		t.Errorf("answer = %v, want UseMulticast", r)
	}
	d = incoming(message(solicit, ia()))
	d.to = ourServer
	if r := ask(t, s, d); r != nil {
		t.Errorf("answer = %v, want silence", r)
	}
}

func TestAnOfferThatIsNotTakenIsTold(t *testing.T) {
	s, _ := labWith(t)
	ask(t, s, incoming(message(solicit, append(http64, ia())...)))
	rows := s.exchanges.Sweep(epoch.Add(exchange.Quiet))
	if len(rows) != 1 || !strings.Contains(rows[0].Text, "UEFI x64 HTTP boot was offered 2001:db8:12::") || rows[0].Details["stage"] != "http" {
		t.Errorf("rows = %+v", rows)
	}
}
