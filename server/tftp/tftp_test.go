package tftp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"firstlight/server/machine"
)

func TestFetch(t *testing.T) {
	s, _ := start(t)
	for _, tt := range []struct {
		name   string
		fields []string
		want   []byte
	}{
		{"a loader in blocks of 512", []string{"snponly.efi", "octet"}, loader},
		{"a loader in blocks of 1468 with its size", []string{"snponly.efi", "octet", "blksize", "1468", "tsize", "0"}, loader},
		{"a file that ends with a full block", []string{"exact", "octet"}, loader[:1024]},
		{"an empty file", []string{"empty", "octet"}, nil},
		{"a file in a folder", []string{"grub/grub.cfg", "octet"}, []byte("set timeout=0\n")},
		{"a name from the root, as GRUB asks", []string{"/grub/grub.cfg", "octet"}, []byte("set timeout=0\n")},
		{"a name with the end option behind it", []string{"snponly.efi\xff", "octet"}, loader},
		{"the mode in capitals", []string{"snponly.efi", "OCTET"}, loader},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, resent := dial(t, s).fetch(1, tt.fields...)
			if !bytes.Equal(got, tt.want) || resent != 0 {
				t.Errorf("fetch(%q) = %d bytes, %d blocks twice, want %d bytes, 0 twice", tt.fields, len(got), resent, len(tt.want))
			}
		})
	}
}

// UEFI asks over IPv6 as it does over IPv4, with and without options.
func TestFetchOverIPv6(t *testing.T) {
	var given atomic.Bool
	s, d := start(t, func(c *Config) {
		c.Addresses = []netip.AddrPort{netip.MustParseAddrPort("[::1]:0")}
		c.WhoIs = func(netip.Addr) (string, machine.MAC) {
			if given.Swap(true) {
				return "", machine.MAC{} // given back while the last block was on its way
			}
			return "m1", testMAC
		}
	})
	if got, resent := dial(t, s).fetch(1, "snponly.efi", "octet"); !bytes.Equal(got, loader) || resent != 0 {
		t.Errorf("fetch() = %d bytes, %d blocks twice, want %d, 0", len(got), resent, len(loader))
	}
	if got, err := dial(t, s).windows(1428, 4, "snponly.efi"); err != nil || !bytes.Equal(got, loader) {
		t.Errorf("windows() = %d bytes, %v, want %d", len(got), err, len(loader))
	}
	c := dial(t, s)
	c.request(opRRQ, "snponly.efi", "octet", "blksize", "1468")
	if op, rest := c.receive(patience); op != opOACK || string(rest) != "blksize\x001448\x00" {
		t.Errorf("1468 bytes, which need fragments: op %d %q, want blksize 1448", op, rest)
	}
	c.send(opError, 0, 8, 'b', 'y', 'e', 0)
	if e := d.next(t); e.Details["address"] != "::1" || e.Machine != "m1" || e.MAC != testMAC {
		t.Errorf("the journal has %s, %s at %s, want m1, %s at ::1", e.Machine, e.MAC, e.Details["address"], testMAC)
	}
}

// T-01: a duplicate ACK must not make a duplicate DATA (RFC 1123 §4.2.3.1, the
// sorcerer's apprentice).
func TestDuplicateACKsResendNothing(t *testing.T) {
	s, _ := start(t)
	got, resent := dial(t, s).fetch(3, "snponly.efi", "octet", "blksize", "1468")
	if !bytes.Equal(got, loader) || resent != 0 {
		t.Errorf("fetch() = %d bytes, %d blocks twice, want %d, 0", len(got), resent, len(loader))
	}
}

// T-03: the block number wraps to 0, here with the smallest blocks, in windows.
func TestSmallBlocksWrap(t *testing.T) {
	t.Parallel()
	small := loader[:(65535+1000)*8]
	s, _ := start(t, func(c *Config) { c.Routes = []Route{{"big", oneFile(small)}} })
	got, err := dial(t, s).windows(8, 64, "big")
	if err != nil || !bytes.Equal(got, small) {
		t.Errorf("windows() = %d bytes, %v, want %d", len(got), err, len(small))
	}
}

