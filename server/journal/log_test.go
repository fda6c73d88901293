package journal

import (
	"slices"
	"testing"
)

func TestTheLastLinesOfALog(t *testing.T) {
	row := func(s Source, text string) Event {
		return Event{Source: s, Details: map[string]string{DetailLog: text}}
	}
	rows := []Event{row(Agent, "no"), row(Log, "4\n5"), {Source: DHCP}, row(Log, "1\n2\n3")}
	for n, want := range map[int][]string{
		0: nil, 1: {"5"}, 2: {"4", "5"}, 4: {"2", "3", "4", "5"}, 9: {"1", "2", "3", "4", "5"},
	} {
		if got := LogLines(rows, n); !slices.Equal(got, want) {
			t.Errorf("the last %d: %q, want %q", n, got, want)
		}
	}
}
