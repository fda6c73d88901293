package bmcsim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// maxTasks is how many a BMC remembers.
const maxTasks = 16

// task is a change that was accepted and happens later; its state is guarded by
// the BMC's mutex.
type task struct{ id, state, message string }

// later does a change: now, or as a task where profile or fault says so, or not
// at all where the BMC lies.
func (b *BMC) later(do func() error) answer {
	f, delay := b.Faults(), b.opts.Profile.Task
	switch {
	case f.Lie:
		return answer{status: http.StatusNoContent}
	case f.Task || delay > 0:
		return b.start(do, delay)
	}
	if err := do(); err != nil {
		return refuse(http.StatusInternalServerError, "InternalError", "The request failed due to an internal service error: %v", err)
	}
	return answer{status: http.StatusNoContent}
}

func (b *BMC) start(do func() error, delay time.Duration) answer {
	b.mu.Lock()
	b.serial++
	t := &task{id: fmt.Sprint(b.serial), state: "Running"}
	b.jobs = append(b.jobs, t)
	if len(b.jobs) > maxTasks {
		b.jobs = slices.Delete(b.jobs, 0, 1)
	}
	body := t.resource()
	b.mu.Unlock()
	b.tasks.Go(func() {
		select {
		case <-time.After(delay):
			b.finish(t, do())
		case <-b.life.Done():
		}
	})
	return answer{status: http.StatusAccepted, body: body}.with("Location", monitorsPath+"/"+t.id).with("Retry-After", "1")
}

func (b *BMC) finish(t *task, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.state = "Completed"
	if err != nil {
		t.state, t.message = "Exception", err.Error()
	}
}

func (t *task) resource() object {
	body := object{"@odata.id": tasksPath + "/" + t.id, "@odata.type": "#Task.v1_7_4.Task", "Id": t.id, "Name": "Task", "TaskState": t.state, "TaskMonitor": monitorsPath + "/" + t.id}
	if t.message != "" {
		body["Messages"] = []object{{"Message": t.message}}
	}
	return body
}

func (b *BMC) taskService() object {
	return object{"@odata.type": "#TaskService.v1_2_1.TaskService", "Id": "TaskService", "Name": "Task service", "ServiceEnabled": true, "Tasks": link(tasksPath)}
}

func (b *BMC) taskCollection() object {
	b.mu.Lock()
	defer b.mu.Unlock()
	var paths []string
	for _, t := range b.jobs {
		paths = append(paths, tasksPath+"/"+t.id)
	}
	return collection("Task", paths...)
}

// taskRoute is the resource of one task that is still remembered.
func (b *BMC) taskRoute(path, id string) route {
	t := b.task(id)
	if t == nil {
		return route{}
	}
	return route{path: path, get: func() object {
		b.mu.Lock()
		defer b.mu.Unlock()
		return t.resource()
	}}
}

// monitorRoute shows the task with 202 until it is over (DSP0266 section 12.2).
func (b *BMC) monitorRoute(path, id string) route {
	r := b.taskRoute(path, id)
	if t := b.task(id); t != nil {
		r.pending = func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return t.state == "Running"
		}
	}
	return r
}

func (b *BMC) task(id string) *task {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.jobs {
		if t.id == id {
			return t
		}
	}
	return nil
}
