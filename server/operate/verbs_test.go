package operate

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// wantRefused asks for a refusal with certain words.
func wantRefused(t *testing.T, what string, err error, words string) {
	t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), words) {
		t.Errorf("%s = %v, want it refused with %q", what, err, words)
	}
}

var pgdata = report.Content{Device: "vda", Kind: "filesystem", Type: "ext4", Label: "pgdata", Used: 412e9}

func TestReleaseNeedsTheNameTyped(t *testing.T) {
	d, _ := desk(t)
	m := reported(t, d, 1, pgdata)
	for _, typed := range []string{"", "fl0001", "FL0002", "FL0001 "} {
		wantRefused(t, fmt.Sprintf("Release(%q)", typed), d.Release(t.Context(), ada, m.Name, typed), "type FL0001 to confirm")
	}
	if err := d.Lock(t.Context(), ada, m.Name, "evidence"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "Release() of a locked machine", d.Release(t.Context(), ada, m.Name, m.Name), "unlock it first")
	if err := d.Unlock(t.Context(), ada, m.Name, "seen"); err != nil {
		t.Fatal(err)
	}
	if err := d.Release(t.Context(), ada, m.Name, m.Name); err != nil || is(t, d, m).Status != machine.Available {
		t.Errorf("Release() = %v, machine %s; want it available", err, is(t, d, m).Status)
	}
	want := []string{"ada by token ci from 192.0.2.7: release disks FL0001: disk D0001: vda has an ext4 file system 'pgdata', 412 GB used → free to be overwritten"}
	if diff := cmp.Diff(want, audits(t, d, "release disks")); diff != "" {
		t.Errorf("audit differs (-want +got):\n%s", diff)
	}
}

func TestTheDisksOfAnOwnerAreNotReleased(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.InUse)
	wantRefused(t, "Release()", d.Release(t.Context(), ada, m.Name, m.Name), "may hold its owner's data")
}

func TestLockNotes(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	for _, note := range []string{"", "  \t ", strings.Repeat("é", maxNote)} {
		wantRefused(t, fmt.Sprintf("Lock(%.20q)", note), d.Lock(t.Context(), ada, m.Name, note), "say in 1 to 200")
	}
	for range 2 { // the second changes nothing
		if err := d.Lock(t.Context(), ada, m.Name, " smells "); err != nil {
			t.Fatal(err)
		}
	}
	if got := audits(t, d, "lock"); len(got) != 1 || is(t, d, m).Flags.LockNote != "smells" {
		t.Errorf("audit %v, note %q; want one row and the note", got, is(t, d, m).Flags.LockNote)
	}
	if err := d.Unlock(t.Context(), ada, m.Name, strings.Repeat("x", 999)); err != nil || is(t, d, m).Flags.LockNote != "" {
		t.Errorf("Unlock() = %v, note %q", err, is(t, d, m).Flags.LockNote)
	}
}

func TestPowerCyclesAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, b := desk(t)
		m := in(t, d, machine.Available)
		b.is = oob.PowerOn
		if err := d.Power(t.Context(), ada, m.Name, "cycle", m.Name); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]oob.Power{oob.PowerOff, oob.PowerOn}, b.sent); diff != "" || is(t, d, m).Observed.Power != "on" {
			t.Errorf("sent differs (-want +got):\n%s\nobserved %q", diff, is(t, d, m).Observed.Power)
		}
		wantRefused(t, `Power("reset")`, d.Power(t.Context(), ada, m.Name, "reset", m.Name), "want one of on, off, cycle")
		b.deaf = true
		began := time.Now()
		err := d.Power(t.Context(), ada, m.Name, "off", m.Name)
		if err == nil || !strings.Contains(err.Error(), `still says "on" after 2m0s`) || time.Since(began) > powerLimit+powerLook {
			t.Errorf("Power(off) of a deaf BMC = %v after %s", err, time.Since(began))
		}
		b.login = fmt.Errorf("machine FL0001: %w", oob.ErrNoLogin)
		wantRefused(t, "Power() without a BMC", d.Power(t.Context(), ada, m.Name, "off", m.Name), "power-off it by hand")
	})
}

