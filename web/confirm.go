package web

import (
	"fmt"
	"net/http"

	"firstlight/server/machine"
)

// confirm is the one dialog: what, which disk, what happens to running work,
// and the name to type. It is a page of its own; the script opens it in place.
type confirm struct {
	Title   string
	Action  string // where the form goes
	Back    string
	Button  string
	Danger  bool
	Says    []string
	Disks   []diskData
	Choices *choices
	Note    string // label of a line of text; empty: none is asked
	Must    string // to be typed; empty: nothing
	Error   string
}

// choices is a list to choose from.
type choices struct {
	Name, Label string
	All         []choice
}

type choice struct {
	Value, Label string
	Chosen       bool
}

func (s *Site) asked(r *http.Request) (*machine.Machine, error) {
	m, err := s.Data.Machine(r.PathValue("name"))
	if err != nil {
		return nil, fmt.Errorf("machine %.64q: %w", r.PathValue("name"), err)
	}
	return m, nil
}

func confirmView(c confirm) view { return view{title: c.Title, template: "confirm", data: c} }

func (s *Site) askInstall(r *http.Request) (view, error) {
	m, err := s.asked(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Install " + m.Name, Action: machineURL(m) + "/install", Back: machineURL(m),
		Button: "Install", Danger: true, Must: m.Name,
		Choices: &choices{Name: "image", Label: "Image"},
	}
	for _, image := range s.Data.Images() {
		if m.Facts == nil || m.Facts.Arch == "" || image.Arch == m.Facts.Arch {
			c.Choices.All = append(c.Choices.All, choice{image.Name, fmt.Sprintf("%s, %s on disk", image.Name, size(uint64(max(image.Bytes, 0)))), image.Name == m.Image})
		}
	}
	disk, err := s.Insight.InstallDisk(r.Context(), m.Name)
	switch {
	case err != nil:
		c.Error = "No disk can be written: " + err.Error()
	case len(c.Choices.All) == 0:
		c.Error = "The catalogue has no image for this machine."
	default:
		c.Disks = []diskData{newDiskData(disk)}
		c.Says = append(c.Says, "The image is written over everything on this disk. Other disks are not touched.")
	}
	c.Says = append(c.Says, s.running(m), "It waits in the agent: no second netboot is needed before the write.")
	return confirmView(c), nil
}

// running says what happens to work that goes on.
func (s *Site) running(m *machine.Machine) string {
	if job, open := s.Data.OpenJob(m.ID); open {
		return fmt.Sprintf("Job %s (%s) runs on it.", short(job.ID), job.Action)
	}
	if m.Status == machine.InUse {
		return "Whatever runs on it stops."
	}
	return "Nothing runs on it."
}

func (s *Site) askRelease(r *http.Request) (view, error) {
	m, err := s.asked(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Release " + m.Name, Action: machineURL(m) + "/release", Back: machineURL(m),
		Button: "Release", Danger: true, Must: m.Name, Disks: filled(m),
	}
	if m.Status == machine.InUse {
		c.Says = []string{
			"Its owner gives it up: its names leave DNS, its disks are erased, and it is checked anew.",
			"Whatever runs on it stops.",
		}
	} else {
		c.Says = []string{
			"Nobody needs what is on these disks any more. From then on an install may overwrite them.",
			"Releasing itself writes nothing. " + s.running(m),
		}
	}
	return confirmView(c), nil
}

// filled is the disks with something on them; all when none has.
func filled(m *machine.Machine) []diskData {
	var some []diskData
	all := disks(m).Disks
	for _, d := range all {
		if len(d.Contents) > 0 {
			some = append(some, d)
		}
	}
	if some == nil {
		return all
	}
	return some
}

func (s *Site) askPower(r *http.Request) (view, error) {
	m, err := s.asked(r)
	if err != nil {
		return view{}, err
	}
	on := m.Observed.Power == "on"
	c := confirm{
		Title: "Power of " + m.Name, Action: machineURL(m) + "/power", Back: machineURL(m),
		Button: "Do it", Danger: true, Must: m.Name,
		Says: []string{
			"Off and cycle cut the power: its system is not asked. " + s.running(m),
			"No disk is written by us; what was not saved is lost.",
		},
		Choices: &choices{Name: "verb", Label: "Do", All: []choice{
			{"cycle", "cycle: off, then on", on}, {"on", "on", !on}, {"off", "off", false},
		}},
	}
	return confirmView(c), nil
}

func (s *Site) askLock(r *http.Request) (view, error) {
	m, err := s.asked(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Lock " + m.Name, Action: machineURL(m) + "/lock", Back: machineURL(m),
		Button: "Lock", Note: "Why, for the next who looks",
		Says: []string{"No job starts on a locked machine and nothing is installed on it. What runs goes on. " + s.running(m)},
	}), nil
}

func (s *Site) askCancel(r *http.Request) (view, error) {
	job, err := s.Data.Job(r.PathValue("id"))
	if err != nil {
		return view{}, fmt.Errorf("job %.64q: %w", r.PathValue("id"), err)
	}
	m, err := s.Data.Machine(job.Machine)
	if err != nil {
		return view{}, fmt.Errorf("machine of job %s: %w", short(job.ID), err)
	}
	c := confirm{
		Title: "Cancel the " + string(job.Action) + " of " + m.Name, Action: "/jobs/" + job.ID + "/cancel", Back: machineURL(m),
		Button: "Cancel the job", Danger: true, Must: m.Name,
		Says: []string{"The job stops at " + current(job) + "."},
	}
	switch disk := findDisk(m, job.Token.Disk); {
	case job.Token.RedeemedAt.IsZero():
		c.Says = append(c.Says, "No disk was written yet.")
	case disk != nil:
		c.Disks = []diskData{newDiskData(*disk)}
		c.Says = append(c.Says, "The write to this disk has begun: it holds half an image and is erased before anybody gets the machine.")
	default:
		c.Says = append(c.Says, "The write to its disk has begun: it is erased before anybody gets the machine.")
	}
	return confirmView(c), nil
}
