package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type jobCmd struct {
	Ls      jobLsCmd      `cmd:"" help:"List jobs."`
	Show    jobShowCmd    `cmd:"" help:"Show a job and its steps."`
	Install jobInstallCmd `cmd:"" help:"Install an image on machines."`
	Watch   jobWatchCmd   `cmd:"" help:"Follow a job until it ends; fails when the job does."`
	Cancel  jobCancelCmd  `cmd:"" help:"End a job while its machine's disk is untouched."`
}

type jobLsCmd struct {
	remote
	listFlags
	Status  string `placeholder:"STATUS" complete:"queued,started,finished,failed,cancelled" help:"Only those that are queued, started, finished, failed or cancelled."`
	Machine string `placeholder:"REF" complete:"machine" help:"Only those of one machine."`
	Limit   int    `default:"100" help:"The newest so many; 0 for all."`
}

// Run lists jobs, the newest first.
func (c *jobLsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.Job]{columns: jobColumns, newest: true, limited: c.Limit > 0}
	l.read = paged[api.Job]("/jobs", queryOf("status", c.Status, "machine", c.Machine), c.Limit)
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var jobColumns = []output.Column[api.Job]{
	{Name: "id", Head: "ID", Value: func(j api.Job) any { return j.ID }},
	{Name: "status", Value: func(j api.Job) any { return status(j.Status) }},
	{Name: "action", Value: func(j api.Job) any { return j.Action }},
	{Name: "machine", Value: func(j api.Job) any { return j.Machine }},
	{Name: "image", Value: func(j api.Job) any { return j.Params["image"] }},
	{Name: "role", Wide: true, Value: func(j api.Job) any { return j.Params["role"] }},
	{Name: "step", Value: func(j api.Job) any { return j.Step }},
	{Name: "attempt", Wide: true, Value: func(j api.Job) any { return number(j.Attempt) }},
	{Name: "user", Value: func(j api.Job) any { return j.User }},
	{Name: "requester", Wide: true, Value: func(j api.Job) any { return j.Requester }},
	{Name: "target", Wide: true, Value: func(j api.Job) any { return j.Target }},
	{Name: "created_at", Head: "CREATED", Value: func(j api.Job) any { return jobTime(j.CreatedAt) }},
	{Name: "ended_at", Head: "ENDED", Wide: true, Value: func(j api.Job) any { return jobTime(given(j.EndedAt)) }},
	{Name: "result", Value: func(j api.Job) any { return resultText(j) }},
}

func resultText(j api.Job) string { return given(j.Result) }

// given is what may be absent.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// jobTime reads a time as jobs write it.
func jobTime(text string) any {
	t, err := time.Parse(api.TimeFormat, text)
	if err != nil {
		return text
	}
	return t
}

// jobRef names one job.
type jobRef struct {
	remote
	ID string `arg:"" complete:"job" help:"Id of a job."`
}

func (j jobRef) path() string { return "/jobs/" + url.PathEscape(j.ID) }

type jobShowCmd struct {
	jobRef
	showFlags
}

// Run shows a job.
func (c *jobShowCmd) Run(ctx context.Context, h *host) error {
	s := showing[api.Job]{path: c.path(), lines: jobLines}
	_, err := s.run(ctx, h, &c.remote, c.showFlags)
	return err
}

func jobLines(p output.Printer, j api.Job) []string {
	return append(append(output.Facts(p, jobFacts(j)), ""), output.Table(p, j.Steps, stepColumns)...)
}

func jobFacts(j api.Job) []output.Fact {
	return []output.Fact{
		{"id", j.ID},
		{"status", status(j.Status)},
		{"result", resultText(j)},
		{"action", j.Action},
		{"machine", j.Machine},
		{"image", j.Params["image"]},
		{"role", j.Params["role"]},
		{"target", j.Target},
		{"requester", j.Requester},
		{"user", j.User},
		{"attempt", j.Attempt},
		{"created", jobTime(j.CreatedAt)},
		{"ended", jobTime(given(j.EndedAt))},
	}
}

var stepColumns = []output.Column[api.Step]{
	{Name: "step", Value: func(s api.Step) any { return s.Name }},
	{Name: "status", Value: func(s api.Step) any { return status(s.Status) }},
	{Name: "started_at", Head: "STARTED", Value: func(s api.Step) any { return jobTime(s.StartedAt) }},
	{Name: "ended_at", Head: "ENDED", Value: func(s api.Step) any { return jobTime(s.EndedAt) }},
	{Name: "note", Value: func(s api.Step) any { return stepText(s) }},
}

func stepText(s api.Step) string {
	failed := ""
	if s.Error != "" {
		failed = "last error: " + s.Error
	}
	return joined(s.Note, failed)
}

type jobCancelCmd struct{ jobRef }

// Run cancels.
func (c *jobCancelCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var j api.Job
	if _, err := a.Do(ctx, http.MethodPost, c.path()+"/cancel", nil, &j); err != nil {
		return err
	}
	return h.say("%s: %s", j.ID, j.Status)
}
