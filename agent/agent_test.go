package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/console"
	"firstlight/agent/logbook"
	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

// fake is an appliance and an installer that write down, in order, what
// happened to them. Each call takes what its hook says, if there is one.
type fake struct {
	log      []string
	told     []string // lines of the agent's own log
	orders   []report.Order
	onReport func() error
	onResult func() error
	install  func(ctx context.Context, progress func(report.Progress)) error
	erase    func() ([]report.Erased, error)
	check    func(ctx context.Context) error
	conflict bool // with what is told of progress
	control  func() error
}

func (f *fake) Report(context.Context, report.Report) (report.Welcome, error) {
	f.log = append(f.log, "report")
	if f.onReport != nil {
		if err := f.onReport(); err != nil {
			return report.Welcome{}, err
		}
	}
	return report.Welcome{Name: "web-1", Sentence: "Waits."}, nil
}

func (f *fake) Order(ctx context.Context, seen string) (*report.Order, error) {
	f.log = append(f.log, "poll after "+seen)
	if len(f.orders) == 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	o := f.orders[0]
	f.orders = f.orders[1:]
	return &o, nil
}

func (f *fake) Progress(_ context.Context, p report.Progress) error {
	if p.Total > 0 {
		f.log = append(f.log, "progress "+p.Step)
	}
	if f.conflict {
		return &appliance.Refusal{Status: 409, Message: "not now"}
	}
	return nil
}

func (f *fake) Result(_ context.Context, r report.Result) error {
	word := "result ok "
	if !r.OK {
		word = "result not ok (" + r.Error + ") "
	}
	if len(r.Erased) > 0 {
		r.Order += fmt.Sprintf(" %d erased", len(r.Erased))
	}
	if len(r.Measured) > 0 {
		r.Order += fmt.Sprintf(" %d measured", len(r.Measured))
	}
	f.log = append(f.log, word+r.Order)
	if f.onResult != nil {
		return f.onResult()
	}
	return nil
}

func (f *fake) Log(_ context.Context, l report.Log) error {
	f.told = append(f.told, l.Lines...)
	return nil
}

func (f *fake) Install(ctx context.Context, _ report.Order, progress func(report.Progress)) (string, error) {
	f.log = append(f.log, "install")
	if err := f.install(ctx, progress); err != nil {
		return report.StepWrite, err
	}
	return report.StepBoot, nil
}

func (f *fake) Erase(_ context.Context, _ report.Order, progress func(report.Progress)) ([]report.Erased, string, error) {
	f.log = append(f.log, "erase")
	progress(report.Progress{Step: report.StepErase, Done: 1, Total: 2})
	erased, err := f.erase()
	return erased, report.StepErase, err
}

func (f *fake) Check(ctx context.Context, _ report.Order, progress func(report.Progress)) ([]report.Measured, error) {
	f.log = append(f.log, "check")
	progress(report.Progress{Step: report.StepCheck, Done: 1, Total: 2})
	err := f.check(ctx)
	return make([]report.Measured, 3), err
}

func (f *fake) Control(_ context.Context, _ report.Order, progress func(report.Progress)) (string, error) {
	f.log = append(f.log, "control")
	progress(report.Progress{Step: report.StepBMC, Done: 1, Total: 2})
	return report.StepBMC, f.control()
}

// run runs an agent until it ends by itself or an hour has passed, on a clock
// that costs nothing.
func run(t *testing.T, f *fake) (end string, log []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		book, began := logbook.New(), time.Now()
		a := &Agent{
			Appliance: f, Installer: f, Eraser: f, Checker: f, Controller: f, Screen: console.New(), Book: book, Name: "x",
			Log:     slog.New(logbook.Handler(func() time.Duration { return time.Since(began) }, book.Line)),
			Collect: func() report.Report { return report.Report{Version: report.Version} },
		}
		end, _ = a.Run(ctx)
		synctest.Wait()
	})
	return end, f.log
}

func fine(_ context.Context, progress func(report.Progress)) error {
	progress(report.Progress{Step: report.StepWrite, Done: 1, Total: 2})
	return nil
}

