package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/pin/tftp/v3"
	"golang.org/x/net/ipv4"

	"firstlight/server/machine"
)

const (
	dhcpPort = 67
	// patience is how long an answer that was there in the recording is waited for.
	patience = 4 * time.Second
	// fetchTime bounds one file.
	fetchTime = time.Minute
)

// Player is a machine that does again what it did.
type Player struct {
	Server netip.Addr // the appliance
	Relay  netip.Addr // an address of this process, in a network of the appliance's
	Out    io.Writer  // what the machine sends and hears, line by line

	conn    *net.UDPConn
	heard   chan *dhcpv4.DHCPv4
	began   time.Time
	address netip.Addr                // that it has now
	now     map[netip.Addr]netip.Addr // what addresses of the recording are today
	script  string                    // that it got last
}

// Play plays a recording, and counts its steps and those that were answered in
// another way than then.
func (p *Player) Play(ctx context.Context, r *Recording) (steps, different int, err error) {
	if p.conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.Relay, dhcpPort))); err != nil {
		return 0, 0, fmt.Errorf("open the relay's socket: %w", err)
	}
	p.heard, p.began, p.now = make(chan *dhcpv4.DHCPv4, 64), time.Now(), map[netip.Addr]netip.Addr{r.Server: p.Server}
	done := make(chan struct{})
	go p.listen(r.MAC, done)
	defer func() { err = errors.Join(err, p.conn.Close()); <-done }()
	for _, s := range r.steps {
		if err := pause(ctx, time.Until(p.began.Add(s.at))); err != nil {
			return steps, different, err
		}
		same, err := p.do(ctx, s)
		if err != nil {
			return steps, different, err
		}
		if steps++; !same {
			different++
		}
	}
	return steps, different, nil
}

func (p *Player) printf(format string, args ...any) {
	fmt.Fprintf(p.Out, "%+9.3f  "+format+"\n", append([]any{time.Since(p.began).Seconds()}, args...)...)
}

// do does one thing again.
func (p *Player) do(ctx context.Context, s step) (same bool, err error) {
	switch {
	case s.message != nil:
		return p.say(ctx, s)
	case s.file != "":
		return p.tell("TFTP "+s.file, s, p.tftp(s)), nil
	case s.name != "":
		s.path = p.located(s.name)
	}
	return p.tell("GET "+s.path, s, p.get(ctx, s)), nil
}

// located is where the last script says that a file lies; a loader that none
// names lies where loaders do.
func (p *Player) located(name string) string {
	for word := range strings.FieldsSeq(p.script) {
		if u, err := url.Parse(word); err == nil && u.Host != "" && path.Base(u.Path) == name {
			return u.Path
		}
	}
	return "/boot/loaders/" + name
}

// tell prints how a file came, and whether it came so then.
func (p *Player) tell(what string, s step, err error) bool {
	switch {
	case err != nil:
		p.printf("%s: %v", what, err)
	case s.cut > 0:
		p.printf("%s: broken off by the machine, as then", what)
	default:
		p.printf("%s: whole", what)
	}
	return s.missing == (err != nil)
}

var errAway = errors.New("the machine goes away")

// taking counts down what the machine takes before it goes away.
type taking struct{ left int64 }

func (t *taking) Write(b []byte) (int, error) {
	if t.left -= int64(len(b)); t.left <= 0 {
		return 0, errAway
	}
	return len(b), nil
}

// sink is where the bytes of a file go.
func (s *step) sink() io.Writer {
	if s.cut > 0 {
		return &taking{s.cut}
	}
	return io.Discard
}

// came is how a file came, where the machine going away is no error.
func came(err error) error {
	if errors.Is(err, errAway) {
		return nil
	}
	return err
}

