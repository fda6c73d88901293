package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"firstlight/server/discovery"
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
	Sends   []detail // what the form sends besides
	Fields  []field
	Note    string // label of a line of text; empty: none is asked
	Must    string // to be typed; empty: nothing
	Of      any    // the thing that it shows, one of those of States; nil: it rests on none
	// What was typed already, and what happened to the thing since.
	NoteText, Typed string
	Meanwhile       *overtaken
	State           string // of the thing
	Error           string
	Shut            bool // there is nothing to confirm, only the error to read
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

// field is a line to fill in.
type field struct {
	Name, Label, Type, Value string
	Optional                 bool
}

func confirmView(c confirm) view { return view{title: c.Title, template: "confirm", data: c} }

func (s *Site) askInstall(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Install " + m.Name, Of: m, Action: machineURL(m) + "/install", Back: machineURL(m),
		Button: "Install", Danger: true, Must: m.Name,
		Choices: &choices{Name: "image", Label: "Image"},
	}
	c.Choices.All, c.Disks, err = s.installs(m)
	if err != nil {
		c.Error, c.Shut, c.Choices, c.Must = sentence(err.Error()), true, nil, ""
		return confirmView(c), nil
	}
	c.Says = []string{
		"The image is written over everything on the disk. Other disks are not touched.", s.running(m),
		"It waits in the agent: the write begins at once, without another netboot.",
	}
	return confirmView(c), nil
}

// installs lists the images that fit, and the disks that they would go to.
func (s *Site) installs(m *machine.Machine) (fits []choice, targets []diskData, err error) {
	if m.Facts == nil {
		return nil, nil, errors.New("the agent has not reported its disks yet")
	}
	for _, image := range s.Data.Images() {
		if image.Arch != m.Facts.Arch {
			continue
		}
		var disk machine.Disk
		if disk, err = discovery.InstallDisk(m.Facts, image.Bytes); err != nil {
			continue
		}
		label := fmt.Sprintf("%s, to disk %s", image.Name, disk.Serial)
		fits = append(fits, choice{image.Name, label, image.Name == m.Image})
		if !slices.ContainsFunc(targets, func(d diskData) bool { return d.Serial == disk.Serial }) {
			targets = append(targets, newDiskData(m, disk))
		}
	}
	switch {
	case len(fits) > 0:
		return fits, targets, nil
	case err != nil:
		return nil, nil, err
	default:
		return nil, nil, fmt.Errorf("the catalogue has no image for %s: add one to the image folder", m.Facts.Arch)
	}
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
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Release " + m.Name, Of: m, Action: machineURL(m) + "/release", Back: machineURL(m),
		Button: "Release", Danger: true, Must: m.Name, Disks: filled(m),
	}
	c.Says = []string{
		"You say that nobody needs what is on these disks. From then on an install may overwrite them.",
		"Releasing itself writes nothing; the rules decide again about the machine. " + s.running(m),
	}
	return confirmView(c), nil
}

func (s *Site) askWaive(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Let " + m.Name + " pass", Of: m, Action: machineURL(m) + "/waive", Back: machineURL(m),
		Button: "Waive", Danger: true, Note: "Why the check may fail",
		Says: []string{
			"It is held: " + m.Sentence + ".",
			"It becomes available all the same, and a rule that installs such machines does so. Its history keeps what you waive and why. What protects data is never waived.",
		},
	}), nil
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
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	on := m.Observed.Power == "on"
	c := confirm{
		Title: "Power of " + m.Name, Of: m, Action: machineURL(m) + "/power", Back: machineURL(m),
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
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Lock " + m.Name, Of: m, Action: machineURL(m) + "/lock", Back: machineURL(m),
		Button: "Lock", Note: "Why, for the next who looks",
		Says: []string{"No job starts on a locked machine and nothing is installed on it. What runs on it goes on."},
	}), nil
}

func (s *Site) askThaw(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Thaw " + m.Name, Of: m, Action: machineURL(m) + "/thaw", Back: machineURL(m),
		Button: "Thaw", Note: "What you looked at",
		Says: []string{
			"An older database was restored: what it says of this machine, " + m.Status.Human() + ", may be over. " +
				"Thaw it once you know that nobody works on it, or that the record is right.",
			"Then it boots what its record says, and jobs may start on it.",
		},
	}), nil
}

func (s *Site) askCancel(r *http.Request) (view, error) {
	job, err := s.Data.Job(r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	m, err := s.Data.Machine(job.Machine)
	if err != nil {
		return view{}, fmt.Errorf("machine of job %s: %w", short(job.ID), err)
	}
	c := confirm{
		Title: "Cancel the " + string(job.Action) + " of " + m.Name, Of: job, Action: "/jobs/" + job.ID + "/cancel", Back: machineURL(m),
		Button: "Cancel the job", Danger: true, Must: m.Name,
		Says: []string{"The job stops at " + current(job) + ". No disk was written yet."},
	}
	if !job.Token.RedeemedAt.IsZero() {
		c.Says = []string{"The write to the disk has begun: let it end, else half an image lies there."}
		c.Error, c.Shut, c.Must = "The job cannot be cancelled any more.", true, ""
	}
	if disk := findDisk(m, job.Params["disk"]); disk != nil {
		c.Disks = []diskData{newDiskData(m, *disk)}
	}
	return confirmView(c), nil
}