// T-03: the block number wraps to 0; in the long form three times, in 101 MiB.
func TestBlockNumberWraps(t *testing.T) {
	t.Parallel()
	size := 65536*512 + 100
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		size = 101 << 20
	}
	big := bytes.Repeat([]byte{7}, size)
	s, _ := start(t, func(c *Config) { c.Routes = []Route{{"big", oneFile(big)}} })
	got, _ := dial(t, s).fetch(1, "big", "octet")
	if !bytes.Equal(got, big) {
		t.Errorf("fetch() = %d bytes, want %d", len(got), len(big))
	}
}

// T-05: what an option list does not settle is ignored; nothing crashes.
func TestOptions(t *testing.T) {
	s, _ := start(t)
	for _, tt := range []struct {
		name   string
		fields []string
		oack   string // "": DATA comes at once
	}{
		{"an option that nobody knows is ignored", []string{"snponly.efi", "octet", "frobnicate", "7"}, ""},
		{"a known one beside it is taken", []string{"snponly.efi", "octet", "frobnicate", "7", "blksize", "1024"}, "blksize\x001024\x00"},
		{"blksize 7 is ignored", []string{"snponly.efi", "octet", "blksize", "7"}, ""},
		{"blksize 65465 is ignored", []string{"snponly.efi", "octet", "blksize", "65465"}, ""},
		{"a block size that is no number is ignored", []string{"snponly.efi", "octet", "blksize", "1e3"}, ""},
		{"blksize 65464 becomes what fits into a frame", []string{"snponly.efi", "octet", "blksize", "65464"}, "blksize\x001468\x00"},
		{"the size is told", []string{"snponly.efi", "octet", "tsize", "0"}, "tsize\x001000000\x00"},
		{"blksize 8 is the smallest", []string{"snponly.efi", "octet", "blksize", "8"}, "blksize\x008\x00"},
		{"a window is taken", []string{"snponly.efi", "octet", "windowsize", "4"}, "windowsize\x004\x00"},
		{"windowsize 65535 becomes the most that may be lost at once", []string{"snponly.efi", "octet", "windowsize", "65535"}, "windowsize\x0064\x00"},
		{"windowsize 65536 is ignored", []string{"snponly.efi", "octet", "windowsize", "65536"}, ""},
		{"a timeout is taken", []string{"snponly.efi", "octet", "timeout", "2"}, "timeout\x002\x00"},
		{"timeout 0 is ignored", []string{"snponly.efi", "octet", "timeout", "0"}, ""},
		{"a timeout that would hold a transfer for more than a minute is ignored", []string{"snponly.efi", "octet", "timeout", "13"}, ""},
		{"microseconds are not known", []string{"snponly.efi", "octet", "utimeout", "10000"}, ""},
		{"all of EDK2's", []string{"snponly.efi", "octet", "tsize", "0", "blksize", "1468", "windowsize", "4"}, "blksize\x001468\x00tsize\x001000000\x00windowsize\x004\x00"},
		{"names in capitals", []string{"snponly.efi", "octet", "BLKSIZE", "1024"}, "blksize\x001024\x00"},
		{"the size of a text with its line ends is not known", []string{"grub/grub.cfg", "netascii", "tsize", "0"}, ""},
		{"windowsize 0 is ignored", []string{"snponly.efi", "octet", "windowsize", "0"}, ""},
		{"timeout 256 is ignored", []string{"snponly.efi", "octet", "timeout", "256"}, ""},
		{"an option without value is ignored", []string{"snponly.efi", "octet", "blksize"}, ""},
		{"an option twice counts once", []string{"snponly.efi", "octet", "blksize", "1024", "blksize", "512"}, "blksize\x00512\x00"},
		{"a hundred options are ignored", append([]string{"snponly.efi", "octet"}, strings.Split(strings.Repeat("a,1,", 100)+"b,2", ",")...), ""},
		{"five hundred options are ignored, and what is behind the 512 bytes of a request (RFC 2347)", append([]string{"snponly.efi", "octet"}, strings.Split(strings.Repeat("a,1,", 500)+"blksize,512", ",")...), ""},
		{"zeros before a block size do no harm", []string{"snponly.efi", "octet", "blksize", strings.Repeat("0", 400) + "1468"}, "blksize\x001468\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, s)
			c.request(opRRQ, tt.fields...)
			op, rest := c.receive(patience)
			c.send(opError, 0, 8, 'b', 'y', 'e', 0)
			if tt.oack == "" && op != opData || tt.oack != "" && (op != opOACK || string(rest) != tt.oack) {
				t.Errorf("first reply = op %d %.40q, want %q", op, rest, tt.oack)
			}
		})
	}
}

