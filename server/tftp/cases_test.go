package tftp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// block is a DATA packet that a case waits for, and the ACK that follows it.
type block struct {
	number  uint16
	content []byte
}

var (
	medium  = loader[:768]
	rfc7440 = loader[:13*512-4] // of the example in RFC 7440 §4
)

func caseFiles() []Route {
	files := fstest.MapFS{
		"small": {Data: []byte("small")}, "medium": {Data: medium}, "empty": {}, "window": {Data: rfc7440},
		"unix": {Data: []byte("foo\nbar\rbaz\n")},
	}
	return []Route{{"small", files}, {"medium", files}, {"empty", files}, {"window", files}, {"unix", files}}
}

// conversation is one client's side, written as it happens on the wire.
type conversation struct {
	*client
	server *Server
}

// data wants the blocks, in this order.
func (c *conversation) data(blocks ...block) {
	c.t.Helper()
	for _, b := range blocks {
		op, rest := c.receive(5 * time.Second)
		if op != opData || binary.BigEndian.Uint16(rest) != b.number || !bytes.Equal(rest[2:], b.content) {
			c.t.Fatalf("got op %d with %d bytes %.20q, want DATA %d of %d bytes", op, len(rest), rest, b.number, len(b.content))
		}
	}
}

func (c *conversation) oack(want string) {
	c.t.Helper()
	if op, rest := c.receive(3 * time.Second); op != opOACK || string(rest) != want {
		c.t.Fatalf("got op %d %q, want the options %q", op, rest, want)
	}
}

func (c *conversation) refused(codes ...uint16) {
	c.t.Helper()
	op, rest := c.receive(3 * time.Second)
	if op != opError || !slices.Contains(codes, binary.BigEndian.Uint16(rest)) {
		c.t.Fatalf("got op %d %q, want an error of %v", op, rest, codes)
	}
}

// silent wants nothing more.
func (c *conversation) silent() {
	c.t.Helper()
	if op, rest := c.receive(300 * time.Millisecond); op != 0 {
		c.t.Fatalf("got op %d %.20q, want silence", op, rest)
	}
}

// part is a block of the example file.
func part(number uint16) block {
	from := int(number-1) * 512
	return block{number, rfc7440[from:min(from+512, len(rfc7440))]}
}

