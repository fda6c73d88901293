package erase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

const (
	canCrypto, canBlock, canWrite = 1, 2, 4
	canFormat                     = 2
	fnaAll, fnaCrypto             = 2, 4
)

// Each disk is erased in the strongest way that holds what it promises. NVMe and
// ATA disks are made ones.
func TestWays(t *testing.T) {
	no := passthrough.Status(2)
	refusesWrite := func(d *fakeDisk) { d.lies = true }
	for _, test := range []struct {
		name    string
		nvme    *fakeNVMe
		ata     *fakeATA
		sas     *fakeSAS
		change  func(*fakeDisk)
		weakest string
		method  string // "": it fails
		tried   string
		fill    string
		says    string
	}{
		{name: "crypto", nvme: &fakeNVMe{sanicap: canCrypto | canBlock}, method: "sanitize-crypto", fill: "random"},
		{name: "cells", nvme: &fakeNVMe{sanicap: canBlock, leaves: 0xff, polls: 9}, method: "sanitize-block", fill: "ff"},
		{name: "by the disk", nvme: &fakeNVMe{sanicap: canWrite}, method: "sanitize-overwrite", fill: "00"},
		{name: "crypto that changes no key", nvme: &fakeNVMe{sanicap: canCrypto | canBlock, liar: map[uint32]bool{passthrough.SanitizeCrypto: true}}, method: "sanitize-block", tried: "sanitize-crypto", fill: "00"},
		{name: "cells that hold what no erase leaves", nvme: &fakeNVMe{sanicap: canBlock, leaves: 0x5a}, method: "overwrite", tried: "sanitize-block", fill: "00"},
		{name: "a sanitize that is refused", nvme: &fakeNVMe{sanicap: canBlock, oacs: canFormat, refuses: map[uint32]error{2: no}}, method: "format", tried: "sanitize-block", fill: "00"},
		{name: "a sanitize that fails", nvme: &fakeNVMe{sanicap: canCrypto, oacs: canFormat, fna: fnaCrypto, fails: true}, method: "format-crypto", tried: "sanitize-crypto", fill: "random"},
		{name: "format alone", nvme: &fakeNVMe{oacs: canFormat}, method: "format", fill: "00"},
		{name: "NVMe that can nothing", nvme: &fakeNVMe{}, method: "overwrite", fill: "00"},
		{name: "another namespace", nvme: &fakeNVMe{sanicap: canBlock, oacs: canFormat, namespaces: 2}, method: "format", tried: "sanitize-block", fill: "00"},
		{name: "another namespace, and a format of all", nvme: &fakeNVMe{sanicap: canBlock, oacs: canFormat, fna: fnaAll, namespaces: 2}, method: "overwrite", tried: "sanitize-block format", fill: "00"},
		{name: "enhanced", ata: &fakeATA{security: 0x21}, method: "ata-enhanced", fill: "00"},
		{name: "plain", ata: &fakeATA{security: 0x01}, method: "ata", fill: "00"},
		{name: "a SATA disk that lies", ata: &fakeATA{security: 0x21, liar: true}, method: "overwrite", tried: "ata-enhanced ata", fill: "00"},
		{name: "a SATA disk that refuses", ata: &fakeATA{security: 0x01, refuses: true}, method: "overwrite", tried: "ata", fill: "00"},
		{name: "frozen", ata: &fakeATA{security: 0x29}, method: "overwrite", tried: "ata-enhanced ata", fill: "00"},
		{name: "frozen, and no more is allowed", ata: &fakeATA{security: 0x29}, weakest: "ata", tried: "ata-enhanced ata", says: "no way that is allowed"},
		{name: "cut off, and locked with our password since", ata: &fakeATA{security: 0x07}, change: func(d *fakeDisk) { d.locked = true }, method: "ata", tried: "overwrite discard", fill: "00"},
		{name: "hidden sectors", ata: &fakeATA{hides: 8}, tried: "overwrite discard", says: "no way that is allowed"},
		{name: "hidden sectors, which the disk erases itself", ata: &fakeATA{security: 1, hides: 8}, method: "ata", tried: "overwrite discard", fill: "00"},
		{name: "SAS", sas: &fakeSAS{luns: 1}, method: "sanitize-block", fill: "00"},
		{name: "SAS that fails", sas: &fakeSAS{luns: 1, fails: true}, method: "overwrite", tried: "sanitize-block sanitize-overwrite", fill: "00"},
		{name: "SAS with two actuators", sas: &fakeSAS{luns: 2}, method: "overwrite", tried: "sanitize-block sanitize-overwrite", fill: "00"},
		{name: "a virtual disk", method: "overwrite", fill: "00"},
		{name: "a virtual disk, and no less than a format is allowed", weakest: "format", says: "no way that is allowed"},
		{name: "a disk that keeps what it has", change: refusesWrite, tried: "overwrite", says: "overwrite: at byte 0 is still what was there"},
		{name: "a disk that keeps one byte in the middle", change: func(d *fakeDisk) { d.skips = 3<<20 + 70000 }, tried: "overwrite", says: "overwrite: "},
		{name: "a disk that cannot be written and gives its blocks back", change: func(d *fakeDisk) { d.deaf, d.discards = true, true }, method: "discard", tried: "overwrite", fill: "00"},
		{name: "the same, and discarding is not allowed", weakest: "overwrite", change: func(d *fakeDisk) { d.deaf, d.discards = true, true }, tried: "overwrite", says: "input/output"},
		{name: "the same, and it keeps one byte", change: func(d *fakeDisk) { d.deaf, d.discards, d.skips = true, true, 2<<20+70000 }, tried: "overwrite discard", says: "discard: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDisk(size)
				switch {
				case test.nvme != nil:
					d.door, test.nvme.disk = test.nvme, d
				case test.ata != nil:
					d.door, test.ata.disk = test.ata, d
				case test.sas != nil:
					d.door, test.sas.disk = test.sas, d
				}
				if test.change != nil {
					test.change(d)
				}
				g := newRig(d)
				g.plan.Weakest = test.weakest
				erased, err := g.erase(t)
				if len(erased) != 1 {
					t.Fatalf("Erase = %+v, %v", erased, err)
				}
				got := erased[0]
				var tried []string
				for _, e := range got.Tried {
					tried = append(tried, e.Method)
				}
				if got.OK != (test.method != "") || got.OK != (err == nil) || got.Method != test.method || strings.Join(tried, " ") != test.tried || got.Fill != test.fill && got.OK {
					t.Errorf("erased %+v, %v; want %q after %q, full of %q", got, err, test.method, test.tried, test.fill)
				}
				if !strings.Contains(got.Error, test.says) || (got.Error == "") != got.OK {
					t.Errorf("it says %q, want %q", got.Error, test.says)
				}
				if got.OK && (got.Read < size/2 || got.Read > size || got.Whole != (got.Read == size) || got.Whole != (test.fill != "random")) {
					t.Errorf("read back %d bytes, whole %v", got.Read, got.Whole)
				}
				if got.OK && holds(d, planted) {
					t.Error("the disk still holds what was there")
				}
			})
		})
	}
}