// T-06: names that lead nowhere, and writes.
func TestRefusals(t *testing.T) {
	s, _ := start(t)
	for _, tt := range []struct {
		name  string
		op    uint16
		field string
		want  string
	}{
		{"a file that is not there", opRRQ, "nothing", "file not found"},
		{"a file that is there but not on the list", opRRQ, "NOTICE", "file not found"},
		{"the parent folder", opRRQ, "../etc/passwd", "file name not allowed"},
		{"the parent folder from within", opRRQ, "grub/../../etc/passwd", "file name not allowed"},
		{"a file of the host", opRRQ, "/etc/passwd", "file not found"},
		{"two slashes", opRRQ, "//etc/passwd", "file name not allowed"},
		{"a drive", opRRQ, `C:\boot.ini`, "file name not allowed"},
		{"backslashes", opRRQ, `..\..\boot.ini`, "file name not allowed"},
		{"percent signs are plain characters", opRRQ, "%2e%2e/etc/passwd", "file not found"},
		{"a name longer than any", opRRQ, strings.Repeat("a", 256), "file name not allowed"},
		{"no name", opRRQ, "", "file name not allowed"},
		{"the root", opRRQ, "/", "file name not allowed"},
		{"a dot", opRRQ, ".", "file name not allowed"},
		{"a folder", opRRQ, "grub/", "file name not allowed"},
		{"a line feed", opRRQ, "snponly.efi\n", "file name not allowed"},
		{"a FIFO", opRRQ, "pipe", "file cannot be read"},
		{"a fault of ours", opRRQ, "panics", "file cannot be read"},
		{"writing", opWRQ, "snponly.efi", "read only: writing is not allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, options := range [][]string{nil, {"blksize", "1468"}} {
				c := dial(t, s)
				c.request(tt.op, append([]string{tt.field, "octet"}, options...)...)
				op, rest := c.receive(patience)
				code := binary.BigEndian.Uint16(rest)
				if op != opError || string(rest[2:]) != tt.want+"\x00" || code != 1 && code != 2 ||
					options != nil && (code == 1) != (tt.want == errNotFound.Error()) {
					t.Errorf("op %d of %q with %q answers op %d %q, want error 1 or 2 %q", tt.op, tt.field, options, op, rest, tt.want)
				}
			}
		})
	}
	if got := s.metrics.results[panicked].Load(); got != 2 {
		t.Errorf("panics = %d, want 2", got)
	}
	if got, _ := dial(t, s).fetch(1, "exact", "octet"); len(got) != 1024 {
		t.Errorf("after it all fetch() = %d bytes, want 1024", len(got))
	}
}