func TestPowerIsNotCutWhereAJobWorks(t *testing.T) {
	d, b := desk(t)
	m := in(t, d, machine.Available)
	j, err := d.Install(t.Context(), ada, m.Name, "debian-12")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"off", "cycle"} {
		wantRefused(t, "Power("+verb+")", d.Power(t.Context(), ada, m.Name, verb, m.Name), "job "+j.ID+" (install) works on machine FL0001")
	}
	if len(b.sent) != 0 {
		t.Errorf("the BMC was sent %v", b.sent)
	}
	_, err = d.Install(t.Context(), ada, m.Name, "debian-12")
	wantRefused(t, "a second Install()", err, "open job already")
	if err := d.Cancel(t.Context(), ada, j.ID); err != nil || is(t, d, m).Status != machine.Available {
		t.Errorf("Cancel() = %v, machine %s", err, is(t, d, m).Status)
	}
	wantRefused(t, "a second Cancel()", d.Cancel(t.Context(), ada, j.ID), "cannot be cancelled any more")
}

func TestOrdersPickWhatWasCounted(t *testing.T) {
	d, _ := desk(t)
	for n := range 3 {
		reported(t, d, n+1)
	}
	for _, tt := range []struct {
		order Order
		want  string
	}{
		{Order{Target: ""}, "picks every machine"},
		{Order{Target: "hardwarename=NOBODY"}, "picks no machine"},
		{Order{Target: "status=available"}, "picks 3 machines: narrow it to one, or say how many you expect"},
		{Order{Target: "status=available", Expect: 2}, `expect "2": the target picks 3 machines`},
	} {
		tt.order.Image = "debian-12"
		_, _, err := d.Order(t.Context(), ada, tt.order)
		wantRefused(t, fmt.Sprintf("Order(%q)", tt.order.Target), err, tt.want)
	}
	if n := len(d.DB.Jobs(nil)); n != 0 {
		t.Errorf("refused orders made %d jobs", n)
	}
	all, _, err := d.Order(t.Context(), ada, Order{Target: "status=available", Expect: 3, Image: "debian-12"})
	if err != nil || len(all) != 3 {
		t.Fatalf("Order() = %v, %v", all, err)
	}
	hosts := map[string]bool{}
	for _, o := range all {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Machine.Name, o.Err)
		}
		hosts[is(t, d, o.Machine).Hostname] = true
	}
	if !hosts["lab-web-1"] || !hosts["lab-web-2"] || !hosts["lab-web-3"] {
		t.Errorf("host names = %v, want three of the rule's role", hosts)
	}
}

func TestAnExplanationTellsNoSecret(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	before := is(t, d, m).Observed
	e, err := d.Lookup(t.Context(), m.Name)
	if err != nil || e.Answer.Target != boot.Agent || e.Answer.Mode != boot.ModeIdle || e.Request.Platform != "efi" || e.Request.Subnet != "lab" {
		t.Errorf("Lookup(%s) = %+v, %v", m.Name, e, err)
	}
	if strings.Contains(e.Script, "s3cret") || !strings.Contains(e.Script, "firstlight.session=… firstlight.mode=idle") {
		t.Errorf("script = %s, want it without its session", e.Script)
	}
	stranger, err := d.Lookup(t.Context(), "52:54:00:00:00:99")
	if err != nil || stranger.Answer.Mode != boot.ModeRegister {
		t.Errorf("Lookup(stranger) = %+v, %v", stranger, err)
	}
	if _, err := d.Lookup(t.Context(), "NOBODY"); !errors.Is(err, machine.ErrNotFound) {
		t.Errorf("Lookup(NOBODY) = %v, want not found", err)
	}
	if diff := cmp.Diff(before, is(t, d, m).Observed); diff != "" {
		t.Errorf("an explanation left traces (-before +after):\n%s", diff)
	}
}

func TestSubnetsDoNotOverlap(t *testing.T) {
	d, _ := desk(t)
	s := &machine.Subnet{
		Name: "more", Prefix: netip.MustParsePrefix("10.80.0.0/16"), Site: "lab", Mode: "server", Policy: machine.PolicyObserve, Lease: time.Hour,
	}
	wantRefused(t, "PutSubnet()", d.PutSubnet(t.Context(), ada, s, anySubnet), "overlaps 10.80.12.0/24 of subnet lab")
	s.Prefix = netip.MustParsePrefix("10.81.0.1/16")
	wantRefused(t, "PutSubnet()", d.PutSubnet(t.Context(), ada, s, anySubnet), "did you mean 10.81.0.0/16?")
	s.Prefix = s.Prefix.Masked()
	if err := d.PutSubnet(t.Context(), ada, s, anySubnet); err != nil || len(d.DB.Subnets()) != 2 {
		t.Errorf("PutSubnet() = %v, %d subnets", err, len(d.DB.Subnets()))
	}
}

func anySubnet(*machine.Subnet) error { return nil }
