package plan

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

func TestFind(t *testing.T) {
	disks := []report.Disk{
		{Name: "sda", Serial: "A", Bytes: 10},
		{Name: "sdb", Serial: "B", Bytes: 10},
		{Name: "sdc", Serial: "B", Bytes: 10},
		{Name: "sdd", Serial: "B", Bytes: 20},
		{Name: "sde", Bytes: 30},
	}
	for _, test := range []struct {
		target     report.Target
		want, says string
	}{
		{report.Target{Serial: "A", Bytes: 10}, "sda", ""},
		{report.Target{Serial: "B", Bytes: 20}, "sdd", ""},
		{report.Target{Serial: "A", Bytes: 11}, "", `no disk has the serial "A" and 11 bytes: there are sda (serial "A", 10 bytes), `},
		{report.Target{Serial: "B", Bytes: 10}, "", `2 disks have the serial "B" and 10 bytes: sdb`},
		{report.Target{Bytes: 30}, "", `no disk has the serial ""`},
	} {
		d, err := Find(disks, test.target)
		if d.Name != test.want || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("Find(%+v) = %q, %v; want %q and %q", test.target, d.Name, err, test.want, test.says)
		}
	}
}

func TestATokenIsTradedUntilTheApplianceAnswers(t *testing.T) {
	no := &appliance.Refusal{Status: 401, Message: "redeemed before"}
	for _, test := range []struct {
		name   string
		silent int   // attempts without an answer
		answer error // then
		asked  int
		want   error
	}{
		{"it answers", 0, nil, 1, nil},
		{"it is away for a while", 5, nil, 6, nil},
		{"it refuses, which stays so", 3, no, 4, no},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				_, err := Trade(t.Context(), func(context.Context, report.Redeem) (report.Plan, error) {
					if asked++; asked <= test.silent {
						return report.Plan{}, errors.New("connection refused")
					}
					return report.Plan{}, test.answer
				}, report.Order{ID: "1", Token: "t"}, time.Minute, slog.New(slog.DiscardHandler))
				if asked != test.asked || !errors.Is(err, test.want) {
					t.Errorf("asked %d times, %v; want %d and %v", asked, err, test.asked, test.want)
				}
			})
		})
	}
}