// T-06 on a disk: a link that leads out, a device, a folder, a FIFO.
func TestFolderOnDisk(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	for path, content := range map[string]string{filepath.Join(dir, "plain"): "hello", secret: "secret"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range map[string]error{
		"out":    os.Symlink(secret, filepath.Join(dir, "out")),
		"device": os.Symlink("/dev/zero", filepath.Join(dir, "device")),
		"fifo":   syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644),
		"inside": os.Symlink("plain", filepath.Join(dir, "inside")),
	} {
		if err != nil {
			t.Fatalf("make %s: %v", name, err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var routes []Route
	for _, name := range []string{"plain", "inside", "out", "device", "fifo"} {
		routes = append(routes, Route{name, root.FS()})
	}
	s, _ := start(t, func(c *Config) { c.Routes = routes })
	for name, want := range map[string]string{"plain": "hello", "inside": "hello"} {
		if got, _ := dial(t, s).fetch(1, name, "octet"); string(got) != want {
			t.Errorf("fetch(%q) = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"out", "device", "fifo"} {
		c := dial(t, s)
		c.request(opRRQ, name, "octet")
		if op, rest := c.receive(patience); op != opError || !strings.Contains(string(rest), "file cannot be read") {
			t.Errorf("%s answers op %d %q, want an error", name, op, rest)
		}
	}
}

// T-07: who never acknowledges gets no more than six packets and 3.5 kB.
func TestReflectionIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	var all sync.WaitGroup
	for _, fields := range [][]string{
		{"snponly.efi", "octet"},
		{"snponly.efi", "octet", "blksize", "65464", "windowsize", "64"},
	} {
		c := dial(t, s)
		all.Go(func() {
			c.request(opRRQ, fields...)
			packets, size := 0, 0
			for {
				op, rest := c.receive(2 * time.Second)
				if op == 0 {
					break
				}
				packets, size = packets+1, size+2+len(rest)
			}
			if packets > 6 || size > 3500 || packets < 2 {
				t.Errorf("%q without an ACK brings %d packets, %d bytes, want 2 to 6, at most 3500", fields, packets, size)
			}
		})
	}
	all.Wait()
}

// T-08: a stranger's packets do not disturb a transfer, and are answered with
// error 5, by the library with nothing.
func TestStrangersDoNotDisturb(t *testing.T) {
	s, _ := start(t)
	for _, options := range [][]string{nil, {"tsize", "0"}} {
		undisturbed(t, s, options)
	}
}

func undisturbed(t *testing.T, s *Server, options []string) {
	c := dial(t, s)
	c.request(opRRQ, append([]string{"exact", "octet"}, options...)...)
	op, _ := c.receive(patience)
	if op == opOACK {
		c.ack(0)
		op, _ = c.receive(patience)
	}
	if op != opData {
		t.Fatalf("op = %d, want DATA", op)
	}
	stranger := dial(t, s)
	stranger.to = c.to
	stranger.ack(1)
	if options != nil {
		if op, rest := stranger.receive(patience); op != opError || binary.BigEndian.Uint16(rest) != 5 {
			t.Errorf("a stranger gets op %d %q, want error 5", op, rest)
		}
	}
	stranger.send(opError, 0, 0, 'x', 0)
	stranger.ack(1)
	c.ack(1)
	if op, rest := c.receive(patience); op != opData || binary.BigEndian.Uint16(rest) != 2 {
		t.Errorf("after the stranger came op %d block %v, want DATA 2", op, rest[:2])
	}
	c.ack(2)
	if op, rest := c.receive(patience); op != opData || binary.BigEndian.Uint16(rest) != 3 || len(rest) != 2 {
		t.Errorf("the last block came as op %d %v, want an empty DATA 3", op, rest)
	}
	c.ack(3)
}

func TestMalformedPacketsAreCounted(t *testing.T) {
	s, _ := start(t)
	c := dial(t, s)
	for _, b := range [][]byte{{0}, {0, 1}, {0, 9, 9, 9}, {0, 1, 'a', 'b'}, {0, 4, 0, 0}, bytes.Repeat([]byte{255}, 1000)} {
		if _, err := c.conn.WriteToUDP(b, s.address()); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := dial(t, s).fetch(1, "exact", "octet"); len(got) != 1024 {
		t.Errorf("after garbage fetch() = %d bytes, want 1024", len(got))
	}
	if got := s.metrics.results[malformed].Load(); got != 6 {
		t.Errorf("malformed = %d, want 6", got)
	}
}

func TestTimelineRows(t *testing.T) {
	s, d := start(t)
	dial(t, s).fetch(1, "snponly.efi", "octet", "blksize", "1468", "tsize", "0")
	e := d.next(t)
	if e.Text != "TFTP snponly.efi, 1468-byte blocks" || e.Bytes != int64(len(loader)) || e.Machine != "m1" || e.MAC != testMAC || e.Duration <= 0 {
		t.Errorf("row = %+v", e)
	}

	// EDK2's question after the size leaves no row: the next one is the other
	// client's.
	probe := dial(t, s)
	probe.request(opRRQ, "snponly.efi", "octet", "tsize", "0", "blksize", "1468")
	probe.receive(patience)
	probe.send(opError, append([]byte{0, 8}, "User aborted the transfer\x00"...)...)

	leaves := dial(t, s)
	leaves.request(opRRQ, "snponly.efi", "octet")
	leaves.receive(patience)
	leaves.ack(1)
	leaves.receive(patience)
	leaves.send(opError, append([]byte{0, 0}, "bye\x00"...)...)
	if e := d.next(t); e.Text != "TFTP snponly.efi broke off, 512-byte blocks" || e.Bytes != 1024 {
		t.Errorf("row = %+v", e)
	}

	if op, rest := probe.receive(time.Millisecond); op != 0 {
		t.Errorf("an error is answered with op %d %q (RFC 1350 §7)", op, rest)
	}

	dial(t, s).request(opRRQ, "nothing", "octet")
	if e := d.next(t); e.Text != "TFTP nothing: there is no such file" {
		t.Errorf("row = %+v", e)
	}
}

func TestLimits(t *testing.T) {
	s, _ := start(t, func(c *Config) { c.PerSource = 2 })
	var waiting []*client
	for range 2 {
		c := dial(t, s)
		c.request(opRRQ, "snponly.efi", "octet")
		c.receive(patience)
		waiting = append(waiting, c)
	}
	third := dial(t, s)
	third.request(opRRQ, "snponly.efi", "octet")
	if op, rest := third.receive(patience); op != opError || !strings.Contains(string(rest), "too many") {
		t.Errorf("the third transfer answers op %d %q, want too many", op, rest)
	}
	for _, c := range waiting {
		c.send(opError, 0, 0, 'x', 0)
	}
}

// A storm that is larger than the server serves one after the other: who has to
// wait hears nothing, asks again and is served.
func TestWhoHasToWaitAsksAgain(t *testing.T) {
	s, _ := start(t, func(c *Config) { c.Transfers = 1 })
	first, second := dial(t, s), dial(t, s)
	first.request(opRRQ, "snponly.efi", "octet", "blksize", "1468")
	if op, _ := first.receive(patience); op != opOACK {
		t.Fatalf("the first transfer answers op %d, want its options", op)
	}
	before := s.metrics.results[limited].Load()
	second.request(opRRQ, "snponly.efi", "octet", "blksize", "1468")
	for end := time.Now().Add(patience); s.metrics.results[limited].Load() == before && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	first.send(opError, 0, 0, 'x', 0)
	for end := time.Now().Add(patience); s.limits.active() > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	second.request(opRRQ, "snponly.efi", "octet", "blksize", "1468")
	if op, rest := second.receive(patience); op != opOACK {
		t.Errorf("who asks again hears op %d %q first, want options", op, rest)
	}
	if got := s.metrics.results[limited].Load() - before; got != 1 {
		t.Errorf("%d requests had to wait, want 1", got)
	}
	second.send(opError, 0, 0, 'x', 0)
}

// T-04: many at once, all whole. The long form is a thousand of a megabyte.
func TestManyAtOnce(t *testing.T) {
	many, file, want := 100, "exact", loader[:1024]
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		many, file, want = 1000, "snponly.efi", loader
	}
	s, _ := start(t, func(c *Config) { c.PerSource = 1000 })
	var all sync.WaitGroup
	for range many {
		c := dial(t, s)
		all.Go(func() {
			got := sha256.New() // a thousand clients that keep the file would be all there is to measure
			if err := c.windowsTo(got, 1468, 4, file); err != nil || [sha256.Size]byte(got.Sum(nil)) != sha256.Sum256(want) {
				t.Errorf("the file came with another hash, %v", err)
			}
		})
	}
	all.Wait()
	if got := s.limits.active(); got > many {
		t.Errorf("active = %d", got)
	}
	var used runtime.MemStats
	if runtime.ReadMemStats(&used); used.Sys > 256<<20 && many == 1000 {
		t.Errorf("it took %d MiB of memory, clients and all, want at most 256", used.Sys>>20)
	}
}