// say sends a message and hears what it is answered. It goes on with the next
// one when it has heard as much as then, or has waited long enough.
func (p *Player) say(ctx context.Context, s step) (same bool, err error) {
	m := p.today(s.message)
	p.printf("sends  %s", describe(m))
	source := ipv4.ControlMessage{Src: p.Relay.AsSlice()}
	if _, _, err := p.conn.WriteMsgUDPAddrPort(m.ToBytes(), source.Marshal(), netip.AddrPortFrom(p.Server, dhcpPort)); err != nil {
		return false, err
	}
	wait := patience
	if len(s.heard) == 0 {
		wait = time.Second // time enough for an answer that should not come
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	var heard []dhcpv4.MessageType
	for len(s.heard) == 0 || len(heard) < len(s.heard) {
		select {
		case a := <-p.heard:
			heard = append(heard, a.MessageType())
			p.learn(s, a)
			p.printf("hears  %s", describe(a))
			if len(s.heard) == 0 {
				p.printf("differs: there was no answer in the recording")
				return false, nil
			}
			continue
		case <-end.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		break
	}
	if !slices.Equal(heard, s.heard) {
		p.printf("differs: heard %v, in the recording %v", heard, s.heard)
		return false, nil
	}
	return true, nil
}

// learn keeps what addresses of the recording are today.
func (p *Player) learn(s step, a *dhcpv4.DHCPv4) {
	given := addrOf(a.YourIPAddr)
	if a.MessageType() == dhcpv4.MessageTypeAck {
		p.address = given
	}
	for _, then := range s.gave {
		p.now[then] = given
	}
}

// today is a message of the recording with the addresses of today, through our
// relay.
func (p *Player) today(then *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	m, err := dhcpv4.FromBytes(then.ToBytes())
	if err != nil {
		return then // what was read once is read again
	}
	m.GatewayIPAddr, m.HopCount = p.Relay.AsSlice(), max(m.HopCount, 1)
	if a, ok := p.now[addrOf(m.ClientIPAddr)]; ok && a.IsValid() {
		m.ClientIPAddr = a.AsSlice()
	}
	for _, o := range []struct {
		code dhcpv4.OptionCode
		was  net.IP
	}{{dhcpv4.OptionServerIdentifier, m.ServerIdentifier()}, {dhcpv4.OptionRequestedIPAddress, m.RequestedIPAddress()}} {
		if a, ok := p.now[addrOf(o.was)]; ok && o.was != nil && a.IsValid() {
			m.UpdateOption(dhcpv4.OptGeneric(o.code, a.AsSlice()))
		}
	}
	return m
}

func (p *Player) listen(mac machine.MAC, done chan<- struct{}) {
	defer close(done)
	for b := make([]byte, 2048); ; {
		n, err := p.conn.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		m, err := dhcpv4.FromBytes(b[:max(n, 0)])
		if err != nil || machine.MACFrom(m.ClientHWAddr) != mac {
			continue
		}
		select {
		case p.heard <- m:
		default: // nobody asked for so much
		}
	}
}

// tftp fetches a file from the address that the machine has.
func (p *Player) tftp(s step) error {
	c, err := tftp.NewClient(netip.AddrPortFrom(p.Server, 69).String())
	if err != nil {
		return err
	}
	if p.address.IsValid() {
		if err := c.SetLocalAddr(p.address.String()); err != nil {
			return err
		}
	}
	c.SetBlockSize(1468)
	c.SetTimeout(2 * time.Second)
	from, err := c.Receive(s.file, "octet")
	if err == nil {
		_, err = from.WriteTo(s.sink())
	}
	return came(err)
}

// get asks for a file or a script.
func (p *Player) get(ctx context.Context, s step) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	d := &net.Dialer{}
	if p.address.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.address, 0))
	}
	t := &http.Transport{DialContext: d.DialContext}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Server.String()+s.path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "iPXE/1.21.1")
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/") {
		resp.Body = io.NopCloser(io.TeeReader(resp.Body, &text))
	}
	if _, err := io.Copy(s.sink(), resp.Body); came(err) != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return errors.New(resp.Status)
	}
	if text.Len() > 0 {
		p.script = text.String()
	}
	return nil
}

// describe words a message.
func describe(m *dhcpv4.DHCPv4) string {
	text := []string{m.MessageType().String()}
	for _, f := range []struct{ name, value string }{
		{"class", m.ClassIdentifier()},
		{"asks for", shown(m.RequestedIPAddress())},
		{"has", shown(m.ClientIPAddr)},
		{"gives", shown(m.YourIPAddr)},
		{"server", shown(m.ServerIdentifier())},
		{"boots", m.BootFileNameOption()},
		{"says", m.Message()},
	} {
		if v := strings.TrimRight(f.value, "\x00"); v != "" {
			text = append(text, fmt.Sprintf("%s %q", f.name, v))
		}
	}
	return strings.Join(text, ", ")
}

func shown(ip net.IP) string {
	if ip == nil || ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
