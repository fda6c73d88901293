package install

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// breaking gives at most n bytes of a stream, and then its end or an error.
func breaking(b []byte, n int, err error) io.Reader {
	return io.MultiReader(bytes.NewReader(b[:min(n, len(b))]), readerFunc(func([]byte) (int, error) { return 0, err }))
}

func TestAStreamThatBreaksAtEveryPieceGoesOnWhereItWas(t *testing.T) {
	raw := rawImage(t)
	for _, test := range []struct {
		name string
		err  error
	}{{"connections are reset", errors.New("connection reset by peer")}, {"connections end as if all were there", io.EOF}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const piece = 10_007
				i, a, d := setup(t, raw)
				a.stream = func(offset int64) (io.Reader, error) { return breaking(a.packed[offset:], piece, test.err), nil }
				if _, err := i.Install(t.Context(), order, quiet); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(d.data[10<<20:14<<20], raw[10<<20:14<<20]) {
					t.Error("the disk's bytes are not the image's")
				}
				for n, offset := range a.opened {
					if offset != int64(n*piece) {
						t.Fatalf("stream %d began at byte %d, want %d", n, offset, n*piece)
					}
				}
				if want := len(a.packed)/piece + 1; len(a.opened) != want {
					t.Errorf("%d streams were opened, want %d", len(a.opened), want)
				}
			})
		})
	}
}

// away makes an appliance that is killed in the middle of the image and comes
// back after a while.
func away(a *fakeAppliance, d time.Duration) {
	var back time.Time
	a.stream = func(offset int64) (io.Reader, error) {
		switch {
		case back.IsZero():
			back = time.Now().Add(d)
			return breaking(a.packed, len(a.packed)/2, io.ErrUnexpectedEOF), nil
		case time.Now().Before(back):
			return nil, errors.New("connection refused")
		}
		return bytes.NewReader(a.packed[offset:]), nil
	}
}

func TestAnApplianceThatReturnsInTimeIsWaitedFor(t *testing.T) {
	raw := rawImage(t)
	synctest.Test(t, func(t *testing.T) {
		i, a, _ := setup(t, raw)
		away(a, i.Patience-10*time.Second)
		if _, err := i.Install(t.Context(), order, quiet); err != nil {
			t.Fatal(err)
		}
		last := a.opened[len(a.opened)-1]
		if last != int64(len(a.packed)/2) || slices.Contains(a.opened[1:], 0) {
			t.Errorf("streams began at %v, want the first at 0 and all others in the middle", a.opened)
		}
	})
}

func TestAnApplianceThatStaysAwayEndsTheInstall(t *testing.T) {
	raw := rawImage(t)
	synctest.Test(t, func(t *testing.T) {
		i, a, d := setup(t, raw)
		away(a, 2*i.Patience)
		began := time.Now()
		step, err := i.Install(t.Context(), order, quiet)
		if err == nil || step != report.StepWrite {
			t.Errorf("Install = %s, %v; want an error in %s", step, err, report.StepWrite)
		}
		if took := time.Since(began); took < i.Patience || took > i.Patience+patience.Long {
			t.Errorf("gave up after %v, want %v", took, i.Patience)
		}
		if d.canStart() {
			t.Error("the disk can start")
		}
	})
}

func TestATokenIsSentAgainWhileTheApplianceIsAway(t *testing.T) {
	raw := rawImage(t)
	synctest.Test(t, func(t *testing.T) {
		i, a, _ := setup(t, raw)
		a.redeem = func() error {
			if a.redeemed < 4 {
				return errors.New("connection refused")
			}
			return nil
		}
		if _, err := i.Install(t.Context(), order, quiet); err != nil || a.redeemed != 4 {
			t.Errorf("Install = %v after %d attempts, want no error after 4", err, a.redeemed)
		}
	})
}
