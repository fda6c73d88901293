package tftp

import (
	"bytes"
	"io/fs"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func FuzzName(f *testing.F) {
	for _, seed := range []string{
		"snponly.efi", "/grub/x86_64-efi/command.lst", "../etc/passwd", "a/./b", `\boot\bcd`, "snponly.efi\xff\x00",
		"", "/", "//", ".", "a//b", "%2e%2e/x", strings.Repeat("a/", 130), "naïve", "a b", "-r", "C:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := cleanName(raw)
		if err != nil {
			if name != "" {
				t.Errorf("cleanName(%q) = %q with an error", raw, name)
			}
			return
		}
		if !fs.ValidPath(name) || name == "." || len(name) > longestName || strings.ContainsAny(name, "\\\x00\r\n ") || strings.Contains(name, "..") && !validDots(name) {
			t.Errorf("cleanName(%q) = %q", raw, name)
		}
	})
}

func validDots(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "." {
			return false
		}
	}
	return true
}

// FuzzRequest sends a stranger's bytes to port and socket. Whatever they are,
// the next client is served.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][]byte{
		nil,
		{0},
		{0, 1},
		{0, 9, 9, 9},
		{0, 4, 0, 0},
		{0, 5, 0, 8, 'x', 0},
		{0, 6, 'a', 0, 'b', 0},
		[]byte("\x00\x01snponly.efi\x00octet\x00"),
		[]byte("\x00\x01snponly.efi\x00octet\x00blksize\x001468\x00tsize\x000\x00windowsize\x0064\x00"),
		[]byte("\x00\x01grub/grub.cfg\x00netascii\x00timeout\x00256\x00"),
		[]byte("\x00\x01../../etc/passwd\x00octet\x00"), []byte("\x00\x01pipe\x00mail\x00"), []byte("\x00\x01exact"),
		[]byte("\x00\x02snponly.efi\x00octet\x00"), []byte("\x00\x01\xff\x00octet\x00blksize\x00-1\x00"),
	} {
		f.Add(seed)
	}
	s, _ := start(f, func(c *Config) {
		c.PerSource, c.Transfers = 1<<14, 1<<14
		c.Routes = slices.DeleteFunc(loaders(), func(r Route) bool { return r.Name == "panics" })
	})
	turn := uint32(0)
	f.Fuzz(func(t *testing.T, raw []byte) {
		// From an address of their own: what ends late for clients that are gone, and
		// the library answers an error with one, must not come to who has their port.
		turn++
		from := net.IPv4(127, byte(turn>>14), byte(turn>>7)&127, 2+byte(turn)&127)
		stranger, next := dialFrom(t, s, from), dialFrom(t, s, from)
		if _, err := stranger.conn.WriteToUDP(raw, stranger.to); err != nil {
			return // longer than a datagram
		}
		next.request(opRRQ, "exact", "octet")
		op, rest := next.receive(patience)
		next.send(opError, 0, 0, 0)
		if op != opData || !bytes.Equal(rest[2:], loader[:512]) {
			t.Errorf("after %q the next client gets op %d %.20q", raw, op, rest)
		}
		// One reply at most comes: nothing goes on without an ACK. It is waited for
		// where a request can be read, for what is begun and never broken off is kept
		// for half a minute, and a quick machine comes to the bound of transfers.
		wait := 50 * time.Microsecond
		if _, ok := parseRequest(raw); ok {
			wait = 20 * time.Millisecond
		}
		if op, rest := stranger.receive(wait); op != 0 {
			stranger.send(opError, 0, 0, 0)
			if len(rest) > largestBlock+2 || op != opData && op != opOACK && op != opError {
				t.Errorf("%q brings op %d with %d bytes", raw, op, len(rest))
			}
		}
		if s.metrics.results[panicked].Load() != 0 {
			t.Fatalf("%q makes it panic", raw)
		}
	})
}

// FuzzNegotiate reads a stranger's packet and agrees with it, in memory.
func FuzzNegotiate(f *testing.F) {
	for _, seed := range []string{
		"\x00\x01a\x00octet\x00blksize\x001468\x00tsize\x000\x00windowsize\x0064\x00", "\x00\x01a\x00octet\x00timeout\x0018446744073709551616\x00",
		"\x00\x01a\x00octet\x00blksize\x00-8\x00blksize", "\x00\x01\x00\x00\x00\x00", "\x00\x02a\x00MAIL\x00windowsize\x000x10\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, ok := parseRequest(raw)
		if !ok {
			return
		}
		a := negotiate(r, 1<<40, largestBlock)
		if a.block < 8 || a.block > largestBlock || a.window < 1 || a.window > largestWindow ||
			a.wait < 0 || a.wait > longestTimeout*time.Second || len(a.oack) > 100 {
			t.Errorf("negotiate(%q) = %+v", raw, a)
		}
	})
}
