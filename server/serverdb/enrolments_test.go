package serverdb

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/trust"
)

func strangerMAC(n int) machine.MAC {
	return machine.MAC{0x52, 0x54, 1, byte(n >> 16), byte(n >> 8), byte(n)}
}

func takes(e trust.Enrolment) func(*trust.Enrolment) (trust.Enrolment, string, bool) {
	return func(*trust.Enrolment) (trust.Enrolment, string, bool) { return e, "", true }
}

// G-03: what was redeemed is so after a restart, however the appliance ended.
func TestAnEnrolmentOutlivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	d := open(t, path)
	now := time.Now().UTC().Truncate(time.Second)
	want := trust.Enrolment{Token: "h", Issued: now.UnixNano(), Key: "k", At: now, From: "10.80.12.7", Phase: "idle", Contest: trust.Contest{At: now, How: "two"}}
	for mac, e := range map[machine.MAC]trust.Enrolment{strangerMAC(1): want, strangerMAC(2): {At: now.Add(-31 * 24 * time.Hour)}} {
		if err := d.Enrol(t.Context(), mac, takes(e)); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := d.Enrolment(strangerMAC(1)); !ok || got != want {
		t.Errorf("Enrolment() = %+v, %v; want %+v", got, ok, want)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, path)
	if got, ok := d.Enrolment(strangerMAC(1)); !ok || got != want {
		t.Errorf("after a restart Enrolment() = %+v, %v; want %+v", got, ok, want)
	}
	if _, ok := d.Enrolment(strangerMAC(2)); ok {
		t.Error("one whose sessions ended is kept")
	}
	if err := d.Enrol(t.Context(), strangerMAC(3), takes(want)); err != nil { // which sweeps
		t.Fatal(err)
	}
	if text, err := d.Meta(t.Context(), metaEnrolment+strangerMAC(2).String()); err != nil || text != "" {
		t.Errorf("its row is %q, %v; want it gone", text, err)
	}
}

// G-04: of many that race, in one commit or in several, one is the first.
func TestEnrolmentsAreDecidedOneAfterTheOther(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "db"))
	for round := range 100 {
		var mu sync.Mutex
		first := 0
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				err := d.Enrol(t.Context(), strangerMAC(round), func(have *trust.Enrolment) (trust.Enrolment, string, bool) {
					next, o, _ := trust.Redeem(have, trust.BootToken{Hash: "h", Issued: time.Now().UnixNano()}, fmt.Sprint("key ", i), "", time.Now())
					mu.Lock()
					defer mu.Unlock()
					if o == trust.Enrolled {
						first++
					}
					return next, "", o == trust.Enrolled
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if first != 1 {
			t.Fatalf("round %d: %d were the first", round, first)
		}
	}
}

// G-05: strangers cannot fill the memory, and machines are not in their way.
func TestStrangersAreBounded(t *testing.T) {
	now := time.Now()
	d := openAt(t, filepath.Join(t.TempDir(), "db"), func() time.Time { return now }, accept(""))
	if _, err := d.Report(t.Context(), blank(1), from(1)); err != nil {
		t.Fatal(err)
	}
	known := d.Machines()[0].BootMAC()
	for n := range maxEnrolled {
		d.enrolled.strangers[strangerMAC(n)] = now
		d.enrolled.by[strangerMAC(n)] = trust.Enrolment{At: now}
	}
	e := trust.Enrolment{Token: "h", At: now}
	if err := d.Enrol(t.Context(), strangerMAC(maxEnrolled), takes(e)); err == nil {
		t.Error("one more stranger was taken")
	}
	if err := d.Enrol(t.Context(), known, takes(e)); err != nil {
		t.Errorf("a machine of ours: %v", err)
	}
	now = now.Add(trust.TokenLife + time.Second)
	if err := d.Enrol(t.Context(), strangerMAC(maxEnrolled), takes(e)); err != nil {
		t.Errorf("when the others' tokens are over: %v", err)
	}
	if n := len(d.enrolled.strangers); n != 1 {
		t.Errorf("%d strangers are kept, want one", n)
	}
}
