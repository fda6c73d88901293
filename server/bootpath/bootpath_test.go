package bootpath_test

import (
	"testing"
	"time"

	"firstlight/server/bootpath"
	"firstlight/server/journal"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// rows are events ten seconds apart.
func rows(all ...journal.Event) []journal.Event {
	for i := range all {
		all[i].At = noon.Add(time.Duration(i) * 10 * time.Second)
	}
	return all
}

func row(s journal.Source, text string, details ...string) journal.Event {
	e := journal.Event{Source: s, Text: text, Details: map[string]string{}}
	for i := 0; i+1 < len(details); i += 2 {
		e.Details[details[i]] = details[i+1]
	}
	return e
}

var (
	once    = row(journal.BMC, "Boot once from the network")
	on      = row(journal.BMC, "Power on", journal.DetailPower, "on")
	asks    = row(journal.DHCP, "", "stage", "firmware", journal.DetailOutcome, string(journal.Bound))
	loader  = row(journal.Files, "", journal.DetailFile, "snponly.efi", journal.DetailOutcome, string(journal.Sent))
	loads   = row(journal.DHCP, "", "stage", "ipxe", journal.DetailOutcome, string(journal.Bound))
	toAgent = row(journal.Boot, "", "stage", "script", "target", "agent")
	toDisk  = row(journal.Boot, "", "stage", "script", "target", "disk")
	kernel  = row(journal.Files, "", journal.DetailFile, "vmlinuz", journal.DetailOutcome, string(journal.Sent))
	system  = row(journal.System, "lon6-web-1 is up")
	systems = row(journal.DHCP, "", "stage", "", journal.DetailOutcome, string(journal.Bound))
	agent   = row(journal.Agent, "Reported")
)

func TestABootIsJudgedByWhatWasExpectedOfIt(t *testing.T) {
	const order = "network, firstlight"
	for _, test := range []struct {
		name     string
		rows     []journal.Event
		order    string
		later    time.Duration
		expected string
		verdict  bootpath.Verdict
		why      string
		boots    int
	}{
		{"once from the network, and it is there", rows(once, on, asks, loader, loads, toAgent, kernel, agent), "", 0, "network agent", bootpath.Right, "The agent runs.", 1},
		{"once from the network, and its disk booted", rows(once, on, systems), "", 0, "network", bootpath.Wrong, "It did not ask the network: its own disk booted.", 1},
		{"once from the network, and silence", rows(once, on), "", 7 * time.Minute, "network", bootpath.Wrong, "Nothing was heard of it.", 1},
		{"once from the network, and it takes its time", rows(once, on), "", 5 * time.Minute, "network", bootpath.Open, "", 1},
		{"an order that came again", rows(once, on, on, asks), "", 0, "network", bootpath.Open, "", 1},
		{"nothing was expected", rows(on, system), "", 0, "", bootpath.Unknown, "Its own disk booted.", 1},
		{"its order has the network first", rows(on, system), order, 0, "network", bootpath.Wrong, "It did not ask the network: its own disk booted.", 1},
		{"its order has the disk first", rows(on, system), "firstlight, network", 0, "", bootpath.Unknown, "Its own disk booted.", 1},
		{"to its disk by way of the network", rows(on, asks, loader, loads, toDisk, system), order, 0, "network disk", bootpath.Right, "Its own disk booted.", 1},
		{"to its disk, and back to the network", rows(asks, loader, toDisk, asks, loader, toDisk), order, 0, "network disk", bootpath.Right, "It was sent to its own disk.", 2},
		{"an agent that never speaks", rows(on, asks, loader, toAgent, kernel), order, 6 * time.Minute, "network agent", bootpath.Wrong, "It was given the agent, which never spoke.", 1},
		{"an agent of which nothing else was seen", rows(agent), order, time.Hour, "network", bootpath.Right, "The agent runs.", 1},
		{"a loader that gets no further", rows(on, asks, loader), order, 6 * time.Minute, "network", bootpath.Wrong, "It came as far as loader and no further.", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			paths := bootpath.Of(test.rows, test.order, test.rows[len(test.rows)-1].At.Add(test.later))
			if len(paths) != test.boots {
				t.Fatalf("%d boots: %+v, want %d", len(paths), paths, test.boots)
			}
			p, expected := paths[0], ""
			for i, e := range paths[0].Expected {
				expected += " "[:min(i, 1)] + e
			}
			if p.Verdict != test.verdict || p.Why != test.why || expected != test.expected || (expected == "") != (p.By == "") {
				t.Errorf("expected %q by %q: %s, %q; want %q: %s, %q", expected, p.By, p.Verdict, p.Why, test.expected, test.verdict, test.why)
			}
		})
	}
}

// Each boot keeps its verdict, whatever comes after it.
func TestBootsAreToldApart(t *testing.T) {
	paths := bootpath.Of(rows(asks, loader, toDisk, asks, loader, toDisk, asks, loader, toDisk, system, once, on, asks, loader, loads, toAgent, kernel, agent), "", noon.Add(time.Hour))
	want := []bootpath.Verdict{bootpath.Right, bootpath.Right, bootpath.Wrong, bootpath.Right}
	if len(paths) != len(want) {
		t.Fatalf("%d boots: %+v, want %d", len(paths), paths, len(want))
	}
	for i, v := range want {
		if paths[i].Verdict != v {
			t.Errorf("boot %d is %s (%s), want %s", i, paths[i].Verdict, paths[i].Why, v)
		}
	}
	if paths[2].Why != "It was sent to its own disk and came back to the network, as before." || len(paths[0].Steps) != 6 {
		t.Errorf("the first: %q; the last has the steps %+v", paths[2].Why, paths[0].Steps)
	}
}
