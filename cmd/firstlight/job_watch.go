package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type jobWatchCmd struct{ jobRef }

// Run follows a job.
func (c *jobWatchCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var j api.Job
	if _, err := a.Get(ctx, c.path(), nil, &j); err != nil {
		return err
	}
	return follow(ctx, newWatcher(h), a, []api.Job{j})
}

const (
	// watchEvery is how often a job is looked at: its steps take seconds.
	watchEvery = time.Second
	// watchGap is how long an appliance may be gone: it is started again, and
	// its jobs go on.
	watchGap = 2 * time.Minute
)

// follow prints the steps of jobs as they come and go, until all have ended.
func follow(ctx context.Context, w *watcher, a *client.Client, jobs []api.Job) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	heard := time.Now()
	defer w.h.clear()
	for {
		err := w.look(ctx, a, jobs)
		switch {
		case err == nil:
			heard = time.Now()
		case !passing(err) || time.Since(heard) > watchGap:
			return err
		}
		if err == nil && !slices.ContainsFunc(jobs, open) {
			return outcome(jobs)
		}
		w.progress(jobs, err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look reads the jobs that are open and tells what is new.
func (w *watcher) look(ctx context.Context, a *client.Client, jobs []api.Job) error {
	for i := range jobs {
		if open(jobs[i]) {
			if _, err := a.Get(ctx, "/jobs/"+jobs[i].ID, nil, &jobs[i]); err != nil {
				return err
			}
		}
		if err := w.tell(jobs[i]); err != nil {
			return err
		}
	}
	return nil
}

func open(j api.Job) bool { return j.EndedAt == nil }

// watcher remembers what it told.
type watcher struct {
	h     *host
	say   func(format string, args ...any) error
	told  map[string]string
	began time.Time
}

func newWatcher(h *host) *watcher {
	return &watcher{h: h, say: h.say, told: map[string]string{}, began: h.now()}
}

// progress tells how many jobs are open, for how long, and what the first of
// them does.
func (w *watcher) progress(jobs []api.Job, err error) {
	took := output.AgeText(w.h.now(), w.began)
	if err != nil {
		w.h.tell("%s: %v; trying again", took, err)
		return
	}
	left := slices.DeleteFunc(slices.Clone(jobs), func(j api.Job) bool { return !open(j) })
	w.h.tell("%s: %d of %s ended; %s: %s", took, len(jobs)-len(left), plural(len(jobs), "job"), left[0].Machine, joined(left[0].Status, left[0].Step))
}

// tell prints what is new about a job.
func (w *watcher) tell(j api.Job) error {
	for _, s := range j.Steps {
		key, text := j.ID+s.Name, strings.TrimSuffix(s.Status+" ("+stepText(s)+")", " ()")
		if s.Status == "waiting" || w.told[key] == text {
			continue
		}
		w.told[key] = text
		if err := w.say("%s: %s %s", j.Machine, s.Name, text); err != nil {
			return err
		}
	}
	if open(j) || w.told[j.ID] != "" {
		return nil
	}
	w.told[j.ID] = j.Status
	return w.say("%s: job %s %s", j.Machine, j.ID, strings.TrimSuffix(j.Status+": "+resultText(j), ": "))
}

func outcome(jobs []api.Job) error {
	var failed []string
	for _, j := range jobs {
		if j.Check != nil && !j.Check.OK && j.Status == "finished" {
			failed = append(failed, fmt.Sprintf("job %s on %s: its check failed: %s", j.ID, j.Machine, j.Check.Sentence))
		}
		if j.Status != "finished" {
			failed = append(failed, strings.TrimSuffix(fmt.Sprintf("job %s on %s %s: %s", j.ID, j.Machine, j.Status, resultText(j)), ": "))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return errors.New(strings.Join(failed, "; "))
}