// holds tells whether a disk still has 16 bytes that were planted, anywhere where
// they were.
func holds(d *fakeDisk, before []byte) bool {
	for at := 0; at+16 <= len(d.data); at += 16 {
		if bytes.Equal(d.data[at:at+16], before[at:at+16]) {
			return true
		}
	}
	return false
}

// Wherever the power goes, the next order leaves nothing.
func TestAnEraseThatIsCutOffAnywhereIsBegunAnew(t *testing.T) {
	const small = 2<<20 + 4096
	for range 300 {
		d := newDisk(small)
		d.cutAt = 1 + rand.Int64N(small-1)
		g := newRig(d)
		if erased, err := g.erase(t); err == nil || erased[0].OK {
			t.Fatalf("cut off at %d: %+v", d.cutAt, erased)
		}
		if !holds(d, planted) {
			t.Fatalf("cut off at %d, and nothing is left: the test shows nothing", d.cutAt)
		}
		at := d.cutAt
		d.cutAt = 0
		if _, err := g.erase(t); err != nil || !bytes.Equal(d.data, make([]byte, small)) {
			t.Fatalf("cut off at %d, then again: %v, or not blank", at, err)
		}
	}
}

// An earlier order's sanitize that still runs is waited for, and counts.
func TestASanitizeThatRunsIsWaitedFor(t *testing.T) {
	for _, test := range []struct {
		action  uint32
		weakest string
		sent    int
		method  string
	}{
		{passthrough.SanitizeBlock, "", 0, "sanitize-block"},
		{passthrough.SanitizeCrypto, "", 1, "sanitize-crypto"}, // nobody knows any more what was there
		{passthrough.SanitizeBlock, "sanitize-crypto", 1, "sanitize-crypto"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDisk(size)
			f := &fakeNVMe{disk: d, sanicap: canCrypto | canBlock, state: passthrough.SanitizeRuns, running: 100, action: test.action}
			d.door = f
			g := newRig(d)
			g.plan.Weakest = test.weakest
			erased, err := g.erase(t)
			if err != nil || erased[0].Method != test.method || len(f.sent) != test.sent {
				t.Errorf("%d while it ran: %+v, %v, %d sanitizes sent; want %s and %d", test.action, erased, err, len(f.sent), test.method, test.sent)
			}
			if took := erased[0].Seconds; took < 100 {
				t.Errorf("it was done after %v s", took)
			}
		})
	}
}

