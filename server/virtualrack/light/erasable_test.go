package light

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"firstlight/agent/erase"
	"firstlight/agent/report"
)

// redeems is an appliance that gives one plan.
type redeems report.ErasePlan

func (r redeems) RedeemErase(context.Context, report.Redeem) (report.ErasePlan, error) {
	return report.ErasePlan(r), nil
}

func TestALightMachinesDiskIsErased(t *testing.T) {
	const size = 8 << 20
	target := report.Target{Serial: "S-D1", Bytes: size}
	for _, stubborn := range []bool{false, true} {
		d := NewDisk(size)
		if err := d.Install("old-system"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.WriteAt(bytes.Repeat([]byte("secret"), 1<<16), 5<<20); err != nil {
			t.Fatal(err)
		}
		e := &erase.Eraser{
			Appliance: redeems{Disks: []report.Target{target}}, Log: slog.New(slog.DiscardHandler), Whole: time.Minute,
			Disks: func() []report.Disk {
				return []report.Disk{{Name: diskName, Serial: "S-D1", Bytes: size, Transport: "virtio"}}
			},
			Open: func(string) (erase.Disk, error) { return erasable{d, stubborn}, nil },
		}
		erased, _, err := e.Erase(t.Context(), report.Order{ID: "1"}, func(report.Progress) {})
		if stubborn {
			if err == nil || !strings.Contains(err.Error(), "is still what was there") || erased[0].OK {
				t.Errorf("a stubborn disk: %+v, %v", erased, err)
			}
			continue
		}
		if err != nil || erased[0].Method != report.EraseOverwrite || !erased[0].Whole || d.Sum() != NewDisk(size).Sum() {
			t.Errorf("%+v, %v; the disk is blank: %v", erased, err, d.Sum() == NewDisk(size).Sum())
		}
	}
}
