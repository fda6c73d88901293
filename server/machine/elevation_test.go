package machine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestARackFromBothSides(t *testing.T) {
	rack := &Rack{Name: "r12", Site: "lon6", Units: 5}
	all := []*Machine{
		{Name: "deep", Rack: "r12", Unit: 1, Height: 2},
		{Name: "front", Rack: "r12", Unit: 3, Face: Front},
		{Name: "rear", Rack: "r12", Unit: 3, Face: Rear},
		{Name: "above", Rack: "r12", Unit: 6},
		{Name: "somewhere", Rack: "r12"},
		{Name: "other", Rack: "r13", Unit: 4},
		{Name: "gone", Rack: "r12", Unit: 4, Status: Retired},
	}
	e := Elevate(rack, all)
	var got []string
	name := func(m *Machine, unit int) string {
		if m == nil {
			return "-"
		}
		return m.Name + map[bool]string{true: "^"}[m.Top(unit)]
	}
	for _, r := range e.Rows {
		got = append(got, fmt.Sprintf("%d %s %s", r.Unit, name(r.Front, r.Unit), name(r.Rear, r.Unit)))
	}
	want := []string{"6 above^ above^", "5 - -", "4 - -", "3 front^ rear^", "2 deep^ deep^", "1 deep deep"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if len(e.Unplaced) != 1 || e.Unplaced[0].Name != "somewhere" {
		t.Errorf("unplaced = %v", e.Unplaced)
	}
}

func TestTheSheetOfARack(t *testing.T) {
	rack := &Rack{Name: "r12", Units: 9}
	all := []*Machine{
		{Name: "deep", Rack: "r12", Unit: 1, Height: 2},
		{Name: "front", Rack: "r12", Unit: 3, Face: Front},
		{Name: "rear", Rack: "r12", Unit: 3, Height: 2, Face: Rear},
		{Name: "alone", Rack: "r12", Unit: 6, Face: Rear},
		{Name: "somewhere", Rack: "r12"},
	}
	var got []string
	for _, l := range Elevate(rack, all).Sheet() {
		name := "free"
		if l.Machine != nil {
			name = l.Machine.Name
		}
		got = append(got, fmt.Sprintf("%d-%d %s", l.Top, l.Unit, name))
	}
	want := []string{"9-7 free", "6-6 alone", "5-5 free", "4-3 rear", "3-3 front", "2-1 deep", "0-0 somewhere"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sheet (-want +got):\n%s", diff)
	}
}

func TestTimeLeft(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	step := func(started, deadline time.Duration) *Job {
		return &Job{Status: JobStarted, Steps: []Step{{Status: StepDone}, {Status: StepRunning, StartedAt: now.Add(started), Deadline: now.Add(deadline)}}}
	}
	for _, tt := range []struct {
		name  string
		m     Machine
		job   *Job
		left  time.Duration
		bound bool
	}{
		{"at rest", Machine{Status: InUse}, nil, 0, false},
		{"a third is done", Machine{Status: Installing, Observed: Observed{Progress: 0.25}}, step(-time.Minute, time.Hour), 3 * time.Minute, false},
		{"nothing is told", Machine{Status: Installing}, step(-time.Minute, 9*time.Minute), 9 * time.Minute, true},
		{"late", Machine{Status: Installing}, step(-time.Hour, -time.Minute), 0, true},
		{"no job", Machine{Status: Registered, Since: now.Add(-10 * time.Minute)}, nil, 20 * time.Minute, true},
	} {
		if left, bound := Left(&tt.m, tt.job, now); left != tt.left || bound != tt.bound {
			t.Errorf("%s: Left() = %s, %v; want %s, %v", tt.name, left, bound, tt.left, tt.bound)
		}
	}
}

func TestCapacity(t *testing.T) {
	all := []*Machine{
		{Site: "lon6", Type: "io", Status: Available},
		{Site: "lon6", Type: "io", Status: Available, Flags: Flags{Locked: true}},
		{Site: "lon6", Type: "io", Status: Recycling},
		{Site: "lon6", Type: "io", Status: Recycling, Flags: Flags{RetireWhenReleased: true}},
		{Site: "lon6", Type: "io", Status: InUse},
		{Site: "lon6", Type: "io", Status: Retired},
		{Site: "ams1", Status: Available},
	}
	var got []string
	for _, c := range Capacities(all) {
		got = append(got, fmt.Sprint(c.Site, c.Type, c.Total, c.Free, c.Recycled, c.ByStatus[Available]))
	}
	if want := "ams11 1 1 1|lon6io5 1 2 2"; strings.Join(got, "|") != want {
		t.Errorf("capacities = %s, want %s", strings.Join(got, "|"), want)
	}
}
