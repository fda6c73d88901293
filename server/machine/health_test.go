package machine

import (
	"slices"
	"testing"
)

func TestWhenADiskIsFailing(t *testing.T) {
	percent := func(n int) *int { return &n }
	for _, tt := range []struct {
		name   string
		health *Health
		want   []string
	}{
		{"it does not tell", nil, nil},
		{"well", &Health{Used: percent(99), Spare: percent(100), SpareLimit: 10, Reallocated: 50, MediaErrors: 9, Hours: 99999}, nil},
		{"its own word", &Health{Says: []string{"it can only be read any more"}}, []string{"it can only be read any more"}},
		{"worn out", &Health{Used: percent(100)}, []string{"100 % of the life that its maker gives it are used, and the limit is 99 %"}},
		{"sectors", &Health{Reallocated: 51, Pending: 1, Uncorrectable: 2}, []string{
			"its reallocated sectors are 51, and the limit is 50", "its pending sectors are 1, and the limit is 0", "its uncorrectable sectors are 2, and the limit is 0",
		}},
	} {
		d := Disk{Name: "sda", Serial: "S1", Slot: "Slot 04", Health: tt.health}
		if got := d.Failing(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: Failing = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFailingDisksOfAMachine(t *testing.T) {
	sick := &Health{Pending: 8}
	f := &Facts{Disks: []Disk{{Name: "sda", Serial: "S1", Health: &Health{}}, {Name: "sdb", Serial: "S2", Slot: "Slot 04", Health: sick}, {Name: "sdc", Health: sick}, {Name: "sdd"}}}
	got := f.Failing()
	if len(got) != 2 || f.HealthKnown() != 3 {
		t.Fatalf("Failing = %+v, of %d that tell", got, f.HealthKnown())
	}
	if want := "disk S2 (sdb, Slot 04) is failing: its pending sectors are 8, and the limit is 0"; got[0].Sentence() != want {
		t.Errorf("it says %q, want %q", got[0].Sentence(), want)
	}
	if got[1].Disk != "sdc" {
		t.Errorf("a disk without a serial is called %q", got[1].Disk)
	}
	for text, want := range map[string]bool{"diskhealth=failing": true, "diskhealth=good": true, "!diskhealth": false} {
		if sel, err := ParseSelector(text); err != nil || sel.Match(&Machine{Facts: f}) != want {
			t.Errorf("%s: %v, want a match: %v", text, err, want)
		}
	}
	if sel, _ := ParseSelector("diskhealth"); sel.Match(&Machine{Facts: &Facts{Disks: []Disk{{}}}}) {
		t.Error("a disk that does not tell counts as one that does")
	}
}
