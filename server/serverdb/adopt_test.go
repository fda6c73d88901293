package serverdb

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/delivery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// serving is the report of a machine from its own system.
func serving(n int) *report.Report {
	r := blank(n)
	r.OS = &report.OS{Hostname: fmt.Sprintf("web-%d.lab.example", n), Release: "Debian GNU/Linux 12"}
	r.NICs[0].Addresses = []string{fmt.Sprintf("10.80.12.%d/24", n), "fe80::1/64"}
	r.Disks[0].Contents = []report.Content{{Device: "vda1", Kind: "filesystem", Type: "ext4", Label: "root"}}
	return r
}

func TestAReportFromItsOwnSystemAdoptsAMachine(t *testing.T) {
	d := laidOut(t, file(t))
	bring(t, d, Import{}, "serial,rack,unit\nFL0001,lon6-r12,3\n")
	for n, where := range []string{"expected", "unknown"} {
		m, err := d.Adopt(t.Context(), Actor{Name: "root"}, serving(n+1), "ran before the appliance came")
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if m.Status != machine.InUse || !m.Owned || !m.Flags.Locked || !m.Flags.UntilBoot || m.Hostname != fmt.Sprintf("web-%d", n+1) || m.Address() != from(n+1) {
			t.Errorf("%s: %+v", where, m)
		}
		if full, err := d.Full(t.Context(), m); err != nil || full.Facts == nil || len(full.Facts.Disks[0].Contents) != 1 {
			t.Errorf("%s: facts %+v, %v", where, full.Facts, err)
		}
		if err := d.Replay(t.Context(), m.ID); err != nil {
			t.Error(err)
		}
	}
	again, err := d.Adopt(t.Context(), Actor{Name: "root"}, serving(1), "again")
	if err != nil || again.Rack != "lon6-r12" || again.Status != machine.InUse {
		t.Errorf("again = %+v, %v", again, err)
	}
	nameless := serving(3)
	nameless.System.Serial = "To be filled by O.E.M."
	var wrong *ImportError
	if _, err := d.Adopt(t.Context(), Actor{Name: "root"}, nameless, "x"); !errors.As(err, &wrong) {
		t.Errorf("a placeholder serial = %v", err)
	}
	arrive(t, d, blank(4), 104)
	var illegal *machine.IllegalError
	if _, err := d.Adopt(t.Context(), Actor{Name: "root"}, serving(4), "x"); !errors.As(err, &illegal) {
		t.Errorf("a machine that is available = %v", err)
	}
	clash := serving(5)
	clash.NICs = append(clash.NICs, report.NIC{Name: "eth1", MAC: "52:54:00:00:00:01"})
	var marks *ClashError
	if _, err := d.Adopt(t.Context(), Actor{Name: "root"}, clash, "x"); !errors.As(err, &marks) {
		t.Errorf("another machine's interface = %v", err)
	}
}

// TestAdoptedMachinesRebootIntoTheirOwnDisks adopts 500 machines, by list and
// by report, and lets each boot in every stage as DHCP and HTTP decide it.
func TestAdoptedMachinesRebootIntoTheirOwnDisks(t *testing.T) {
	d := laidOut(t, file(t))
	const fleet = 500
	var list strings.Builder
	list.WriteString("serial,uuid,mac1,mac2\n")
	mac := func(n, port int) string { return fmt.Sprintf("02:00:00:%02x:%02x:%02x", n>>8, n&255, port) }
	for n := range fleet - 50 {
		fmt.Fprintf(&list, "OLD%04d,22222222-0000-0000-0000-%012d,%s,%s\n", n, n, mac(n, 1), mac(n, 2))
	}
	if got := bring(t, d, Import{Order: delivery.Order{InUse: true}, Reason: "ran before the appliance came"}, list.String()); !got.Written {
		t.Fatalf("import: %d refused", got.Count(delivery.Refused))
	}
	for n := fleet - 50; n < fleet; n++ {
		r := blank(1)
		r.OS = &report.OS{Hostname: fmt.Sprintf("old-%d", n)}
		r.System.Serial, r.System.UUID = fmt.Sprintf("OLD%04d", n), fmt.Sprintf("22222222-0000-0000-0000-%012d", n)
		r.NICs = []report.NIC{{Name: "eno1", MAC: mac(n, 1)}, {Name: "eno2", MAC: mac(n, 2)}}
		r.Boot.MAC = mac(n, 1)
		if _, err := d.Adopt(t.Context(), Actor{Name: "root"}, r, "ran before the appliance came"); err != nil {
			t.Fatal(err)
		}
	}
	for n := range fleet {
		for _, stage := range []boot.Stage{boot.StageFirmware, boot.StageIPXE, boot.StageHTTP} {
			m, err := machine.ParseMAC(mac(n, n%2+1)) // any of its interfaces
			if err != nil {
				t.Fatal(err)
			}
			r := boot.Request{MAC: m, Stage: stage, Subnet: "lab", UUID: fmt.Sprintf("22222222-0000-0000-0000-%012d", n)}
			k := d.Known(r)
			a := boot.Decide(r, k, time.Now())
			d.Decided(r, a, k)
			if a.Target != boot.Disk || boot.MayWrite(k.Machine, k.Job, "1", "x", time.Now()) == nil {
				t.Fatalf("machine %d got %+v in stage %s", n, a, stage)
			}
		}
	}
	unlocked := func() (n int) {
		for _, m := range d.Machines() {
			if m.Status == machine.InUse && m.Owned && !m.Flags.Locked && !m.Flags.UntilBoot {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(20 * time.Second); unlocked() < fleet; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d are unlocked after their boot", unlocked(), fleet)
		}
	}
	m, _ := d.Machine("OLD0000")
	events, err := d.Timeline(t.Context(), m.ID, 0, 20)
	if err != nil || !hasEvent(events, "Unlocked: its first boot") {
		t.Errorf("timeline = %+v, %v", events, err)
	}
}

func hasEvent(events []journal.Event, text string) bool {
	for _, e := range events {
		if strings.HasPrefix(e.Text, text) {
			return true
		}
	}
	return false
}
