package machine

import (
	"slices"
	"testing"
	"time"
)

func anErase(began bool, disks []string, done ...Erasure) *Erase {
	e := &Erase{Done: done}
	if began {
		e.Began = time.Unix(1, 0)
	}
	for _, d := range disks {
		e.Disks = append(e.Disks, EraseDisk{Serial: d})
	}
	return e
}

func of(serial string, ok bool) Erasure { return Erasure{Disk: EraseDisk{Serial: serial}, OK: ok} }

func TestWhatIsNotProvenErased(t *testing.T) {
	for _, tt := range []struct {
		name   string
		erases []*Erase // the newest first
		want   []string
	}{
		{"nothing was tried", nil, nil},
		{"all is proven", []*Erase{anErase(true, []string{"A", "B"}, of("A", true), of("B", true))}, nil},
		{"one failed", []*Erase{anErase(true, []string{"A", "B"}, of("A", true), of("B", false))}, []string{"B"}},
		{"nobody answered", []*Erase{anErase(true, []string{"A"})}, []string{"A"}},
		{"what was not begun says nothing", []*Erase{anErase(false, []string{"A"}), anErase(true, []string{"A"}, of("A", true))}, nil},
		{"a later one proves it", []*Erase{anErase(true, []string{"A"}, of("A", true)), anErase(true, []string{"A"}, of("A", false))}, nil},
		{"a later one without that disk does not", []*Erase{anErase(true, []string{"A"}, of("A", true)), anErase(true, []string{"A", "B"}, of("B", false))}, []string{"B"}},
		{"a later one fails", []*Erase{anErase(true, []string{"A"}, of("A", false)), anErase(true, []string{"A"}, of("A", true))}, []string{"A"}},
		{"the last attempt counts", []*Erase{anErase(true, []string{"A"}, of("A", false), of("A", true))}, nil},
	} {
		if got := Unproven(tt.erases); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestACloneOfAnEraseIsItsOwn(t *testing.T) {
	j := &Job{Erase: anErase(true, []string{"A"}, of("A", false))}
	c := j.Clone()
	c.Erase.Done[0].OK, c.Erase.Began = true, time.Time{}
	if j.Erase.Done[0].OK || j.Erase.Began.IsZero() {
		t.Error("the clone changed what it was made of")
	}
	if (&Job{}).Clone().Erase != nil {
		t.Error("a job without an erase has one in its clone")
	}
}
