package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
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
	return watch(ctx, newWatcher(h), a, []api.Job{j})
}

const (
	// watchEvery is how often a job is looked at: its steps take seconds.
	watchEvery = time.Second
	// watchGap is how long an appliance may be gone: it is started again, and
	// its jobs go on.
	watchGap = 2 * time.Minute
)

// watch prints the steps of jobs as they come and go, until all have ended.
func watch(ctx context.Context, w *watcher, a *client.Client, jobs []api.Job) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	heard := time.Now()
	for {
		err := w.look(ctx, a, jobs)
		switch {
		case err == nil:
			heard = time.Now()
		case !errors.Is(err, client.ErrUnreachable) || time.Since(heard) > watchGap:
			return err
		}
		if err == nil && !slices.ContainsFunc(jobs, func(j api.Job) bool { return !ended(j) }) {
			return outcome(jobs)
		}
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
		if !ended(jobs[i]) {
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

func ended(j api.Job) bool { return j.EndedAt != nil }

// watcher remembers what it told.
type watcher struct {
	say  func(format string, args ...any) error
	told map[string]string
}

func newWatcher(h *host) *watcher { return &watcher{say: h.say, told: map[string]string{}} }

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
	if !ended(j) || w.told[j.ID] != "" {
		return nil
	}
	w.told[j.ID] = j.Status
	return w.say("%s: job %s %s", j.Machine, j.ID, strings.TrimSuffix(j.Status+": "+resultText(j), ": "))
}

func outcome(jobs []api.Job) error {
	var failed []string
	for _, j := range jobs {
		if j.Status != "finished" {
			failed = append(failed, strings.TrimSuffix(fmt.Sprintf("job %s on %s %s: %s", j.ID, j.Machine, j.Status, resultText(j)), ": "))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return errors.New(strings.Join(failed, "; "))
}
