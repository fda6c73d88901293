package bench

import "testing"

func TestReportedAfter(t *testing.T) {
	for name, test := range map[string]struct {
		timeline string
		want     float64
		ok       bool
	}{
		"none yet": {`{"items":[{"at":"2026-11-27T12:00:00Z","text":"Offered 10.80.12.100"}]}`, 0, false},
		"the first of two, newest first": {`{"items":[
			{"at":"2026-11-27T12:00:09Z","text":"Reported 9.0 s after kernel start: 1 core","duration_seconds":0.5},
			{"at":"2026-11-27T12:00:04Z","text":"Reported 4.0 s after kernel start: 1 core","duration_seconds":0.25}]}`, 4.25, true},
	} {
		if got, ok, err := reportedAfter(test.timeline); got != test.want || ok != test.ok || err != nil {
			t.Errorf("%s: reportedAfter() = %v, %v, %v, want %v, %v", name, got, ok, err, test.want, test.ok)
		}
	}
	if _, _, err := reportedAfter(`{"items":[{"text":"Reported soon"}]}`); err == nil {
		t.Error("a row without seconds is taken")
	}
}
