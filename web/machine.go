package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/bootpath"
	"firstlight/server/diagnosis"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// machineData is a machine's page in reading order.
type machineData struct {
	Head        headData
	Wrong       []diagnosis.Diagnosis
	Issues      []issueData
	Differences []discovery.Difference
	Cards       cardsData
	Clock       clockData
	Boots       []bootpath.Path
	Timeline    timelineData
	Options     []machine.AppliedSet
	Where       []cableData
	Hardware    hardwareData
	Disks       disksData
	Check       *checkData // the last; nil: none
	Job         *jobData
	Log         logData
	Dig         string
	History     historyData
}

// headData is the title, the line below it and the buttons.
type headData struct {
	*machine.Machine
	URL, Group, Pill, About string
	State                   string // that it is shown in
	Says                    string // its sentence, punctuated
	Heard                   time.Time
	Job                     *machine.Job
	Foreign                 bool // another team owns it
	// Which buttons there are: what the status allows, for those whose role and
	// teams do.
	Edit, Install, Recheck, Release, Waive, Power, Light, Cancel, Lock, SetBMC, AdoptBMC bool

	Broken, Repair, Repaired, Return, Retire bool

	Erase, Unfence, Check bool
	Papers                string // address of its certificates; empty: it has none

	Gates []gateData // before which it waits

	TakeBack *machine.Undo // the last act, where whoever asks may undo it
}

// Shines tells whether its identify light is on.
func (h headData) Shines() bool { return shines(h.Machine) }

func shines(m *machine.Machine) bool { return oob.Indicator(m.Observed.Light).On() }

type logData []string

type historyData []Change

const logLines = 24

func (s *Site) machine(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	ctx := r.Context()
	job, open := s.Data.OpenJob(m.ID)
	if !open {
		job = s.lastJob(m.ID)
	}
	history, err := s.Data.History(ctx, m.ID)
	if err != nil {
		return view{}, fmt.Errorf("history of %s: %w", m.Name, err)
	}
	events, timeline, err := s.timeline(r, m)
	if err != nil {
		return view{}, err
	}
	slices.Reverse(history)
	u, _ := auth.From(ctx)
	d := machineData{
		Wrong: s.wrong(m, events), Issues: s.machineIssues(m, u), Differences: s.differences(m),
		Head: s.head(m, job, userOf(r)), Timeline: timeline, Where: s.where(m), Hardware: hardware(m), Disks: disks(m),
		Clock: s.clock(ctx, m, events), Boots: s.Insight.Paths(m, events), Log: journal.LogLines(events, logLines), Dig: s.dig(m), History: history,
	}
	if d.Options, err = s.Insight.Options(ctx, m.Name); err != nil {
		return view{}, err
	}
	if d.Check, err = s.lastCheck(ctx, m); err != nil {
		return view{}, err
	}
	d.Head.TakeBack = s.undoable(r, m)
	d.Cards = s.cards(ctx, m, d.Head.Job)
	if job != nil {
		d.Job = newJobData(m, job)
	}
	return view{title: m.Name, template: "machine", data: d, machine: m.ID, fragments: d.fragments()}, nil
}

// named finds the machine that an address names, with its facts.
func (s *Site) named(r *http.Request) (*machine.Machine, error) {
	m, err := s.Data.Machine(r.PathValue("name"))
	if err != nil {
		return nil, fmt.Errorf("machine %.64q: %w", r.PathValue("name"), err)
	}
	return s.Data.Full(r.Context(), m)
}

func (d machineData) fragments() []fragment {
	all := []fragment{
		{id: "head", template: "machine-head", data: d.Head},
		{id: "wrong", template: "machine-wrong", data: d.Wrong},
		{id: "issues", template: "machine-issues", data: d.Issues},
		{id: "differences", template: "machine-differences", data: d.Differences},
		{id: "cards", template: "machine-cards", data: d.Cards},
		{id: "clock", template: "machine-clock", data: d.Clock},
		{id: "boots", template: "machine-boots", data: d.Boots},
		{id: "options", template: "machine-options", data: d.Options},
		{id: "where", template: "machine-where", data: d.Where},
		{id: "hardware", template: "machine-hardware", data: d.Hardware},
		{id: "check", template: "machine-check", data: d.Check},
		{id: "disks", template: "machine-disks", data: d.Disks},
		{id: "job", template: "machine-job", data: d.Job},
		{id: "log", template: "machine-log", data: d.Log},
		{id: "dns", template: "machine-dns", data: d.Dig},
		{id: "history", template: "machine-history", data: d.History},
	}
	if !d.Timeline.Paged { // an older page of the timeline does not move
		all = append(all, fragment{id: "timeline", template: "machine-timeline", data: d.Timeline})
	}
	return all
}

