package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"firstlight/server/machine"
)

// jobData is a job as its page and the machine's show it.
type jobData struct {
	*machine.Job
	Name, URL string // of the machine
	Keys      []key
	Steps     []stepData
	Disks     []jobDisk // of an erase
	Percent   int
	Standing  bool // the job's own page: it has buttons
}

// key is one of the ten keys, as the API spells them.
type key struct{ Name, Value string }

type stepData struct {
	machine.Step
	Took time.Duration
}

// jobDisk is what is to become, or became, of a disk.
type jobDisk struct {
	machine.EraseDisk
	State, Mark, Says string
}

func jobDisks(e *machine.Erase) (all []jobDisk) {
	if e == nil {
		return nil
	}
	marks := map[string]string{"waiting": "waiting", "erased": "done", "failed": "failed"}
	for _, d := range e.Disks {
		one := jobDisk{EraseDisk: d, State: e.State(d.Serial)}
		one.Mark = marks[one.State]
		if last := e.Of(d.Serial); last != nil {
			one.Says = last.Error
			if last.OK {
				one.Says = "by " + last.Method + ", " + last.Category
			}
		}
		all = append(all, one)
	}
	return all
}

type jobRow struct {
	*machine.Job
	Name, URL, Step string
	Percent         int
}

const maxJobs = 500

func (s *Site) jobs(*http.Request) (view, error) {
	all := s.Data.Jobs(func(*machine.Job) bool { return true })
	all = slices.SortedStableFunc(slices.Values(all), func(a, b *machine.Job) int {
		return cmp.Or(-boolean(a.Status.Open(), b.Status.Open()), b.CreatedAt.Compare(a.CreatedAt))
	})
	rows := []jobRow{}
	for _, j := range all[:min(len(all), maxJobs)] {
		name, url := s.nameOf(j.Machine)
		rows = append(rows, jobRow{j, name, url, current(j), jobPercent(j)})
	}
	return view{
		title: "Jobs", template: "jobs", data: rows,
		fragments: []fragment{{id: "jobs", template: "job-rows", data: rows}},
	}, nil
}

func boolean(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func jobPercent(j *machine.Job) int {
	if len(j.Steps) == 0 {
		return 0
	}
	return 100 * j.StepIndex() / len(j.Steps)
}

func (s *Site) nameOf(machineID string) (name, url string) {
	m, err := s.Data.Machine(machineID)
	if err != nil {
		return short(machineID), ""
	}
	return m.Name, machineURL(m)
}

func (s *Site) job(r *http.Request) (view, error) {
	j, err := s.Data.Job(r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	m, err := s.Data.Machine(j.Machine)
	if err != nil {
		m = &machine.Machine{ID: j.Machine, Name: short(j.Machine)}
	}
	d := newJobData(m, j)
	d.Standing = true
	return view{
		title: "Job " + short(j.ID), template: "job", data: d, machine: j.Machine,
		fragments: []fragment{{id: "job", template: "machine-job", data: d}},
	}, nil
}

func newJobData(m *machine.Machine, j *machine.Job) *jobData {
	d := &jobData{Job: j, Name: m.Name, URL: machineURL(m), Keys: tenKeys(j), Percent: jobPercent(j), Disks: jobDisks(j.Erase)}
	for _, step := range j.Steps {
		data := stepData{Step: step}
		if !step.StartedAt.IsZero() && !step.EndedAt.IsZero() {
			data.Took = step.EndedAt.Sub(step.StartedAt)
		}
		d.Steps = append(d.Steps, data)
	}
	return d
}

// tenKeys are spelled and ordered as in the API.
func tenKeys(j *machine.Job) []key {
	params := ""
	for _, k := range slices.Sorted(maps.Keys(j.Params)) {
		params = join(" ", params, k+"="+j.Params[k])
	}
	return []key{
		{"status", string(j.Status)},
		{"result", j.Result},
		{"params", params},
		{"target", j.Target},
		{"requester", j.Requester},
		{"action", string(j.Action)},
		{"ended_at", plainTime(j.EndedAt)},
		{"created_at", plainTime(j.CreatedAt)},
		{"id", j.ID},
		{"user", j.User},
	}
}

func plainTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}
