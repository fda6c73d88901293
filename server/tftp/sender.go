package tftp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pin/tftp/v3"
	"github.com/pin/tftp/v3/netascii"
)

// sender sends one file behind the interface of the library's own sender
// (tftp.OutgoingTransfer and io.ReaderFrom), with what that one lacks: windows
// (RFC 7440), the timeout option, small blocks, a source address of our choice,
// an answer to strangers, and waits that follow the network.
type sender struct {
	local   netip.Addr
	peer    netip.AddrPort
	request request
	size    int64 // bytes; negative: not known
	hook    tftp.Hook
	stop    <-chan struct{}
	resent  *atomic.Uint64 // blocks

	agreed
	conn      *net.UDPConn
	ended     bool
	clock     clock
	wakes     time.Time // when a read ends without a packet
	acked     int       // packets
	strangers int
	began     time.Time
}

// SetSize is part of tftp.OutgoingTransfer.
func (w *sender) SetSize(n int64) { w.size = n }

// RemoteAddr is part of tftp.OutgoingTransfer.
func (w *sender) RemoteAddr() net.UDPAddr { return *net.UDPAddrFromAddrPort(w.peer) }

// ReadFrom sends what r has. Its errors are the client's already.
func (w *sender) ReadFrom(r io.Reader) (n int64, err error) {
	switch w.request.mode {
	case "octet":
	case "netascii":
		r, w.size = netascii.ToReader(r), -1
	default:
		return 0, errMode
	}
	w.began = time.Now()
	w.agreed = negotiate(w.request, w.size, largestTo(w.peer.Addr()))
	w.clock.fixed = w.wait
	if err := w.open(); err != nil {
		return 0, err
	}
	defer w.close()
	if n, err = w.transfer(r); err != nil {
		w.hook.OnFailure(w.stats(), err)
		w.abort(err)
		return n, err
	}
	w.hook.OnSuccess(w.stats())
	return n, nil
}

func (w *sender) stats() tftp.TransferStats {
	return tftp.TransferStats{
		RemoteAddr: w.peer.Addr().AsSlice(), Tid: int(w.peer.Port()), Filename: w.request.name, Mode: w.request.mode,
		Opts:     map[string]string{"blksize": strconv.Itoa(w.block), "windowsize": strconv.Itoa(w.window)},
		Duration: time.Since(w.began), DatagramsAcked: w.acked,
	}
}

// open takes a port for the transfer, its TID (RFC 1350 §4).
func (w *sender) open() (err error) {
	w.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.local, 0)))
	return err
}

func (w *sender) close() {
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.conn, w.ended = nil, true
}

// abort tells the client why it gets nothing more, unless it is the one that
// ended the transfer.
func (w *sender) abort(err error) {
	if w.ended || w.conn == nil && w.open() != nil {
		return
	}
	defer w.close()
	if !errors.Is(err, errBrokenOff) {
		_ = w.write(errorPacket(err))
	}
}

// transfer sends window after window. The first packet goes alone: it is the
// OACK, or, where no option was taken, the first of windows of one block; who
// never answers is not flooded.
func (w *sender) transfer(r io.Reader) (n int64, err error) {
	if w.oack != nil {
		if err := w.agree(); err != nil {
			return 0, err
		}
	}
	f := newFlight(w.block, w.window)
	for {
		if err := f.fill(r); err != nil {
			return n, fmt.Errorf("%w: %w", errRead, err)
		}
		if f.empty() {
			return n, nil
		}
		settled, err := w.deliver(f)
		if err != nil {
			return n, err
		}
		n += f.settle(settled)
	}
}

// agree sends the OACK until block 0 is acknowledged.
func (w *sender) agree() error {
	for try := range retries + 1 {
		sent := time.Now()
		if err := w.write(w.oack); err != nil {
			return err
		}
		block, err := w.receive(sent.Add(w.clock.wait(try)), func(block uint16) bool { return block == 0 })
		if err == nil && block == 0 {
			w.clock.measured(time.Since(sent), try)
			w.acked++
			return nil
		}
		if !errors.Is(err, errSilent) {
			return err
		}
	}
	return errSilent
}

// deliver sends the blocks of f that were not sent until at least one more is
// acknowledged, and tells how many are.
func (w *sender) deliver(f *flight) (settled int, err error) {
	for try := range retries + 1 {
		sent := time.Now()
		if err := w.flush(f); err != nil {
			return 0, err
		}
		// In a window the ACK of the block before it tells that its first block
		// is lost. The same ACK comes twice where the network doubles packets;
		// that one is here before the window can have been seen.
		gap := sent.Add(w.clock.roundTrip() / 2)
		block, err := w.receive(sent.Add(w.clock.wait(try)), func(block uint16) bool {
			ahead := f.ahead(block)
			return ahead > 0 && ahead <= f.count || ahead == 0 && w.window > 1 && time.Now().After(gap)
		})
		switch {
		case errors.Is(err, errSilent):
			continue
		case err != nil:
			return 0, err
		}
		if settled = f.ahead(block); settled > 0 {
			w.clock.measured(time.Since(sent), try)
			w.acked++
			return settled, nil
		}
	}
	return 0, errSilent
}

// flush sends the window; what was sent before, behind a gap or in vain, again.
func (w *sender) flush(f *flight) error {
	w.resent.Add(uint64(f.sent))
	for f.sent = 0; f.sent < f.count; f.sent++ {
		if err := w.write(f.at(f.sent)); err != nil {
			return err
		}
	}
	return nil
}

func (w *sender) write(b []byte) error {
	_, err := w.conn.WriteToUDPAddrPort(b, w.peer)
	return err
}

// receive waits for an ACK that is wanted; errSilent when none came in time.
func (w *sender) receive(until time.Time, wanted func(block uint16) bool) (uint16, error) {
	var b [512]byte
	for {
		if err := w.wakeBy(until); err != nil {
			return 0, err
		}
		n, from, err := w.conn.ReadFromUDPAddrPort(b[:])
		select {
		case <-w.stop:
			return 0, errStopping
		default:
		}
		var late net.Error
		switch {
		case errors.As(err, &late) && late.Timeout():
			if !time.Now().Before(until) {
				return 0, errSilent
			}
			continue
		case err != nil:
			return 0, err
		case from != w.peer:
			w.turnAway(from)
			continue
		}
		if said, ok := errorOf(b[:n]); ok {
			return 0, fmt.Errorf("%w: %q", errBrokenOff, said)
		}
		if block, ok := ackOf(b[:n]); ok && wanted(block) {
			return block, nil
		}
	}
}

// wakeBy has the next read end at until, or sooner: within a second, to see whether
// the server stops. To set a timer costs a good part of what a packet costs, so
// that one which is early enough stays as it is.
func (w *sender) wakeBy(until time.Time) error {
	now := time.Now()
	if w.wakes.After(now) && !w.wakes.After(until) {
		return nil
	}
	w.wakes = now.Add(time.Second)
	if until.Before(w.wakes) {
		w.wakes = until
	}
	return w.conn.SetReadDeadline(w.wakes)
}

// turnAway tells strangers that the port is not theirs (RFC 1350 §4), some
// times: one that asks on and on is not answered for ever.
func (w *sender) turnAway(who netip.AddrPort) {
	if w.strangers++; w.strangers <= 8 {
		_, _ = w.conn.WriteToUDPAddrPort(errorPacket(errStranger), who)
	}
}