// cases are the conversations that FreeBSD's tftpd and atftp are tested with
// (T-01), as far as they read. What a duplicate or a loss brings is told apart:
// only a timeout sends a block again.
var cases = []struct {
	name string
	talk func(c *conversation)
}{
	{"a small file", func(c *conversation) {
		c.request(opRRQ, "small", "octet")
		c.data(block{1, []byte("small")})
		c.ack(1)
	}},
	{"a small file from the root", func(c *conversation) {
		c.request(opRRQ, "/small", "octet")
		c.data(block{1, []byte("small")})
		c.ack(1)
	}},
	{"an empty file", func(c *conversation) {
		c.request(opRRQ, "empty", "octet")
		c.data(block{1, nil})
		c.ack(1)
	}},
	{"a file of two blocks", func(c *conversation) {
		c.request(opRRQ, "medium", "octet")
		c.data(block{1, medium[:512]})
		c.ack(1)
		c.data(block{2, medium[512:]})
		c.ack(2)
	}},
	{"a file of two blocks in a window", func(c *conversation) {
		c.request(opRRQ, "medium", "octet", "windowsize", "2")
		c.oack("windowsize\x002\x00")
		c.ack(0)
		c.data(block{1, medium[:512]}, block{2, medium[512:]})
		c.ack(2)
	}},
	{"lines end as in netascii", func(c *conversation) {
		c.request(opRRQ, "unix", "netascii")
		c.data(block{1, []byte("foo\r\nbar\r\x00baz\r\n")})
		c.ack(1)
	}},
	{"the ACK of the last block is lost", func(c *conversation) {
		c.request(opRRQ, "small", "octet")
		c.data(block{1, []byte("small")}, block{1, []byte("small")})
		c.ack(1)
	}},
	{"a block is lost, with and without options", func(c *conversation) {
		for _, options := range [][]string{nil, {"blksize", "512"}} {
			c.again()
			c.request(opRRQ, append([]string{"medium", "octet"}, options...)...)
			if options != nil {
				c.oack("blksize\x00512\x00")
				c.ack(0)
			}
			c.data(block{1, medium[:512]})
			c.ack(1)
			c.data(block{2, medium[512:]}) // which is lost: the client says once more what it has
			c.ack(1)
			c.data(block{2, medium[512:]}) // after the timeout
			c.ack(2)
		}
	}},
	{"an ACK comes twice", func(c *conversation) {
		c.request(opRRQ, "medium", "octet", "blksize", "512", "timeout", "12")
		c.oack("blksize\x00512\x00timeout\x0012\x00")
		c.ack(0)
		c.ack(0)
		c.data(block{1, medium[:512]})
		c.silent()
		c.ack(1)
		c.ack(1)
		c.data(block{2, medium[512:]})
		c.silent()
		c.ack(2)
	}},
	{"the options' ACK is lost", func(c *conversation) {
		c.request(opRRQ, "small", "octet", "tsize", "0")
		c.oack("tsize\x005\x00")
		c.oack("tsize\x005\x00")
		c.ack(0)
		c.data(block{1, []byte("small")})
		c.ack(1)
	}},
	{"the example of RFC 7440", func(c *conversation) {
		c.request(opRRQ, "window", "octet", "windowsize", "4")
		c.oack("windowsize\x004\x00")
		c.ack(0)
		c.data(part(1), part(2), part(3), part(4))
		c.ack(4)
		c.data(part(5), part(6), part(7), part(8))
		c.ack(5) // 6 to 8 are lost
		c.data(part(6), part(7), part(8), part(9))
		c.ack(9)
		c.data(part(10), part(11), part(12), part(13))
		c.data(part(10), part(11), part(12), part(13)) // the ACK is lost
		c.ack(13)
	}},
	{"the client gives up", func(c *conversation) {
		c.request(opRRQ, "medium", "octet", "blksize", "512")
		c.oack("blksize\x00512\x00")
		c.send(opError, 0, 0, 'x', 0)
		c.silent()
	}},
	{"a file that is not there", func(c *conversation) {
		c.request(opRRQ, "nonexistent", "octet")
		c.refused(1)
	}},
	{"folders above", func(c *conversation) {
		for _, name := range []string{"../disallowed", "sub/../../disallowed", "/etc/passwd"} {
			c.again()
			c.request(opRRQ, name, "octet")
			c.refused(1, 2)
		}
	}},
	{"a name longer than any path", func(c *conversation) {
		c.request(opRRQ, strings.Repeat("X", 1100), "octet")
		c.refused(1, 2, 4)
	}},
	{"modes that nobody knows", func(c *conversation) {
		for _, mode := range []string{"ascii", "binary", "en_US.UTF-8", "mail", ""} {
			c.again()
			c.request(opRRQ, "small", mode)
			c.refused(4)
		}
	}},
	{"an operation that nobody knows", func(c *conversation) {
		c.request(7, "small", "octet")
		c.refused(4)
	}},
	{"writing, to a file and to none, with and without options", func(c *conversation) {
		for _, fields := range [][]string{{"small", "octet"}, {"none", "octet"}, {"small", "netascii"}, {"small", "octet", "windowsize", "2", "tsize", "5"}} {
			c.again()
			c.request(opWRQ, fields...)
			c.refused(2)
		}
	}},
	{"packets of one to three bytes", func(c *conversation) {
		for _, b := range []string{"\x01", "\x01\x02", "\x01\x02\x03"} {
			if _, err := c.conn.WriteToUDP([]byte(b), c.to); err != nil {
				c.t.Fatal(err)
			}
		}
		c.request(opRRQ, "small", "octet")
		c.data(block{1, []byte("small")})
		c.ack(1)
	}},
}

// again lets the client begin anew, at the port that listens.
func (c *conversation) again() { *c.client = *dial(c.t, c.server) }

func TestCases(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		s, _ := start(t, func(cfg *Config) {
			cfg.Addresses = []netip.AddrPort{netip.MustParseAddrPort(address)}
			cfg.Routes = caseFiles()
			cfg.PerSource = 100
		})
		for _, tt := range cases {
			t.Run(tt.name+" at "+address, func(t *testing.T) {
				t.Parallel()
				tt.talk(&conversation{client: dial(t, s), server: s})
			})
		}
	}
}
