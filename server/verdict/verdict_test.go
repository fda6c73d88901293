package verdict

import (
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

func disk(serial string, rate float64) machine.Figure {
	return machine.Figure{Test: report.TestDiskRead, Metric: report.MetricRate, Part: serial, Model: "PM883", Unit: "MB/s", Value: rate}
}

func disks(rates ...float64) (all []machine.Figure) {
	for _, r := range rates {
		all = append(all, disk("other", r))
	}
	return all
}

func TestJudge(t *testing.T) {
	eleven := disks(480, 490, 495, 500, 500, 505, 510, 515, 520, 525, 530)
	bounded := &machine.HardwareType{Name: "high-io", Limits: []string{"disk-read.rate>=400", "memory.errors<=5", "thermal.temperature<=80"}}
	errors := machine.Figure{Test: report.TestMemory, Metric: report.MetricErrors, Part: "B2", Unit: "count", Value: 3}
	hot := machine.Figure{Test: report.TestThermal, Metric: report.MetricTemperature, Part: "coretemp Package id 0", Model: "coretemp Package id 0", Unit: "°C", Value: 88}
	late := machine.Figure{Test: report.TestDiskRead, Metric: report.MetricLatency, Part: "S4X", Model: "PM883", Unit: "ms", Value: 900}
	for _, tt := range []struct {
		name string
		f    machine.Figure
		t    *machine.HardwareType
		like []machine.Figure
		is   machine.Worth
		says string
	}{
		{"slow beside eleven", disk("S4X", 52), nil, eleven, machine.Odd, "disk S4X reads 52 MB/s; 11 like it read 480 to 530"},
		{"as fast as they are", disk("S4X", 481), nil, eleven, machine.Well, "disk S4X reads 481 MB/s; 11 like it read 480 to 530"},
		{"faster is no fault", disk("S4X", 5200), nil, eleven, machine.Well, "disk S4X reads 5200 MB/s; 11 like it read 480 to 530"},
		{"no siblings", disk("S4X", 52), nil, nil, machine.Unjudged, "disk S4X reads 52 MB/s; nothing like it was measured yet"},
		{"too few", disk("S4X", 52), nil, disks(500, 500, 500, 500), machine.Unjudged, "disk S4X reads 52 MB/s; only 4 like it were measured, and it takes 5 to judge by"},
		{"too few, but well by its type", disk("S4X", 450), bounded, nil, machine.Well, "disk S4X reads 450 MB/s"},
		{"below its type's bound", disk("S4X", 52), bounded, eleven, machine.Fails, "disk S4X reads 52 MB/s; hardware type high-io wants at least 400"},
		{"siblings all alike, and it is near", disk("S4X", 490), nil, disks(500, 500, 500, 500, 500), machine.Well, "disk S4X reads 490 MB/s; 5 like it read 500"},
		{"siblings all alike, and it is far", disk("S4X", 390), nil, disks(500, 500, 500, 500, 500), machine.Odd, "disk S4X reads 390 MB/s; 5 like it read 500"},
		{"an outlier among few", disk("S4X", 495), nil, disks(50, 500, 505, 495, 500), machine.Well, "disk S4X reads 495 MB/s; 4 like it read 495 to 505"},
		{"one of two outliers among few", disk("S4X", 52), nil, disks(50, 500, 505, 495, 500), machine.Odd, "disk S4X reads 52 MB/s; 4 like it read 495 to 505"},
		{"siblings that differ much excuse it", disk("S4X", 250), nil, disks(200, 300, 400, 500, 600), machine.Well, "disk S4X reads 250 MB/s; 5 like it read 200 to 600"},
		{"a slow read beside them", late, nil, likes(late, 8, 9, 10, 12, 20), machine.Odd, "disk S4X took 900 ms for its slowest read; 5 like it took 8 to 20"},
		{"an error is none's to have", errors, nil, nil, machine.Fails, "DIMM B2 has 3 errors; there must be none"},
		{"but where the type says so", errors, bounded, nil, machine.Well, "DIMM B2 has 3 errors"},
		{"hot by its type", hot, bounded, nil, machine.Fails, "sensor coretemp Package id 0 reaches 88 °C; hardware type high-io allows at most 80"},
		{"warm", hot, nil, nil, machine.Well, "sensor coretemp Package id 0 reaches 88 °C"},
		{"warmer than those like it", hot, nil, likes(hot, 60, 61, 62, 63, 64), machine.Odd, "sensor coretemp Package id 0 reaches 88 °C; 5 like it reached 60 to 64"},
		{"hot in any machine", valued(hot, 96), nil, nil, machine.Fails, "sensor coretemp Package id 0 reaches 96 °C; every machine allows at most 95"},
		{"its own error", machine.Figure{Test: report.TestDiskRead, Metric: report.MetricRate, Part: "S4X", Value: 500, Error: "input/output error at LBA 9"}, nil, nil, machine.Fails, "disk S4X: input/output error at LBA 9"},
		{"not tested", machine.Figure{Test: report.TestDiskSelf, Part: "S4X", Error: "cannot be tested: it has no such test", Untested: true}, nil, nil, machine.Unjudged, "disk S4X: cannot be tested: it has no such test"},
		{"failed its own test", machine.Figure{Test: report.TestDiskSelf, Metric: report.MetricOutcome, Part: "S4X", Value: 1}, nil, nil, machine.Fails, "disk S4X failed its own test"},
		{"a test of another version", machine.Figure{Test: "fans", Metric: "rpm", Part: "1", Value: 9}, nil, nil, machine.Unjudged, "fans 1 rpm 9; nothing like it was measured yet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Judge([]machine.Figure{tt.f}, tt.t, tt.like)
			if len(got) != 1 || got[0].Is != tt.is || got[0].Sentence != tt.says {
				t.Errorf("Judge = %+v\nwant %s: %s", got, tt.is, tt.says)
			}
		})
	}
}