// lastJob is the newest of a machine's ended jobs, nil when it had none.
func (s *Site) lastJob(id string) *machine.Job {
	all := s.Data.Jobs(func(j *machine.Job) bool { return j.Machine == id })
	if len(all) == 0 {
		return nil
	}
	return slices.MaxFunc(all, func(a, b *machine.Job) int { return a.CreatedAt.Compare(b.CreatedAt) })
}

// userOf is the one who asks.
func userOf(r *http.Request) auth.User {
	u, _ := auth.From(r.Context())
	return u
}

func roleOf(r *http.Request) auth.Role { return userOf(r).Role }

func (s *Site) head(m *machine.Machine, job *machine.Job, u auth.User) headData {
	may := func(a auth.Act) bool {
		ok, _ := u.May(a, m.Owner, m.Status == machine.InUse)
		return ok
	}
	hands, orders := may(auth.Handle), may(auth.Change)
	h := headData{
		Machine: m, State: s.States.Tag(m), URL: machineURL(m), Group: group(m.Status), Says: sentence(m.Sentence), Heard: heard(m),
		Foreign: m.Owner != "" && !u.InTeam(m.Owner),
		Install: orders && m.Status == machine.Available && !m.Flags.Locked, Lock: orders,
		Recheck: hands && canRecheck(m), Release: orders && canRelease(m), Waive: u.Role.Allows(auth.Admin) && canWaive(m), Power: hands && m.BMC.Address != "",
		Edit: hands, Light: may(auth.Point) && m.BMC.Address != "",
		SetBMC: u.Role.Allows(auth.Admin), Unfence: orders && m.Flags.Fenced && m.Status != machine.Recycling,
	}
	if job != nil && job.Status.Open() {
		h.Job, h.Cancel = job, orders && (job.Check != nil || job.Token.RedeemedAt.IsZero() && (job.Erase == nil || job.Erase.Began.IsZero()))
	}
	h.AdoptBMC = u.Role.Allows(auth.Admin) && canAdopt(m) && h.Job == nil
	h.Erase = orders && canErase(m) && h.Job == nil
	h.Check = hands && canCheck(m) && h.Job == nil
	if m.Status == machine.Retired || s.erasedEver(m) {
		h.Papers = papersURL(m)
	}
	h.Gates = s.gates(m, hands, orders)
	h.offerRepair(m, u, may)
	pill := []string{m.Status.Human()}
	if step := current(h.Job); step != "" {
		pill = append(pill, step)
	}
	if p := m.Observed.Progress; p > 0 && p < 1 && group(m.Status) == "work" {
		pill[len(pill)-1] += fmt.Sprintf(" %d %%", int(p*100))
	}
	h.Pill = strings.Join(pill, " · ")
	h.About = join(" · ", place(m), m.Hostname, m.Product, m.Role)
	return h
}

func current(job *machine.Job) string {
	if job == nil || job.Current() == nil {
		return ""
	}
	return job.Current().Name
}

// canRecheck: the table lets it be registered anew, and nobody's data is on it.
func canRecheck(m *machine.Machine) bool {
	return (m.Status == machine.Held || m.Status == machine.Broken) && !m.Owned && !m.Flags.Fenced
}

// canRelease: it is held for what lies on its disks, and no owner here knows it.
func canRelease(m *machine.Machine) bool {
	return m.Status == machine.Held && m.Reason == discovery.ReasonDisks && !m.Owned && !m.Flags.Fenced
}

// canWaive: an admin may let pass what it is held for.
func canWaive(m *machine.Machine) bool {
	return m.Status == machine.Held && discovery.Waivable(m.Reason)
}

func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// dig is the command that shows the machine's name in our DNS; "" when it has
// no name or address yet.
func (s *Site) dig(m *machine.Machine) string {
	a := m.Address()
	if m.Hostname == "" || !a.IsValid() || s.DNS == "" {
		return ""
	}
	for _, n := range s.Data.Subnets() {
		if n.Prefix.Contains(a) && n.Domain != "" {
			return digLine(s.DNS, m.Hostname+"."+n.Domain)
		}
	}
	return ""
}

func digLine(server, name string) string {
	host, port := server, ""
	if i := strings.LastIndexByte(server, ':'); i >= 0 && !strings.HasSuffix(server, "]") && strings.Count(server[:i], ":") == 0 {
		host, port = server[:i], " -p "+server[i+1:]
	}
	return "dig @" + host + port + " " + name + " A +short"
}