// All disks have their word, each is told while it works, and one that fails does
// not stop the others.
func TestManyDisks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := newDisk(size)
		bad.lies = true
		slow := newDisk(size)
		slow.door = &fakeNVMe{disk: slow, sanicap: canBlock, polls: 60}
		g := newRig(newDisk(size), bad, slow)
		var said []report.Progress
		erased, step, err := g.eraser().Erase(t.Context(), order, func(p report.Progress) { said = append(said, p) })
		if err == nil || !strings.HasPrefix(err.Error(), "1 of 3 disks not erased, first vdb (S1): overwrite: ") || step != report.StepErase {
			t.Errorf("Erase stops in %s with %v", step, err)
		}
		for i, want := range []bool{true, false, true} {
			if erased[i].OK != want || erased[i].Disk != g.plan.Disks[i] {
				t.Errorf("disk %d: %+v", i, erased[i])
			}
		}
		if len(said) < 60 || said[0].Step != report.StepRedeem || said[len(said)-1].Done != 3*size || said[len(said)-1].Total != 3*size {
			t.Errorf("told %d times, at last %+v", len(said), said[len(said)-1])
		}
		last := int64(0)
		for _, p := range said {
			if p.Done < last && !strings.Contains(p.Message, report.EraseDiscard) {
				t.Errorf("told %d of %d bytes after %d", p.Done, p.Total, last)
			}
			last = p.Done
		}
		if !strings.Contains(fmt.Sprint(said), "nvme2n1 sanitize-block 49%") {
			t.Errorf("nobody was told how far the sanitize is: %+v", said[len(said)/2])
		}
	})
}

// All of a disk is read where there is time, and always where its blocks were only
// given back.
func TestHowMuchIsReadBack(t *testing.T) {
	for _, test := range []struct {
		name   string
		budget time.Duration
		change func(*fakeDisk)
		whole  bool
	}{
		{"there is time", time.Hour, func(*fakeDisk) {}, true},
		{"there is none", 0, func(*fakeDisk) {}, false},
		{"it would take too long", 10 * time.Second, func(d *fakeDisk) { d.slow = 8 * time.Second }, false},
		{"it has to be", 0, func(d *fakeDisk) { d.deaf, d.discards = true, true }, true},
		{"it has to be, however long it takes", 10 * time.Second, func(d *fakeDisk) { d.deaf, d.discards, d.slow = true, true, 8*time.Second }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDisk(8 << 20)
				test.change(d)
				g := newRig(d)
				e := g.eraser()
				e.Whole = test.budget
				erased, _, err := e.Erase(t.Context(), order, quiet)
				if err != nil || erased[0].Whole != test.whole || erased[0].Read < 4<<20 || erased[0].Read > 8<<20 || test.whole != (erased[0].Read == 8<<20) {
					t.Errorf("%+v, %v; want whole %v", erased, err, test.whole)
				}
			})
		})
	}
}

// A command that hangs is told of for as long as it may take and no longer.
func TestACommandThatHangsGoesSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		d := newDisk(size)
		r := &run{disk: d, board: &board{lines: make([]line, 1), progress: func(report.Progress) { last = time.Now() }}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Hour)
		defer cancel()
		began, hangs := time.Now(), make(chan struct{})
		err := r.command(ctx, "format", time.Hour, func() error { <-hangs; return nil })
		if took := last.Sub(began); !errors.Is(err, context.DeadlineExceeded) || took < time.Hour || took > 2*time.Hour {
			t.Errorf("told until %v after it began, %v", took, err)
		}
		close(hangs)
	})
}