func valued(f machine.Figure, v float64) machine.Figure {
	f.Value = v
	return f
}

func likes(f machine.Figure, values ...float64) (all []machine.Figure) {
	for _, v := range values {
		all = append(all, valued(f, v))
	}
	return all
}

// Parts of one machine are siblings where no others are known; those of another
// model never are.
func TestAMachineOfItsOwnKind(t *testing.T) {
	mine := disks(500, 501, 502, 503, 504, 505)
	mine = append(mine, disk("S4X", 52))
	all := Judge(mine, nil, nil)
	if all[0].Is != machine.Odd || all[0].Part != "S4X" || !strings.HasSuffix(all[0].Sentence, "; 6 like it read 500 to 505") || all[1].Is != machine.Well {
		t.Errorf("Judge = %+v", all)
	}
	for i := range mine[:6] {
		mine[i].Model = "another"
	}
	if all = Judge(mine, nil, nil); all[0].Part != "S4X" || all[0].Is != machine.Unjudged {
		t.Errorf("beside another model: %+v", all)
	}
}

func TestSum(t *testing.T) {
	for _, tt := range []struct {
		name string
		all  []machine.Figure
		ok   bool
		says string
	}{
		{"nothing", nil, false, "nothing was measured"},
		{"nothing that could be tested", []machine.Figure{{Test: "x", Untested: true, Error: "e"}}, false, "nothing could be tested: x: e"},
		{"one bad", disks(500, 500, 500, 500, 500, 52), false, "disk other reads 52 MB/s; 5 like it read 500"},
		{"two bad", disks(500, 500, 500, 500, 500, 52, 50), false, "disk other reads 52 MB/s; 5 like it read 500 (and 1 more)"},
		{"all well", disks(500, 500, 500, 500, 500, 500), true, "6 figures well"},
		{"some not judged", append(disks(500, 500, 500, 500, 500, 500), machine.Figure{Test: "x", Metric: "y", Value: 1}), true, "6 figures well, 1 not judged: x y 1; nothing like it was measured yet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if ok, says := Sum(Judge(tt.all, nil, nil)); ok != tt.ok || says != tt.says {
				t.Errorf("Sum = %v, %s\nwant %v, %s", ok, says, tt.ok, tt.says)
			}
		})
	}
}
