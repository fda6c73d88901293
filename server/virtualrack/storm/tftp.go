package storm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

// Packets of TFTP (RFC 1350 §5, RFC 2347).
const (
	opRead  = 1
	opData  = 3
	opAck   = 4
	opError = 5
	opOACK  = 6
)

const (
	tftpPort = 69
	// block is what PXE ROMs ask for on Ethernet.
	block = 1468
	// window is how many blocks EDK2 lets come before it acknowledges (RFC 7440;
	// PcdPxeTftpWindowSize). ROMs of a BIOS ask for none.
	window = 4
	// tftpWait is how long firmware waits for a packet before it repeats its own,
	// tftpTries how often.
	tftpWait  = 2 * time.Second
	tftpTries = 6
	// batch is how many packets one system call moves.
	batch = 64
)

// transfer is one machine's loader on its way. The reader of the socket answers
// each block by itself; the machine is woken at the end alone.
type transfer struct {
	address netip.Addr // the machine's; what tells transfers apart, as all have one port
	done    chan error

	mu    sync.Mutex
	to    netip.AddrPort // the server's end, of its own port after the first answer
	last  []byte         // what was sent last, to repeat
	next  uint16         // the block that is waited for
	every int            // how many blocks an ACK is for
	since int            // how many came after the last ACK
	bytes int64
	size  int64 // as the server says it
	moved bool  // something came since it was looked at
}

// listenLoaders opens the socket that all machines' TFTP goes through.
func listenLoaders() (*ipv4.PacketConn, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		return nil, fmt.Errorf("open the machines' socket for TFTP: %w", err)
	}
	_ = conn.SetReadBuffer(8 << 20)
	p := ipv4.NewPacketConn(conn)
	return p, p.SetControlMessage(ipv4.FlagDst, true)
}

// fetch reads a file and drops its bytes.
func (w *wires) fetch(ctx context.Context, n *node, l lease) (size int64, retries int, err error) {
	t := &transfer{address: l.address, done: make(chan error, 1), to: netip.AddrPortFrom(l.server, tftpPort), next: 1, every: 1}
	t.last = fmt.Appendf([]byte{0, opRead}, "%s\x00octet\x00blksize\x00%d\x00tsize\x000\x00", l.file, block)
	if n.UEFI {
		t.last = fmt.Appendf(t.last, "windowsize\x00%d\x00", window)
	}
	w.mu.Lock()
	w.transfers[l.address] = t
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.transfers, l.address)
	}()
	for try := 0; try < tftpTries; try++ {
		if err := w.repeat(t); err != nil {
			return 0, retries, err
		}
		for {
			err, ended := wait(ctx, t.done, time.Now().Add(tftpWait))
			if ended || ctx.Err() != nil {
				return t.got(), retries, errors.Join(err, ctx.Err())
			}
			if !t.stalled() {
				try = 0
				continue
			}
			break
		}
		retries++
	}
	return 0, retries, errSilence
}

// repeat sends what was sent last.
func (w *wires) repeat(t *transfer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := w.loaders.WriteTo(t.last, &ipv4.ControlMessage{Src: t.address.AsSlice()}, net.UDPAddrFromAddrPort(t.to))
	return err
}

func (t *transfer) stalled() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	moved := t.moved
	t.moved = false
	return !moved
}

func (t *transfer) got() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}

// readLoaders acknowledges blocks until the socket closes, many with one system
// call.
func (w *wires) readLoaders() {
	in, out := make([]ipv4.Message, batch), make([]ipv4.Message, 0, batch)
	for i := range in {
		in[i].Buffers, in[i].OOB = [][]byte{make([]byte, 2048)}, make([]byte, 64)
	}
	for {
		n, err := w.loaders.ReadBatch(in, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		out = out[:0]
		for _, m := range in[:max(n, 0)] {
			if answer, ok := w.answer(&m); ok {
				out = append(out, answer)
			}
		}
		for rest := out; len(rest) > 0; {
			n, err := w.loaders.WriteBatch(rest, 0)
			if err != nil {
				break // lost, as packets are; it is repeated
			}
			rest = rest[n:]
		}
	}
}

// answer is what a machine says to a packet, if anything.
func (w *wires) answer(m *ipv4.Message) (ipv4.Message, bool) {
	var cm ipv4.ControlMessage
	from, ok := m.Addr.(*net.UDPAddr)
	if cm.Parse(m.OOB[:m.NN]) != nil || !ok {
		return ipv4.Message{}, false
	}
	address, _ := netip.AddrFromSlice(cm.Dst.To4())
	w.mu.Lock()
	t := w.transfers[address]
	w.mu.Unlock()
	if t == nil {
		return ipv4.Message{}, false
	}
	ack := t.take(m.Buffers[0][:m.N], from.AddrPort())
	source := ipv4.ControlMessage{Src: cm.Dst}
	return ipv4.Message{Buffers: [][]byte{ack}, OOB: source.Marshal(), Addr: from}, ack != nil
}

// take is one packet of the server; the result is the ACK to it.
func (t *transfer) take(b []byte, from netip.AddrPort) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(b) < 4 {
		return nil
	}
	t.to, t.moved = from, true
	switch binary.BigEndian.Uint16(b) {
	case opOACK:
		t.size = numberIn(b[2:], "tsize", 0)
		t.every = int(numberIn(b[2:], "windowsize", 1))
		t.last = []byte{0, opAck, 0, 0}
	case opData:
		return t.block(binary.BigEndian.Uint16(b[2:]), len(b)-4)
	case opError:
		t.say(fmt.Errorf("TFTP error %d: %s", binary.BigEndian.Uint16(b[2:]), bytes.TrimRight(b[4:], "\x00")))
		return nil
	}
	return t.last
}

// block is one block of the file. Where one is missing, the server is told once
// how far the file has come (RFC 7440 §4).
func (t *transfer) block(number uint16, size int) []byte {
	if number != t.next {
		if t.since == 0 {
			return nil // told, or a repetition; the timer repeats the ACK
		}
		t.since = 0
		return t.last
	}
	t.next++
	t.since++
	t.bytes += int64(size)
	t.last = binary.BigEndian.AppendUint16([]byte{0, opAck}, number)
	if size == block && t.since < t.every {
		return nil
	}
	t.since = 0
	if size < block {
		t.end()
	}
	return t.last
}

// end checks that all came.
func (t *transfer) end() {
	if t.size > 0 && t.size != t.bytes {
		t.say(fmt.Errorf("the loader has %d bytes, not the %d that were announced", t.bytes, t.size))
		return
	}
	t.say(nil)
}

func (t *transfer) say(err error) {
	select {
	case t.done <- err:
	default:
	}
}

// numberIn reads an option of an OACK.
func numberIn(options []byte, name string, otherwise int64) int64 {
	words := bytes.Split(options, []byte{0})
	for i := 0; i+1 < len(words); i += 2 {
		if !bytes.EqualFold(words[i], []byte(name)) {
			continue
		}
		if n, err := strconv.ParseInt(string(words[i+1]), 10, 64); err == nil {
			return n
		}
	}
	return otherwise
}