var (
	install = report.Order{ID: "1", Action: report.ActionInstall, Token: "t"}
	erase   = report.Order{ID: "5", Action: report.ActionErase, Token: "t"}
	check   = report.Order{ID: "6", Action: report.ActionCheck}
	control = report.Order{ID: "7", Action: report.ActionBMC, Token: "t"}
	reboot  = report.Order{ID: "2", Action: report.ActionReboot}
)

func TestWhatAnAgentDoes(t *testing.T) {
	away := 0
	for _, test := range []struct {
		name string
		fake fake
		end  string
		log  []string
	}{
		{
			"an install is told before the machine restarts",
			fake{orders: []report.Order{install}, install: fine},
			report.ActionReboot,
			[]string{"report", "poll after ", "install", "progress write", "result ok 1"},
		},
		{
			"an install that failed is told, and the machine waits for the next order",
			fake{orders: []report.Order{install, reboot}, install: func(context.Context, func(report.Progress)) error {
				return errors.New("the hash differs")
			}},
			report.ActionReboot,
			[]string{"report", "poll after ", "install", "result not ok (the hash differs) 1", "poll after 1", "result ok 2"},
		},
		{
			"the machine restarts only when the appliance has taken the result",
			fake{orders: []report.Order{install}, install: fine, onResult: func() error {
				if away++; away < 3 {
					return errors.New("connection refused")
				}
				return nil
			}},
			report.ActionReboot,
			[]string{"report", "poll after ", "install", "progress write", "result ok 1", "result ok 1", "result ok 1"},
		},
		{
			"a result that is refused leaves the machine where it is",
			fake{orders: []report.Order{reboot}, onResult: func() error { return &appliance.Refusal{Status: 409, Message: "not yours"} }},
			"",
			[]string{"report", "poll after ", "result ok 2", "poll after 2"},
		},
		{
			"an order from the future is refused by name",
			fake{orders: []report.Order{{ID: "3", Action: "dance"}}},
			"",
			[]string{"report", "poll after ", "result not ok (action \"dance\" is unknown to this agent, which knows install, erase, bmc, check, reboot, poweroff and report: boot it from the boot image of this release) 3", "poll after 3"},
		},
		{
			"an order to report is obeyed by reporting",
			fake{orders: []report.Order{{ID: "4", Action: report.ActionReport}}},
			"",
			[]string{"report", "poll after ", "report", "result ok 4", "poll after 4"},
		},
		{
			"an erase is told with what the machine is then, and the machine waits",
			fake{orders: []report.Order{erase}, erase: func() ([]report.Erased, error) { return make([]report.Erased, 2), nil }},
			"",
			[]string{"report", "poll after ", "erase", "progress erase", "report", "result ok 5 2 erased", "poll after 5"},
		},
		{
			"an erase that failed as well",
			fake{orders: []report.Order{erase}, erase: func() ([]report.Erased, error) {
				return make([]report.Erased, 2), errors.New("1 of 2 disks")
			}},
			"",
			[]string{"report", "poll after ", "erase", "progress erase", "report", "result not ok (1 of 2 disks) 5 2 erased", "poll after 5"},
		},
		{
			"a check is told with what was measured, and the machine waits",
			fake{orders: []report.Order{check}, check: func(context.Context) error { return nil }},
			"",
			[]string{"report", "poll after ", "check", "progress check", "result ok 6 3 measured", "poll after 6"},
		},
		{
			"a check that the appliance does not want any more is over at once",
			fake{orders: []report.Order{check}, conflict: true, check: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			"",
			[]string{"report", "poll after ", "check", "progress check", "result not ok (the appliance ended the check) 6 3 measured", "poll after 6"},
		},
		{
			"what writes to disks goes on, whatever is said of its progress",
			fake{orders: []report.Order{erase}, conflict: true, erase: func() ([]report.Erased, error) {
				time.Sleep(time.Minute)
				return make([]report.Erased, 2), nil
			}},
			"",
			[]string{"report", "poll after ", "erase", "progress erase", "report", "result ok 5 2 erased", "poll after 5"},
		},
		{
			"a BMC that is set up is seen as it is then, and the machine waits",
			fake{orders: []report.Order{control}, control: func() error { return nil }},
			"",
			[]string{"report", "poll after ", "control", "progress bmc", "report", "result ok 7", "poll after 7"},
		},
		{
			"a BMC that refuses leaves the machine where it is",
			fake{orders: []report.Order{control}, control: func() error { return errors.New("code 0xc1") }},
			"",
			[]string{"report", "poll after ", "control", "progress bmc", "result not ok (code 0xc1) 7", "poll after 7"},
		},
		{
			"an erase that never began changes nothing",
			fake{orders: []report.Order{erase}, erase: func() ([]report.Erased, error) { return nil, errors.New("no disk") }},
			"",
			[]string{"report", "poll after ", "erase", "progress erase", "result not ok (no disk) 5", "poll after 5"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			end, log := run(t, &test.fake)
			if end != test.end {
				t.Errorf("the run ended with %q, want %q", end, test.end)
			}
			if diff := cmp.Diff(test.log, log); diff != "" {
				t.Errorf("what happened differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLogIsToldToItsEnd(t *testing.T) {
	f := &fake{orders: []report.Order{install, reboot}, install: fine}
	_, _ = run(t, f)
	want := []string{
		"[    0.000] reported name=web-1 status= disks=0 nics=0", "[    0.000] order id=1 action=install",
		"[    0.000] Installed; restarts into its system.",
	}
	if diff := cmp.Diff(want, f.told); diff != "" {
		t.Errorf("lines that were told (-want +got):\n%s", diff)
	}
}

// The switch may speak while the image is written: that is told once more, and the
// restart waits for it a second at most.
func TestWhatChangedDuringAnInstallIsTold(t *testing.T) {
	for _, tt := range []struct {
		name string
		say  func(context.Context) error // to the second report
		told bool
		took time.Duration
	}{
		{"it is taken", func(context.Context) error { return nil }, true, 0},
		{"it is refused", func(context.Context) error { return &appliance.Refusal{Status: 409, Message: "not now"} }, true, 0},
		{"nobody answers", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, true, time.Second},
		{"nothing changed", nil, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &late{fake: fake{orders: []report.Order{install}, install: fine}, say: tt.say}
				a := &Agent{
					Appliance: f, Installer: f, Eraser: f, Checker: f, Screen: console.New(), Log: slog.New(slog.DiscardHandler), Book: logbook.New(), Name: "x",
					Collect: func() report.Report {
						r := report.Report{Version: report.Version, NICs: []report.NIC{{Name: "eth0"}}}
						if tt.told && slices.Contains(f.log, "install") {
							r.NICs[0].Neighbour = &report.Neighbour{System: "sw3", Port: "Ethernet31"}
						}
						return r
					},
				}
				began := time.Now()
				end, err := a.Run(t.Context())
				want := []string{"report", "poll after ", "install", "progress write", "report", "result ok 1"}
				if !tt.told {
					want = slices.Delete(want, 4, 5)
				}
				if took := time.Since(began); end != report.ActionReboot || err != nil || took != tt.took {
					t.Errorf("Run = %q, %v after %s; want a restart after %s", end, err, took, tt.took)
				}
				if diff := cmp.Diff(want, f.log); diff != "" {
					t.Errorf("what happened (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// late is an appliance that says something of its own to the second report.
type late struct {
	fake
	reports int
	say     func(context.Context) error
}

func (l *late) Report(ctx context.Context, r report.Report) (report.Welcome, error) {
	if l.reports++; l.reports == 1 {
		return l.fake.Report(ctx, r)
	}
	l.log = append(l.log, "report")
	return report.Welcome{}, l.say(ctx)
}

func TestAnApplianceThatIsAwayIsWaitedFor(t *testing.T) {
	attempts := 0
	f := &fake{orders: []report.Order{reboot}, onReport: func() error {
		if attempts++; attempts < 50 {
			return errors.New("connection refused")
		}
		return nil
	}}
	if end, _ := run(t, f); end != report.ActionReboot || attempts != 50 {
		t.Errorf("the run ended with %q after %d reports, want %q after 50", end, attempts, report.ActionReboot)
	}
}

func TestASessionThatIsRefusedForGoodBootsAgain(t *testing.T) {
	attempts := 0
	f := &fake{onReport: func() error { attempts++; return &appliance.Refusal{Status: 401, Message: "unknown session"} }}
	if end, _ := run(t, f); end != report.ActionReboot || attempts != maxRefusals {
		t.Errorf("the run ended with %q after %d reports, want %q after %d", end, attempts, report.ActionReboot, maxRefusals)
	}
}
