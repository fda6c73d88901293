package machine

import (
	"fmt"
	"slices"
	"strings"
)

// Health is what a disk says of itself; agent/report says what each field means.
type Health struct {
	Source        string   `json:"source"`
	Says          []string `json:"says,omitempty"`
	Hours         uint64   `json:"hours,omitempty"`
	Celsius       int      `json:"celsius,omitempty"`
	Used          *int     `json:"used,omitempty"`
	Spare         *int     `json:"spare,omitempty"`
	SpareLimit    int      `json:"spare_limit,omitempty"`
	MediaErrors   uint64   `json:"media_errors,omitempty"`
	Reallocated   uint64   `json:"reallocated,omitempty"`
	Pending       uint64   `json:"pending,omitempty"`
	Uncorrectable uint64   `json:"uncorrectable,omitempty"`
}

// Limits from which a disk is taken for one that fails, beside what it says itself. A
// sector that cannot be read is one too many. Some are reallocated in any long life.
const (
	MostUsed        = 99 // percent
	MostReallocated = 50
	MostPending     = 0
)

// Failing says by what a disk is failing, each a clause with the value and its limit;
// none: it is well, or does not tell.
func (d *Disk) Failing() (why []string) {
	h := d.Health
	if h == nil {
		return nil
	}
	why = slices.Clone(h.Says)
	if h.Used != nil && *h.Used > MostUsed {
		why = append(why, fmt.Sprintf("%d %% of the life that its maker gives it are used, and the limit is %d %%", *h.Used, MostUsed))
	}
	for _, c := range []struct {
		n, most uint64
		of      string
	}{
		{h.Reallocated, MostReallocated, "reallocated"},
		{h.Pending, MostPending, "pending"},
		{h.Uncorrectable, MostPending, "uncorrectable"},
	} {
		if c.n > c.most {
			why = append(why, fmt.Sprintf("its %s sectors are %d, and the limit is %d", c.of, c.n, c.most))
		}
	}
	return why
}

// Failing gives the disks that are failing.
func (f *Facts) Failing() (all []FailingDisk) {
	for i := range f.Disks {
		d := &f.Disks[i]
		if why := d.Failing(); len(why) > 0 {
			all = append(all, FailingDisk{d.Called(), strings.Join(why, "; ")})
		}
	}
	return all
}

// FailingDisk is a disk that is failing: how it is called, and by what it fails.
type FailingDisk struct{ Disk, Why string }

// Sentence says it without an end: "disk S3RIAL (sda, slot 4) is failing: …".
func (d FailingDisk) Sentence() string { return "disk " + d.Disk + " is failing: " + d.Why }

// Called names a disk so that a person finds it: by serial, kernel name and slot.
func (d *Disk) Called() string {
	where := d.Name
	if d.Slot != "" {
		where += ", " + d.Slot
	}
	if d.Serial == "" {
		return where
	}
	return d.Serial + " (" + where + ")"
}

// HealthKnown counts the disks that say how they are.
func (f *Facts) HealthKnown() (n int) {
	for i := range f.Disks {
		if f.Disks[i].Health != nil {
			n++
		}
	}
	return n
}

// diskHealth are the words of the selector's field: "failing" and "good".
func diskHealth(f *Facts) (all []string) {
	for i := range f.Disks {
		word := "good"
		if len(f.Disks[i].Failing()) > 0 {
			word = "failing"
		}
		if f.Disks[i].Health != nil && !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}
