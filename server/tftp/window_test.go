package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// windows takes a whole file.
func (c *client) windows(block, window int, name string) (content []byte, err error) {
	var all bytes.Buffer
	err = c.windowsTo(&all, block, window, name)
	return all.Bytes(), err
}

// windowsTo takes a file as a client of RFC 7440 does: it acknowledges the last
// block of a window, and, where one is missing, the last one before it.
func (c *client) windowsTo(to io.Writer, block, window int, name string) error {
	c.request(opRRQ, name, "octet", "blksize", strconv.Itoa(block), "windowsize", strconv.Itoa(window))
	agreed, last, have := false, uint16(0), 0
	for silent := 0; ; {
		op, rest := c.receive(time.Second)
		switch {
		case op == 0 && !agreed:
			c.request(opRRQ, name, "octet", "blksize", strconv.Itoa(block), "windowsize", strconv.Itoa(window))
			fallthrough
		case op == 0:
			if silent++; silent > 30 {
				return fmt.Errorf("silence after block %d", last)
			}
			if agreed {
				c.ack(last)
			}
		case op == opError && binary.BigEndian.Uint16(rest) == codeOf(errStranger):
			// A window of the past, to a port that is used anew.
		case op == opError:
			return fmt.Errorf("after block %d: error %q", last, rest)
		case op == opOACK:
			agreed = true
			block = oackBlock(rest)
			c.ack(0)
		case op == opData:
			silent = 0
			if binary.BigEndian.Uint16(rest) != last+1 {
				// RFC 7440 §4: once for each gap, not for each block behind it.
				if binary.BigEndian.Uint16(rest) == last+2 {
					c.ack(last)
					have = 0
				}
				continue
			}
			if _, err := to.Write(rest[2:]); err != nil {
				return err
			}
			last++
			have++
			if end := len(rest)-2 < block; end || have == window {
				c.ack(last)
				have = 0
				if end {
					return nil
				}
			}
		}
	}
}

func codeOf(err error) uint16 { return binary.BigEndian.Uint16(errorPacket(err)[2:]) }

func oackBlock(oack []byte) int {
	words := strings.Split(string(oack), "\x00")
	n, err := strconv.Atoi(words[slices.Index(words, "blksize")+1])
	if err != nil {
		panic(err)
	}
	return n
}

// blocks receives as many DATA as are expected, and what comes at once behind
// them, as numbers.
func (c *client) blocks(expected int) (numbers []uint16) {
	for within := patience; ; {
		if len(numbers) >= expected {
			within = 50 * time.Millisecond
		}
		op, rest := c.receive(within)
		if op != opData {
			return numbers
		}
		numbers = append(numbers, binary.BigEndian.Uint16(rest))
	}
}

// What comes after which ACK, with windows of four (RFC 7440 §4). The timeout is
// so long that nothing comes of itself.
func TestWindows(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	c := dial(t, s)
	c.request(opRRQ, "snponly.efi", "octet", "windowsize", "4", "timeout", "12")
	if op, rest := c.receive(patience); op != opOACK || string(rest) != "timeout\x0012\x00windowsize\x004\x00" {
		t.Fatalf("first came op %d %q", op, rest)
	}
	for _, step := range []struct {
		why  string
		ack  uint16
		want []uint16
	}{
		{"the first window", 0, []uint16{1, 2, 3, 4}},
		{"the next one", 4, []uint16{5, 6, 7, 8}},
		{"block 7 is missing", 6, []uint16{7, 8, 9, 10}},
		{"its first block is missing", 6, []uint16{7, 8, 9, 10}},
		{"the same ACK once more, late", 6, []uint16{7, 8, 9, 10}},
		{"an ACK of the past", 4, nil},
		{"an ACK of the future", 11, nil},
		{"on it goes", 10, []uint16{11, 12, 13, 14}},
	} {
		c.ack(step.ack)
		if got := c.blocks(len(step.want)); !slices.Equal(got, step.want) {
			t.Fatalf("%s: ACK %d brings %v, want %v", step.why, step.ack, got, step.want)
		}
	}
	c.send(opError, 0, 0, 'x', 0)
	if got := c.blocks(0); got != nil {
		t.Errorf("after the client's error came %v", got)
	}
}

// RFC 1123 §4.2.3.2: the wait follows the network, and doubles.
func TestClock(t *testing.T) {
	var c clock
	all := func() (waits []time.Duration) {
		for try := range retries + 1 {
			waits = append(waits, c.wait(try))
		}
		return waits
	}
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
	if got := all(); !slices.Equal(got, want) {
		t.Errorf("of a client that is not known: %v, want %v", got, want)
	}
	for range 50 {
		c.measured(time.Millisecond, 0)
	}
	c.measured(time.Minute, 1) // of a repetition, which tells nothing
	if got := c.wait(0); got != shortestWait {
		t.Errorf("of one next door: %v, want %v", got, shortestWait)
	}
	for range 50 {
		c.measured(3*time.Second, 0)
	}
	if got := c.wait(0); got != firstWait {
		t.Errorf("of one far away: %v, want %v", got, firstWait)
	}
	// T-08: silence ends a transfer within a minute, whatever was asked for.
	c.fixed = longestTimeout * time.Second
	total := time.Duration(0)
	for _, w := range all() {
		total += w
	}
	if total > time.Minute {
		t.Errorf("a silent client is waited for %v", total)
	}
}

// A file that fails in the middle is not the client's fault, and what it hears
// names no path.
func TestAFileThatFails(t *testing.T) {
	f := newFlight(8, 4)
	if err := f.fill(io.MultiReader(strings.NewReader("0123456789"), failing{})); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("fill() = %v", err)
	}
	if got := string(errorPacket(fmt.Errorf("%w: /srv/secret: bad block", errRead))); got != "\x00\x05\x00\x02file cannot be read\x00" {
		t.Errorf("the client hears %q", got)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

// T-08: who falls silent in the middle is not waited for longer than a minute,
// with whatever timeout it asked for. It counts as many seconds as the long form
// waits; the ordinary one asks for the shortest.
func TestSilenceEndsATransfer(t *testing.T) {
	t.Parallel()
	timeouts := map[string]time.Duration{"1": 10 * time.Second}
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		timeouts = map[string]time.Duration{"": time.Minute, "12": time.Minute + time.Second}
	}
	for timeout, within := range timeouts {
		t.Run("timeout "+timeout, func(t *testing.T) {
			t.Parallel()
			s, d := start(t)
			c := dial(t, s)
			fields := []string{"snponly.efi", "octet", "blksize", "1468"}
			if timeout != "" {
				fields = append(fields, "timeout", timeout)
			}
			c.request(opRRQ, fields...)
			c.receive(3 * time.Second)
			c.ack(0)
			c.receive(3 * time.Second)
			c.ack(1)
			select {
			case <-d.news:
			case <-time.After(within):
			}
			if n := s.limits.active(); n != 0 {
				t.Errorf("%v after the last ACK %d transfers are still there, want none", within, n)
			}
		})
	}
}
