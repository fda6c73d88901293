package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"firstlight/cmd/firstlight/client"
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
	Status  string `placeholder:"STATUS" help:"Only those that are queued, started, finished, failed or cancelled."`
	Machine string `placeholder:"REF" help:"Only those of one machine."`
	Limit   int    `default:"100" help:"The newest so many; 0 for all."`
}

// Run lists jobs, the newest first.
func (c *jobLsCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Status != "" {
		query.Set("status", c.Status)
	}
	if c.Machine != "" {
		query.Set("machine", c.Machine)
	}
	rows, err := client.Paged[api.Job](ctx, a, "/jobs", query, c.Limit)
	if err != nil {
		return err
	}
	return printList(h.out, c.Output, rows, jobColumns)
}

var jobColumns = []column[api.Job]{
	{"ID", func(j api.Job) string { return j.ID }},
	{"STATUS", func(j api.Job) string { return j.Status }},
	{"ACTION", func(j api.Job) string { return j.Action }},
	{"MACHINE", func(j api.Job) string { return j.Machine }},
	{"IMAGE", func(j api.Job) string { return j.Params["image"] }},
	{"STEP", func(j api.Job) string { return j.Step }},
	{"USER", func(j api.Job) string { return j.User }},
	{"CREATED (UTC)", func(j api.Job) string { return j.CreatedAt }},
	{"RESULT", resultText},
}

func resultText(j api.Job) string {
	if j.Result == nil {
		return ""
	}
	return *j.Result
}

// jobRef names one job.
type jobRef struct {
	remote
	ID string `arg:"" help:"Id of a job."`
}

func (j jobRef) path() string { return "/jobs/" + url.PathEscape(j.ID) }

type jobShowCmd struct {
	jobRef
	showFlags
}

// Run shows a job.
func (c *jobShowCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var j api.Job
	text, err := a.Get(ctx, c.path(), nil, &j)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(h.out, text)
	}
	if err := errors.Join(printFacts(h.out, jobFacts(j)), h.say("")); err != nil {
		return err
	}
	return printTable(h.out, j.Steps, stepColumns)
}

func jobFacts(j api.Job) [][2]string {
	ended := ""
	if j.EndedAt != nil {
		ended = *j.EndedAt + " UTC"
	}
	return [][2]string{
		{"id", j.ID},
		{"status", j.Status},
		{"result", resultText(j)},
		{"action", j.Action},
		{"machine", j.Machine},
		{"image", j.Params["image"]},
		{"role", j.Params["role"]},
		{"target", j.Target},
		{"requester", j.Requester},
		{"user", j.User},
		{"attempt", strconv.Itoa(j.Attempt)},
		{"created", j.CreatedAt + " UTC"},
		{"ended", ended},
	}
}

var stepColumns = []column[api.Step]{
	{"STEP", func(s api.Step) string { return s.Name }},
	{"STATUS", func(s api.Step) string { return s.Status }},
	{"STARTED (UTC)", func(s api.Step) string { return s.StartedAt }},
	{"ENDED (UTC)", func(s api.Step) string { return s.EndedAt }},
	{"NOTE", stepText},
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
