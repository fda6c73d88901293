package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/bootclock"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 400 * time.Microsecond: "0.4 ms", 61 * time.Millisecond: "61 ms", 999 * time.Millisecond: "1.0 s",
		9949 * time.Millisecond: "9.9 s", 9951 * time.Millisecond: "10 s", 59 * time.Second: "59 s", 95 * time.Second: "1 min 35 s", time.Minute: "1 min",
		61 * time.Minute: "1 h 1 min", 50 * time.Hour: "2 d 2 h", 59*time.Second + 700*time.Millisecond: "1 min",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestMemory(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 512 << 20: "512 MiB", 256 << 30: "256 GiB", 3 << 29: "1.5 GiB", 1 << 41: "2 TiB"} {
		if got := memory(n); got != want {
			t.Errorf("memory(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestMachineAddressesAreSafe(t *testing.T) {
	for name, want := range map[string]string{"C0MPUT3": "/machines/C0MPUT3", "..": "/machines/id-1", "a/b": "/machines/id-1", "": "/machines/id-1", "a?b": "/machines/id-1", "Ü-1": "/machines/%C3%9C-1"} {
		if got := machineURL(&machine.Machine{ID: "id-1", Name: name}); got != want {
			t.Errorf("machineURL(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "it is held": "It is held.", "ünlike": "Ünlike.", "Who is it?": "Who is it?", "nvme0n1 has data": "nvme0n1 has data.",
		"vda has a partition table": "vda has a partition table.", "sdab, sda: in use": "sdab, sda: in use.", "xvdb": "xvdb.", "eSATA is off": "eSATA is off.",
		"52:54:00:00:00:01 asks": "52:54:00:00:00:01 asks.", "param.tier: unknown": "param.tier: unknown.", "units: want a number": "Units: want a number.", "sdcard is gone": "Sdcard is gone.",
	} {
		if got := sentence(in); got != want {
			t.Errorf("sentence(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTheDigLineFitsTheServer(t *testing.T) {
	for server, want := range map[string]string{
		"10.80.12.1": "dig @10.80.12.1 a.b A +short", "127.0.0.1:5353": "dig @127.0.0.1 -p 5353 a.b A +short", "fd00::1": "dig @fd00::1 a.b A +short",
	} {
		if got := digLine(server, "a.b"); got != want {
			t.Errorf("digLine(%q) = %q, want %q", server, got, want)
		}
	}
}

// boots reads events as "seconds source text", oldest first.
func boots(t *testing.T, lines ...string) []journal.Event {
	t.Helper()
	var all []journal.Event
	for i, l := range lines {
		var at float64
		var source string
		if _, err := fmt.Sscan(l, &at, &source); err != nil {
			t.Fatal(err)
		}
		all = append(all, journal.Event{
			ID: int64(i + 1), At: cannedNow.Add(time.Duration(at * float64(time.Second))), Source: journal.Source(source),
			Text: strings.TrimSpace(strings.SplitN(l, source, 2)[1]),
		})
	}
	slices.Reverse(all)
	return all
}

func TestSilencesAreRows(t *testing.T) {
	events := boots(t, "0 bmc Power on", "95 dhcp asked", "96 files TFTP", "101.5 agent Reported")
	rows, older := timelineRows(events, "")
	var got []string
	for _, r := range rows {
		got = append(got, r.Text+r.Gap)
	}
	want := []string{"Reported", "5.5 s", "TFTP", "asked", "1 min 35 s: firmware", "Power on"}
	if diff := cmp.Diff(want, got); diff != "" || older != 0 {
		t.Errorf("rows (-want +got), older %d:\n%s", older, diff)
	}
	if rows, _ := timelineRows(events, journal.Files); len(rows) != 1 {
		t.Errorf("rows of files = %v, want one without silences", rows)
	}
}

// Rows of exchanges and transfers are written at their end.
func TestRowsStandInTheOrderOfTime(t *testing.T) {
	events := boots(t, "9 boot Decided own disk", "2 dhcp asked", "10 files TFTP", "10 agent Reported")
	var got []string
	for _, r := range rowsOf(events) {
		got = append(got, r.Text+r.Gap)
	}
	want := []string{"Reported", "TFTP", "Decided own disk", "7.0 s", "asked"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func rowsOf(events []journal.Event) []timelineRow {
	rows, _ := timelineRows(events, "")
	return rows
}

func TestTheTimeLeftHasOneUnit(t *testing.T) {
	for left, want := range map[time.Duration]string{
		3536 * time.Second: "in 58 min", 90 * time.Second: "in 1 min 30 s", 30 * time.Second: "in 30 s", 25*time.Hour + time.Minute: "in 1 d 1 h", 719 * time.Hour: "in 29 d", -time.Second: "expired",
	} {
		if got := (stamp{cannedNow, -left}).Until(); got != want {
			t.Errorf("Until() of %s = %q, want %q", left, got, want)
		}
	}
}

func TestALongTimelineHasPages(t *testing.T) {
	var events []journal.Event
	for i := range 250 {
		events = append(events, journal.Event{ID: int64(250 - i), At: cannedNow, Source: journal.DHCP})
	}
	rows, older := timelineRows(events, "")
	if len(rows) != timelinePage || older != 151 {
		t.Errorf("first page = %d rows, older than %d, want %d and 151", len(rows), older, timelinePage)
	}
}

func TestFiguresAreMedians(t *testing.T) {
	c := full()
	f := newFigures(c)
	want := []figure{{"First packet → registered", 139 * time.Second, 3}, {"First packet → in use", 165 * time.Second, 3}}
	if diff := cmp.Diff(want, f.done(t.Context(), c.machines)); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

func TestTheClockFitsItsDrawing(t *testing.T) {
	all := []bootclock.Stage{
		{Name: "firmware", Took: 20 * time.Second, Usual: 90 * time.Second},
		{Name: "DHCP", Took: time.Second},
		{Name: "loader", Took: 2 * time.Second},
		{Name: "script", Took: time.Second},
		{Name: "kernel", Took: 2 * time.Second},
		{Name: "agent image", Took: 6 * time.Second},
		{Name: "agent", Took: time.Second},
		{Name: "image", Took: 30 * time.Second, Usual: 40 * time.Second},
		{Name: "first boot", Took: 39 * time.Second},
	}
	right := 0.0
	for _, c := range drawStages(all) {
		var x, cell, bar float64
		if _, err := fmt.Sscanf(c.X+" "+c.Cell+" "+c.Bar, "%f%% %f%% %f%%", &x, &cell, &bar); err != nil {
			t.Fatal(err)
		}
		if x < right-0.01 || bar > cell+0.01 || cell < cellFloor-0.5 {
			t.Errorf("stage %s: x %s after %.2f, cell %s, bar %s: want no overlap and room for its name", c.Name, c.X, right, c.Cell, c.Bar)
		}
		right = x + cell
	}
	if right > 100 {
		t.Errorf("the drawing ends at %.2f %%, want at most 100", right)
	}
}
