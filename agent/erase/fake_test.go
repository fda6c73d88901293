package erase

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

var (
	errIO  = errors.New("input/output error")
	errCut = errors.New("the machine lost its power")
)

// fakeDisk is a disk in memory.
type fakeDisk struct {
	mu       sync.Mutex
	data     []byte
	door     passthrough.Door
	writes   int
	cutAt    int64 // bytes that are written before the power goes; 0: it stays
	lies     bool  // takes what is written and keeps what it has
	skips    int64 // a byte that writing leaves out; 0: none
	discards bool
	deaf     bool          // nothing can be written
	slow     time.Duration // for each reading
	locked   bool          // no byte can be read or written
	size     int64
	opened   int
	closed   int
}

func newDisk(size int64) *fakeDisk {
	return &fakeDisk{data: bytes.Clone(planted[:size]), size: size}
}

// planted is what all disks hold at first: no byte is 0, and no piece is another's.
var planted = func() []byte {
	b := make([]byte, 8<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32() | 1)
	}
	return b
}()

func (d *fakeDisk) Size() int64            { return d.size }
func (d *fakeDisk) Sync() error            { return nil }
func (d *fakeDisk) Reread() error          { return nil }
func (d *fakeDisk) Close() error           { d.closed++; return nil }
func (d *fakeDisk) Door() passthrough.Door { return d.door }

