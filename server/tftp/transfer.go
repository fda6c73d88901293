package tftp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/pin/tftp/v3"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// transfer is one file on its way to one client.
type transfer struct {
	to    netip.AddrPort
	name  string
	began time.Time
	// Who has the address as the transfer begins: UEFI gives an address of DHCPv6
	// back with the last block.
	machine string
	mac     machine.MAC
	// What the sender tells through the hook, from the transfer's goroutine.
	block, window string
	acked         int // packets
}

// send answers one read request, through the library's sender or ours. What it
// returns goes to the client as an error.
func (s *Server) send(raw string, rf io.ReaderFrom) (err error) {
	out, ok := rf.(tftp.OutgoingTransfer)
	if !ok {
		return errRead
	}
	addr := out.RemoteAddr()
	t := &transfer{to: addrPort(addr.IP, addr.Port), began: s.cfg.Now(), block: strconv.Itoa(defaultBlock)}
	defer func() {
		if s.contained("sending a TFTP file panicked", recover()) {
			err = errRead
		}
	}()
	if t.name, err = cleanName(raw); err != nil {
		s.metrics.results[refused].Add(1)
		s.cfg.Log.Debug("refused a TFTP request", "client", t.to.String(), "name", raw)
		return err
	}
	if err := s.limits.enter(t.to.Addr()); err != nil {
		s.metrics.results[limited].Add(1)
		return err
	}
	defer s.limits.leave(t.to.Addr())
	t.machine, t.mac = s.cfg.WhoIs(t.to.Addr())
	return s.sendFile(t, out, rf)
}

func (s *Server) sendFile(t *transfer, out tftp.OutgoingTransfer, rf io.ReaderFrom) error {
	f, size, err := open(s.cfg.Routes, t.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.metrics.results[missing].Add(1)
		s.note(t, journal.Missing, "TFTP "+t.name+": "+noFile(t.name), 0)
		return errNotFound
	case err != nil:
		s.metrics.results[refused].Add(1)
		s.cfg.Log.Warn("a TFTP file cannot be read", "client", t.to.String(), "name", t.name, "error", err)
		return errRead
	}
	defer f.Close() //nolint:errcheck // it was read only
	out.SetSize(size)
	s.register(t)
	defer s.forget(t)
	n, err := rf.ReadFrom(&untilStop{f, s.stop})
	s.finish(t, n, err)
	// The library has told the client already.
	return err
}

// noFile says that there is none. iPXE for UEFI looks for a script beside itself,
// at every start, and goes on without it.
func noFile(name string) string {
	if name == "autoexec.ipxe" {
		return "there is none, and need not be: iPXE looks for it as it starts"
	}
	return "there is no such file"
}

// finish counts and tells how a transfer ended. A client that acknowledged
// nothing took nothing: EDK2 asks for the size alone and breaks off with error 8
// before it asks again for the file (pin/tftp issue 125); and strangers forge
// requests.
func (s *Server) finish(t *transfer, n int64, err error) {
	switch {
	case err == nil:
		s.metrics.results[done].Add(1)
		s.metrics.bytes.Add(uint64(n))
		s.note(t, journal.Sent, fmt.Sprintf("TFTP %s, %s", t.name, t.blocks()), n)
	case t.acked == 0:
		s.metrics.results[withdrawn].Add(1)
		s.cfg.Log.Debug("a TFTP client took nothing", "client", t.to.String(), "name", t.name, "error", err)
	default:
		s.metrics.results[broken].Add(1)
		s.metrics.bytes.Add(uint64(n))
		s.note(t, journal.BrokenOff, fmt.Sprintf("TFTP %s broke off, %s", t.name, t.blocks()), n)
		s.cfg.Log.Info("a TFTP transfer broke off", "client", t.to.String(), "name", t.name, "bytes", n, "error", err)
	}
}

// blocks words how the file goes.
func (t *transfer) blocks() string {
	if t.window == "" || t.window == "1" {
		return t.block + "-byte blocks"
	}
	return t.block + "-byte blocks, windows of " + t.window
}

// note adds a row to the timeline of the machine behind the address, if one is
// known.
func (s *Server) note(t *transfer, came journal.Outcome, text string, n int64) {
	if t.machine == "" && t.mac.IsZero() {
		return
	}
	s.cfg.Journal.Note(journal.Event{
		At: t.began, Machine: t.machine, MAC: t.mac, Source: journal.Files, Text: text,
		Bytes: n, Duration: s.cfg.Now().Sub(t.began),
		Details: map[string]string{journal.DetailOutcome: string(came), journal.DetailFile: t.name, "block": t.block, "address": t.to.Addr().String()},
	})
}

func (s *Server) register(t *transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[t.to] = t
}

func (s *Server) forget(t *transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[t.to] == t {
		delete(s.running, t.to)
	}
}

// hook hears from the library how transfers ended.
type hook struct{ s *Server }

// OnSuccess is part of tftp.Hook.
func (h hook) OnSuccess(stats tftp.TransferStats) { h.ended(stats) }

// OnFailure is part of tftp.Hook. Without a client it is the socket that failed,
// which serve tells of.
func (h hook) OnFailure(stats tftp.TransferStats, _ error) {
	if stats.RemoteAddr != nil {
		h.ended(stats)
	}
}

func (h hook) ended(stats tftp.TransferStats) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	t := h.s.running[addrPort(stats.RemoteAddr, stats.Tid)]
	if t == nil {
		return
	}
	if size, ok := stats.Opts["blksize"]; ok {
		t.block, t.window = size, stats.Opts["windowsize"]
	}
	t.acked = stats.DatagramsAcked
}

// untilStop ends transfers when the server stops.
type untilStop struct {
	r    io.Reader
	stop <-chan struct{}
}

func (u *untilStop) Read(b []byte) (int, error) {
	select {
	case <-u.stop:
		return 0, errStopping
	default:
		return u.r.Read(b)
	}
}

func addrPort(ip net.IP, port int) netip.AddrPort {
	a, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(a.Unmap(), uint16(port))
}

// contain is for defer: it keeps a panic from ending the process.
func (s *Server) contain(msg string) { s.contained(msg, recover()) }

func (s *Server) contained(msg string, fault any) bool {
	if fault == nil {
		return false
	}
	s.metrics.results[panicked].Add(1)
	s.cfg.Log.Error(msg, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	return true
}
