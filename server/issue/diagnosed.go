package issue

import (
	"fmt"

	"firstlight/server/diagnosis"
	"firstlight/server/machine"
)

// stages are the kinds of issue that faults of a stage open. What only slows a
// boot down opens none.
var stages = map[diagnosis.Stage]machine.IssueKind{
	diagnosis.StagePower:   NoBootRequest,
	diagnosis.StageAddress: NoAddress,
	diagnosis.StageLoader:  NoBootFile,
	diagnosis.StageScript:  NoCallback,
	diagnosis.StageKernel:  NoCallback,
	diagnosis.StageAgent:   NoCallback,
	diagnosis.StageImage:   BadImage,
	diagnosis.StageDisk:    WrongBoot,
	diagnosis.StageClock:   WrongClock,
}

// KindOf is the issue that a diagnosis opens; "": none, or one that is found in
// another way.
func KindOf(d *diagnosis.Diagnosis) machine.IssueKind {
	switch {
	case d.Suspected:
		return "" // a slow machine is no issue
	case d.Fault == diagnosis.ReportRefused:
		return "" // an identity clash, which names both
	default:
		return stages[d.Stage]
	}
}

// Diagnosed is the finding that a diagnosis is.
func Diagnosed(d *diagnosis.Diagnosis) *Finding {
	f := found(d.Sentence, "fault", string(d.Fault), "next", d.Action)
	for i, e := range d.Evidence {
		f.Evidence[fmt.Sprintf("evidence %d", i+1)] = clock(e.At) + ": " + e.Text
	}
	f.Kind = KindOf(d)
	return f
}

// diagnosed finds the diagnosis of a kind.
func diagnosed(kind machine.IssueKind) func(*Input) *Finding {
	return func(in *Input) *Finding { return in.diagnosed(kind) }
}

func (in *Input) diagnosed(kind machine.IssueKind) *Finding {
	if in.is(machine.Retired) {
		return nil
	}
	for i := range in.Diagnoses {
		if d := &in.Diagnoses[i]; KindOf(d) == kind {
			return Diagnosed(d)
		}
	}
	return nil
}
