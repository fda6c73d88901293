package tftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// diary keeps rows.
type diary struct {
	mu   sync.Mutex
	rows []journal.Event
	news chan struct{}
}

func newDiary() *diary { return &diary{news: make(chan struct{}, 1024)} }

func (d *diary) Note(e journal.Event) {
	d.mu.Lock()
	d.rows = append(d.rows, e)
	d.mu.Unlock()
	select {
	case d.news <- struct{}{}:
	default: // nobody waits for a thousand rows, and the server must not wait for us
	}
}

// next waits for a row.
func (d *diary) next(t *testing.T) journal.Event {
	t.Helper()
	select {
	case <-d.news:
	case <-time.After(patience):
		t.Fatalf("no timeline row within %s", patience)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows[len(d.rows)-1]
}

var (
	loader  = bytes.Repeat([]byte("firstlight"), 100_000)
	testMAC = machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x56}
)

func loaders() []Route {
	files := fstest.MapFS{
		"snponly.efi": {Data: loader},
		"empty":       {},
		"exact":       {Data: loader[:1024]},
		"NOTICE":      {Data: []byte("not on the list")},
		"pipe":        {Mode: fs.ModeNamedPipe},
	}
	return []Route{
		{"snponly.efi", files},
		{"empty", files},
		{"exact", files},
		{"pipe", files},
		{"grub/", fstest.MapFS{"grub/grub.cfg": {Data: []byte("set timeout=0\n")}}},
		{"panics", panicking{}},
	}
}

type panicking struct{}

func (panicking) Open(string) (fs.File, error) { panic("the file system is broken") }

// start serves on loopback and stops with the test.
func start(t testing.TB, change ...func(*Config)) (*Server, *diary) {
	t.Helper()
	d := newDiary()
	cfg := Config{
		Addresses: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
		Routes:    loaders(), Journal: d,
		WhoIs: func(netip.Addr) (string, machine.MAC) { return "m1", testMAC },
		Log:   slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	s := New(cfg)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return s, d
}

func (s *Server) address() *net.UDPAddr { return s.conns[0].LocalAddr().(*net.UDPAddr) }

// client speaks TFTP byte by byte.
type client struct {
	t    testing.TB
	conn *net.UDPConn
	to   *net.UDPAddr // the server's port, after the first reply its port of the transfer
	b    [2048]byte   // of the last packet
}

func dial(t testing.TB, s *Server) *client { t.Helper(); return dialFrom(t, s, s.address().IP) }

func dialFrom(t testing.TB, s *Server, from net.IP) *client {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn, to: s.address()}
}

func (c *client) send(op uint16, rest ...byte) {
	c.t.Helper()
	if _, err := c.conn.WriteToUDP(append(binary.BigEndian.AppendUint16(nil, op), rest...), c.to); err != nil {
		c.t.Fatal(err)
	}
}

// request sends op with fields that NUL ends.
func (c *client) request(op uint16, fields ...string) {
	c.t.Helper()
	c.send(op, []byte(strings.Join(fields, "\x00")+"\x00")...)
}

func (c *client) ack(block uint16) { c.t.Helper(); c.send(opAck, byte(block>>8), byte(block)) }

// patience is how long what must come may take on a machine that has much else to do.
const patience = 20 * time.Second

// receive waits for a packet, whose bytes hold until the next; op 0 means that
// none came in time.
func (c *client) receive(within time.Duration) (op uint16, rest []byte) {
	c.t.Helper()
	b := c.b[:]
	_ = c.conn.SetReadDeadline(time.Now().Add(within))
	n, from, err := c.conn.ReadFromUDP(b)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return 0, nil
	}
	if err != nil || n < 4 {
		c.t.Fatalf("received %d bytes: %v", n, err)
	}
	c.to = from
	return binary.BigEndian.Uint16(b), b[2:n]
}

// fetch takes a whole file and tells how many DATA packets came twice.
func (c *client) fetch(dup int, fields ...string) (content []byte, resent int) {
	c.t.Helper()
	c.request(opRRQ, fields...)
	size, expect := 512, uint16(1)
	for {
		op, rest := c.receive(patience)
		switch op {
		case opOACK:
			for range dup {
				c.ack(0)
			}
			if size = 512; strings.Contains(string(rest), "blksize\x001468\x00") {
				size = 1468
			}
		case opData:
			block := binary.BigEndian.Uint16(rest)
			if block != expect {
				resent++
				continue
			}
			content = append(content, rest[2:]...)
			for range dup {
				c.ack(block)
			}
			expect++
			if len(rest)-2 < size {
				return content, resent
			}
		default:
			c.t.Fatalf("after %d bytes: op %d %q", len(content), op, rest)
		}
	}
}

// oneFile is a file system with one file, "big".
func oneFile(content []byte) fs.FS { return fstest.MapFS{"big": {Data: content}} }
