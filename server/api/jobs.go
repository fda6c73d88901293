package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

type jobsInput struct {
	Page
	Status  string `query:"status" enum:"queued,started,finished,failed,cancelled" doc:"Absent: all"`
	Machine string `query:"machine" maxLength:"200" doc:"Name, id, MAC or host name; absent: of all machines" example:"C0MPUT3"`
}

// jobOrder is newest first; jobs of one instant stand by id. The cursor holds
// both, so that a job that left the memory is not needed to go on.
var jobOrder = order[*machine.Job]{
	after: func(cursor string) (func(*machine.Job) bool, error) {
		made, id, _ := strings.Cut(cursor, "~")
		at, err := time.Parse(time.RFC3339Nano, made)
		return func(j *machine.Job) bool {
			c := j.CreatedAt.Compare(at)
			return c < 0 || c == 0 && j.ID > id
		}, err
	},
	name: func(j *machine.Job) string { return j.CreatedAt.UTC().Format(time.RFC3339Nano) + "~" + j.ID },
}

func (a *API) jobs(_ context.Context, in *jobsInput) (List[Job], error) {
	var of string
	if in.Machine != "" {
		m, err := a.DB.Machine(in.Machine)
		if err != nil {
			return List[Job]{}, err
		}
		of = m.ID
	}
	picked := a.DB.Jobs(func(j *machine.Job) bool {
		return (of == "" || j.Machine == of) && (in.Status == "" || string(j.Status) == in.Status)
	})
	return page(picked, in.Page, jobOrder, a.showJob)
}

type jobInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of a job" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`
}

func (a *API) job(_ context.Context, in *jobInput) (Job, error) {
	j, err := a.DB.Job(in.ID)
	if err != nil {
		return Job{}, err
	}
	return a.showJob(j), nil
}

func (a *API) cancel(ctx context.Context, in *jobInput) (Job, error) {
	who, _ := auth.From(ctx)
	if _, err := a.job(ctx, in); err != nil {
		return Job{}, err
	}
	if err := a.Desk.Cancel(ctx, who, in.ID); err != nil {
		return Job{}, err
	}
	return a.job(ctx, in)
}

type jobOrderInput struct{ Body JobOrder }

// ordered is one job, or what became of an order for many machines.
type ordered struct {
	Status   int
	Location string `header:"Location" doc:"Of the job, where there is one"`
	Body     any
}

// orderJobs documents and registers the order: 201 with the job where the
// target is one machine, 207 with a list where expect says more, and 200 with
// that list where nothing is made.
func orderJobs(a *API, op huma.Operation) {
	op.DefaultStatus = http.StatusCreated
	op.Responses = map[string]*huma.Response{
		"200": answer[JobBatch](a, "What would become of each machine: a dry run"),
		"201": answer[Job](a, "The job: the order was for one machine"),
		"207": answer[JobBatch](a, "What became of each machine: the order expected more than one"),
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *jobOrderInput) (*ordered, error) {
		out, err := a.order(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

func (a *API) order(ctx context.Context, in *jobOrderInput) (*ordered, error) {
	who, _ := auth.From(ctx)
	made, written, err := a.Desk.Order(ctx, who, operate.Order{
		Target: in.Body.Target, Image: in.Body.Params.Image, Role: in.Body.Params.Role, Owner: in.Body.Owner,
		Requester: in.Body.Requester, Expect: in.Body.Expect, Mode: in.Body.mode(),
	})
	switch {
	case err != nil:
		return nil, inTarget(in.Body.Target, err)
	case in.Body.DryRun:
		return &ordered{Status: http.StatusOK, Body: a.batch(ctx, made, written)}, nil
	case in.Body.Expect > 1 && (written || in.Body.Partial):
		return &ordered{Status: http.StatusMultiStatus, Body: a.batch(ctx, made, written)}, nil
	case in.Body.Expect > 1:
		return nil, a.allRefused(ctx, each(made, func(o operate.Outcome) verdict { return verdict{o.Machine.Name, o.Err} }))
	}
	one := made[0]
	if errors.Is(one.Err, machine.ErrNotFound) { // the request names it, the path does not
		return nil, at("body.params.image", in.Body.Params.Image, one.Err)
	}
	if one.Err != nil {
		return nil, one.Err
	}
	return &ordered{Status: http.StatusCreated, Location: Prefix + "/jobs/" + one.Job.ID, Body: a.showJob(one.Job)}, nil
}

func (o JobOrder) mode() serverdb.Mode {
	switch {
	case o.DryRun:
		return serverdb.Dry
	case o.Partial:
		return serverdb.Partial
	}
	return serverdb.AllOrNothing
}

// inTarget says that it was the target that could not be read.
func inTarget(target string, err error) error {
	if _, ok := errors.AsType[*machine.SelectorError](err); ok {
		return at("body.target", target, err)
	}
	return err
}

func (a *API) batch(ctx context.Context, made []operate.Outcome, written bool) JobBatch {
	b := JobBatch{Items: []Job{}, Accepted: []string{}, Refused: []Refusal{}}
	for _, o := range made {
		switch {
		case o.Err != nil:
			b.Refused = append(b.Refused, Refusal{Machine: o.Machine.Name, Detail: a.problem(ctx, o.Err).Error()})
		case written:
			b.Items = append(b.Items, a.showJob(o.Job))
		default:
			b.Accepted = append(b.Accepted, o.Machine.Name)
		}
	}
	return b
}
