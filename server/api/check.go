package api

import (
	"context"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// CheckOrder has a machine's hardware checked.
type CheckOrder struct {
	Seconds int      `json:"seconds,omitempty" minimum:"60" maximum:"259200" doc:"Budget of all tests; absent: what its rule asks, or 10 minutes" example:"600"`
	Tests   []string `json:"tests,omitempty" nullable:"false" maxItems:"16" doc:"Of network, disk-read, disk-self-test, processor, memory, thermal; absent: all" example:"[\"disk-read\",\"memory\"]"`
}

// Check is what a check found. From an hour on all that makes heat runs at once.
type Check struct {
	ID       string    `json:"id" doc:"Of its job" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`
	Machine  string    `json:"machine" doc:"Hardware name" example:"C0MPUT3"`
	At       time.Time `json:"at" doc:"When it ended"`
	Seconds  int       `json:"seconds" doc:"Budget" example:"600"`
	Tests    []string  `json:"tests" nullable:"false" example:"[\"disk-read\"]"`
	Like     string    `json:"like" doc:"What the machines share beside which it was judged" example:"type high-io"`
	OK       bool      `json:"ok" doc:"The hardware passed"`
	Sentence string    `json:"sentence" doc:"The verdict" example:"disk S4X7NB0K reads 52 MB/s; 11 like it read 480 to 530"`
	Findings []Finding `json:"findings" nullable:"false" doc:"Every figure, the worst first"`
}

// Finding is one figure about one part, and what it is worth.
type Finding struct {
	Is       string    `json:"is" enum:"fails,odd,not-judged,well" doc:"fails: by a limit or an error of its own; odd: worse than those like it"`
	Sentence string    `json:"sentence" example:"disk S4X7NB0K reads 52 MB/s; 11 like it read 480 to 530"`
	Test     string    `json:"test" example:"disk-read"`
	Metric   string    `json:"metric,omitempty" example:"rate"`
	Part     string    `json:"part,omitempty" doc:"A disk's serial, a memory slot, a thread, a MAC, a sensor" example:"S4X7NB0K"`
	Model    string    `json:"model,omitempty" doc:"Of the part" example:"SAMSUNG MZ7LH480"`
	Unit     string    `json:"unit,omitempty" example:"MB/s"`
	Value    float64   `json:"value" doc:"What is judged: a mean, or the worst" example:"52"`
	Seconds  float64   `json:"seconds,omitempty" doc:"How long it was measured" example:"180"`
	Samples  []float64 `json:"samples,omitempty" nullable:"false" doc:"What it was made of, at even intervals; of one check alone" example:"[51.2,52.8]"`
	Error    string    `json:"error,omitempty" doc:"Why the part fails whatever its figure, or could not be tested" example:"input/output error at LBA 9"`
	Untested bool      `json:"untested,omitempty" doc:"There is no figure: the part could not be tested"`
}

// CheckID names a check.
type CheckID struct {
	ID string `path:"id" maxLength:"64" doc:"Of its job" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`
}

func (a *API) check(ctx context.Context, in *machineOrderInput[CheckOrder]) (Job, error) {
	who, _ := auth.From(ctx)
	j, err := a.Desk.Check(ctx, who, in.Ref, time.Duration(in.Body.Seconds)*time.Second, in.Body.Tests)
	if err != nil {
		return Job{}, err
	}
	return a.showJob(j), nil
}

func (a *API) checks(ctx context.Context, in *MachineRef) (List[Check], error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return List[Check]{}, err
	}
	all, err := a.DB.Checks(ctx, m.ID)
	return whole(all, a.showCheck), err
}

func (a *API) oneCheck(ctx context.Context, in *CheckID) (Check, error) {
	c, err := a.DB.CheckRecord(ctx, in.ID)
	if err != nil {
		return Check{}, err
	}
	return a.showCheck(c), nil
}

func (a *API) showCheck(c *machine.CheckRecord) Check {
	return Check{
		ID: c.Job, Machine: a.nameOf(c.Machine), At: c.At.UTC(), Seconds: c.Seconds, Tests: c.Tests, Like: c.Like, OK: c.OK, Sentence: c.Sentence,
		Findings: each(c.Findings, func(f machine.Finding) Finding {
			return Finding{
				Is: string(f.Is), Sentence: f.Sentence, Test: f.Test, Metric: f.Metric, Part: f.Part, Model: f.Model, Unit: f.Unit,
				Value: f.Value, Seconds: f.Seconds, Samples: f.Samples, Error: f.Error, Untested: f.Untested,
			}
		}),
	}
}
