package inspect

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/server/diagnosis"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// asked is a row of a machine that got no address.
func asked(mac machine.MAC, at time.Time, details ...string) journal.Event {
	e := journal.Event{At: at, MAC: mac, Source: journal.DHCP, Text: "UEFI x64 was offered 10.80.12.9 and did not take it", Count: 4, Details: map[string]string{"stage": "firmware", "subnet": "lab"}}
	for i := 0; i+1 < len(details); i += 2 {
		e.Details[details[i]] = details[i+1]
	}
	return e
}

// notes writes rows and waits until they are on disk.
func (w *world) notes(rows ...journal.Event) {
	w.Helper()
	before, err := w.db.NewestEvent(w.Context())
	w.must(err)
	for _, e := range rows {
		w.db.Note(e)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		now, err := w.db.NewestEvent(w.Context())
		w.must(err)
		if now >= before+int64(len(rows)) {
			return
		}
		if time.Now().After(deadline) {
			w.Fatal("what was noted was not written")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAStrangerWhoseBootFailsIsAnIssueByItsMAC(t *testing.T) {
	w := newWorld(t)
	w.turn()
	mac, other := machine.MAC{0x52, 0x54, 0, 0, 0, 9}, machine.MAC{0x52, 0x54, 0, 0, 0, 8}
	w.notes(
		asked(mac, w.Now(), journal.DetailOutcome, string(journal.NotTaken)),
		asked(other, w.Now(), journal.DetailOutcome, string(journal.Elsewhere), journal.DetailServer, "10.0.0.9"),
	)
	w.servers = []machine.DHCPServer{{Address: netip.MustParseAddr("10.0.0.9"), Subnet: "lab", Last: w.Now()}}
	w.wait(time.Second)
	w.want("10.0.0.9 rogue-dhcp", other.String()+" dhcp-but-no-address", mac.String()+" dhcp-but-no-address")
	var says string
	for _, one := range w.db.Issues() {
		says += one.Sentence
	}
	if !strings.Contains(says, "4 DISCOVERs, 4 OFFERs, no REQUEST, and another server 10.0.0.9 answers on this segment") {
		t.Errorf("says %q, want it to name the other server, which another machine showed", says)
	}
	if got := w.i.Faults()[Fault{Name: diagnosis.Rogue}]; got != 2 {
		t.Errorf("%d show a rogue server, want 2", got)
	}
	w.again()
	w.turn() // what the journal holds is read again
	w.want("10.0.0.9 rogue-dhcp", other.String()+" dhcp-but-no-address", mac.String()+" dhcp-but-no-address")
	w.servers = nil
	w.wait(diagnosis.Memory + time.Minute)
	w.want()
}

func TestWhatIsKeptOfTheJournalIsBounded(t *testing.T) {
	var r recent
	now := time.Now()
	var rows []journal.Event
	for n := range rowsOfAll + rowsOfOne {
		rows = append(rows, journal.Event{ID: int64(n + 1), At: now, Machine: fmt.Sprint(n % 2000), Source: journal.DHCP})
	}
	r.take(rows, now)
	total := 0
	for _, all := range r.rows {
		total += len(all)
	}
	if total != r.kept || total > rowsOfAll {
		t.Errorf("%d rows are kept and counted as %d, want the same and at most %d", total, r.kept, rowsOfAll)
	}
	r.take([]journal.Event{{ID: 1 << 20, At: now, Machine: "1999", Source: journal.Agent, Details: map[string]string{"boot": "b"}}}, now)
	if got := len(r.rows["1999"]); got != 1 {
		t.Errorf("%d rows of a machine that came through, want its report alone", got)
	}
}