func (d *fakeDisk) ReadAt(p []byte, off int64) (int, error) {
	if d.slow > 0 {
		<-time.After(d.slow) // in synctest's time
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return 0, errIO
	}
	n := copy(p, d.data[min(off, int64(len(d.data))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (d *fakeDisk) Zero(off, n int64) error {
	if d.deaf {
		return errIO
	}
	return d.fill(off, n)
}

func (d *fakeDisk) Discard(off, n int64) error {
	if !d.discards {
		return errors.ErrUnsupported
	}
	return d.fill(off, n)
}

func (d *fakeDisk) fill(off, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.writes++; d.locked {
		return errIO
	}
	if d.lies {
		return nil
	}
	end := off + n
	if d.cutAt > 0 && end > d.cutAt {
		end = max(off, d.cutAt)
	}
	kept := d.data[d.skips]
	clear(d.data[off:end])
	if d.skips > 0 {
		d.data[d.skips] = kept
	}
	if end < off+n {
		return errCut
	}
	return nil
}

// shuffle is what another key makes of the bytes.
func (d *fakeDisk) shuffle() {
	for i := range d.data {
		d.data[i] ^= byte(0x5a + i%7)
	}
}

// fakeNVMe is a made controller: no machine that the tests run on has one that
// sanitizes. Its answers follow NVMe 2.0c as agent/passthrough's tests give it.
type fakeNVMe struct {
	disk       *fakeDisk
	sanicap    uint32
	oacs       uint16
	fna        byte
	namespaces int              // 0: one
	refuses    map[uint32]error // sanitize actions, and formats by their setting in bits 11:9
	liar       map[uint32]bool
	leaves     byte // what the cells hold when they are erased
	fails      bool // says that each sanitize failed
	polls      int  // status asked for until a sanitize is done
	running    int
	action     uint32
	state      int
	sent       []uint32
}

func (f *fakeNVMe) Namespace() (uint32, error) { return 1, nil }
func (f *fakeNVMe) SCSI(passthrough.SCSI, []byte) error {
	return errors.New("inappropriate ioctl for device")
}

func (f *fakeNVMe) Admin(c passthrough.Admin, b []byte) error {
	switch {
	case c.Opcode == 0x06 && c.CDW10 == 1:
		binary.LittleEndian.PutUint16(b[256:], f.oacs)
		binary.LittleEndian.PutUint32(b[328:], f.sanicap)
		b[524] = f.fna
	case c.Opcode == 0x06 && c.CDW10 >= 2:
		for n := range max(1, f.namespaces) {
			binary.LittleEndian.PutUint32(b[4*n:], uint32(n+1))
		}
	case c.Opcode == 0x02:
		if f.running > 0 {
			if f.running--; f.running == 0 {
				f.state = f.finish()
			}
		}
		binary.LittleEndian.PutUint16(b, uint16(65535/max(1, f.running+1)))
		b[2], b[4] = byte(f.state), byte(f.action)
	case c.Opcode == 0x84 && c.CDW10&7 == passthrough.SanitizeExit:
		f.state = 0
	case c.Opcode == 0x84:
		f.sent = append(f.sent, c.CDW10)
		f.action = c.CDW10 & 7
		if err := f.refuses[f.action]; err != nil {
			return err
		}
		f.state, f.running = passthrough.SanitizeRuns, max(1, f.polls)
	case c.Opcode == 0x80:
		f.sent = append(f.sent, c.CDW10)
		if err := f.refuses[c.CDW10]; err != nil {
			return err
		}
		f.change(c.CDW10, c.CDW10 == 0x400)
	}
	return nil
}

func (f *fakeNVMe) finish() int {
	if f.fails {
		return passthrough.SanitizeFailed
	}
	f.change(f.action, f.action == passthrough.SanitizeCrypto)
	return passthrough.SanitizeDone
}

func (f *fakeNVMe) change(what uint32, byKey bool) {
	switch {
	case f.liar[what]:
	case byKey:
		f.disk.shuffle()
	default:
		copy(f.disk.data, bytes.Repeat([]byte{f.leaves}, len(f.disk.data)))
	}
}

// fakeATA is a made SATA disk behind pass-through.
type fakeATA struct {
	disk     *fakeDisk
	security uint16 // word 128
	hides    uint64
	liar     bool
	refuses  bool
	sent     []byte
}

func (f *fakeATA) Namespace() (uint32, error) { return 0, errIO }
func (f *fakeATA) Admin(passthrough.Admin, []byte) error {
	return errors.New("inappropriate ioctl for device")
}

func (f *fakeATA) SCSI(c passthrough.SCSI, b []byte) error {
	switch command := c.CDB[14]; command {
	case 0xEC:
		put := func(word int, v uint16) { binary.LittleEndian.PutUint16(b[2*word:], v) }
		put(82, 2|1<<10)
		put(83, 0x4000|1<<10)
		put(128, f.security)
		binary.LittleEndian.PutUint64(b[200:], uint64(f.disk.size/512))
	case 0x27:
		s := make([]byte, 22)
		copy(s, []byte{0x72, 1, 0, 0x1d, 0, 0, 0, 14, 9, 12})
		last := uint64(f.disk.size/512) + f.hides - 1
		s[15], s[17], s[19], s[14], s[21] = byte(last), byte(last>>8), byte(last>>16), byte(last>>24), 0x50
		return passthrough.Sense(s)
	default:
		f.sent = append(f.sent, command)
		if command != 0xF4 {
			return nil
		}
		if f.refuses {
			return passthrough.Sense{0x70, 0, 0x0b, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0}
		}
		if f.disk.locked = false; !f.liar {
			clear(f.disk.data)
		}
	}
	return nil
}

// fakeSAS is a made SAS disk that sanitizes.
type fakeSAS struct {
	disk    *fakeDisk
	luns    byte
	fails   bool
	running int
	sent    []byte
}

func (f *fakeSAS) Namespace() (uint32, error) { return 0, errIO }
func (f *fakeSAS) Admin(passthrough.Admin, []byte) error {
	return errors.New("inappropriate ioctl for device")
}

func (f *fakeSAS) SCSI(c passthrough.SCSI, b []byte) error {
	switch c.CDB[0] {
	case 0xA3:
		if c.CDB[5] == 0x02 || c.CDB[5] == 0x01 {
			b[1] = 3
		}
	case 0xA0:
		b[3] = 8 * f.luns
	case 0x48:
		f.sent = append(f.sent, c.CDB[1]&0x1f)
		f.running = 5
	case 0x03:
		b[0] = 0x70
		if f.running--; f.running > 0 {
			b[2], b[7], b[12], b[13], b[15], b[16] = 2, 10, 0x04, 0x1b, 0x80, byte(250-50*f.running)
		} else if f.fails {
			b[2], b[7], b[12], b[13] = 3, 10, 0x31, 0x03
		} else if f.running == 0 {
			clear(f.disk.data)
		}
	default:
		return passthrough.Sense{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0}
	}
	return nil
}

// rig is a machine with disks and an appliance that gives a plan for them.
type rig struct {
	plan   report.ErasePlan
	redeem error
	disks  []report.Disk
	have   map[string]*fakeDisk
	opens  []string
	busy   string
	swaps  bool // the first two disks change their names once one is open
}

func (g *rig) RedeemErase(context.Context, report.Redeem) (report.ErasePlan, error) {
	return g.plan, g.redeem
}

func newRig(disks ...*fakeDisk) *rig {
	g := &rig{have: map[string]*fakeDisk{}}
	for i, d := range disks {
		name, transport := "vd"+string(rune('a'+i)), "virtio"
		switch d.door.(type) {
		case *fakeNVMe:
			name, transport = "nvme"+string(rune('0'+i))+"n1", "nvme"
		case *fakeSAS:
			name, transport = "sd"+string(rune('a'+i)), "sas"
		case *fakeATA:
			name, transport = "sd"+string(rune('a'+i)), "sata"
		}
		g.add(name, "S"+string(rune('0'+i)), transport, d, true)
	}
	return g
}

func (g *rig) add(name, serial, transport string, d *fakeDisk, planned bool) {
	g.have[name] = d
	g.disks = append(g.disks, report.Disk{Name: name, Serial: serial, Bytes: uint64(len(d.data)), Transport: transport})
	if planned {
		g.plan.Disks = append(g.plan.Disks, report.Target{Serial: serial, Bytes: uint64(len(d.data))})
	}
}

func (g *rig) eraser() *Eraser {
	return &Eraser{
		Appliance: g, Log: slog.New(slog.DiscardHandler), Patience: time.Minute, Whole: time.Hour,
		Disks: func() []report.Disk { return g.disks },
		Open: func(name string) (Disk, error) {
			g.opens = append(g.opens, name)
			if name == g.busy {
				return nil, errors.New("device or resource busy")
			}
			if g.swaps {
				g.swaps, g.disks[0].Name, g.disks[1].Name = false, g.disks[1].Name, g.disks[0].Name
			}
			g.have[name].opened++
			return g.have[name], nil
		},
	}
}

var order = report.Order{ID: "1", Action: report.ActionErase, Token: "t"}

func quiet(report.Progress) {}

func (g *rig) erase(t *testing.T) ([]report.Erased, error) {
	t.Helper()
	erased, _, err := g.eraser().Erase(t.Context(), order, quiet)
	for name, d := range g.have {
		if d.opened != d.closed {
			t.Errorf("%s was opened %d times and closed %d times", name, d.opened, d.closed)
		}
	}
	return erased, err
}
