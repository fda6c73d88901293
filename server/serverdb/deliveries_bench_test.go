package serverdb

import (
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/delivery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// BenchmarkDelivery reads how far a delivery of 500 machines has come, all of
// which came and have a past.
func BenchmarkDelivery(b *testing.B) {
	const n, events = 500, 60
	d, err := Open(b.Context(), filepath.Join(b.TempDir(), "serverdb.sqlite"), Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	if err := d.Seed(b.Context(), []*machine.Subnet{{Name: "lab", Prefix: netip.MustParsePrefix("10.80.0.0/16"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister, Lease: time.Hour}}, nil); err != nil {
		b.Fatal(err)
	}
	var list strings.Builder
	list.WriteString("serial,nic1_mac\n")
	mac := func(i int) string { return fmt.Sprintf("02:00:00:00:%02x:%02x", i/256, i%256) }
	for i := range n {
		fmt.Fprintf(&list, "N%04d,%s\n", i, mac(i))
	}
	l, err := delivery.Read([]byte(list.String()), nil)
	if err != nil {
		b.Fatal(err)
	}
	order := Import{Order: delivery.Order{Delivery: "2026-1140", Lines: l.Lines}, Who: Actor{Name: "ada"}}
	if _, err := d.Import(b.Context(), order); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		r := blank(1)
		r.Boot.MAC, r.NICs[0].MAC, r.System.Serial = mac(i), mac(i), fmt.Sprintf("N%04d", i)
		r.System.UUID, r.Disks = fmt.Sprintf("11111111-0000-0000-0000-%012d", i), []report.Disk{{Name: "vda", Serial: fmt.Sprintf("D%04d", i), Bytes: 1 << 33}}
		m, err := d.Report(b.Context(), r, netip.AddrFrom4([4]byte{10, 80, byte(i/250 + 1), byte(i%250 + 1)}))
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Do(b.Context(), func(w *Write) error {
			for range events {
				if err := w.Event(journal.Event{Machine: m.ID, Source: journal.DHCP, Text: "asked"}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		_, s, err := d.Delivery(b.Context(), "2026-1140")
		if err != nil || len(s.Arrived) != n || s.First.IsZero() {
			b.Fatalf("Delivery() = %d machines since %s, %v", len(s.Arrived), s.First, err)
		}
	}
}
