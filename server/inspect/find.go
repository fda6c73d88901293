package inspect

import (
	"sync"

	"firstlight/server/diagnosis"
	"firstlight/server/issue"
	"firstlight/server/machine"
)

// outcome is what a turn found.
type outcome struct {
	open map[machine.IssueRef]*machine.Issue
	// blind are the machines whose facts were not looked at: what rests on them
	// stays as it is.
	blind map[string]bool
}

func (o outcome) put(n *machine.Issue) { o.open[n.Ref()] = n }

// find looks at all machines by what is in memory.
func (i *Inspector) find(all []*machine.Machine) outcome {
	o := outcome{map[machine.IssueRef]*machine.Issue{}, map[string]bool{}}
	i.rogues(o)
	clashes, last, others, unnamed, now := i.clashes(o), i.lastJobs(), i.others(all), i.Unnamed(), i.Now()
	faults := map[Fault]int{}
	for _, m := range all {
		in := issue.Input{
			Machine: m, Now: now, Began: i.began, Heard: i.Heard(m.ID), Last: last[m.ID], Facts: i.factsOf(m),
			System: i.system(m), DNS: unnamed[m.Name], Clash: clashes[m.ID], Waits: i.DB.WaitsOf(m.ID), Others: others, Open: i.opened(m.ID),
			Diagnoses: i.diagnose(m, i.recent.of(m), now),
		}
		count(faults, in.Diagnoses)
		in.Job, _ = i.DB.OpenJob(m.ID)
		findings, looked := issue.Find(&in)
		if !looked {
			o.blind[m.ID] = true
		}
		for _, f := range findings {
			o.put(&machine.Issue{Kind: f.Kind, Subject: m.ID, Machine: m.ID, Name: m.Name, Sentence: f.Sentence, Evidence: f.Evidence})
		}
	}
	i.strangers(o, faults)
	i.found.set(faults)
	return o
}

// strangers opens the issues of MACs that no machine has: one that hears nothing
// is found by its MAC.
func (i *Inspector) strangers(o outcome, faults map[Fault]int) {
	known := func(mac machine.MAC) bool { _, ok := i.DB.ByMAC(mac); return ok }
	for mac, rows := range i.recent.strangers(known) {
		all := i.diagnose(nil, rows, i.Now())
		count(faults, all)
		for n := range all {
			if f := issue.Diagnosed(&all[n]); f.Kind != "" {
				o.put(&machine.Issue{Kind: f.Kind, Subject: mac.String(), Name: mac.String(), Sentence: f.Sentence, Evidence: f.Evidence})
			}
		}
	}
}

func count(faults map[Fault]int, all []diagnosis.Diagnosis) {
	for _, d := range all {
		faults[Fault{d.Fault, d.Suspected}]++
	}
}

// Fault is what a boot shows, for certain or not.
type Fault struct {
	Name      diagnosis.Fault
	Suspected bool
}

// found is how many machines show each fault, for the metrics.
type found struct {
	mu  sync.Mutex
	now map[Fault]int
}

func (f *found) set(now map[Fault]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = now
}

// Faults gives how many machines and strangers show each fault now.
func (i *Inspector) Faults() map[Fault]int {
	i.found.mu.Lock()
	defer i.found.mu.Unlock()
	return i.found.now
}

func (i *Inspector) opened(id string) func(machine.IssueKind) bool {
	return func(kind machine.IssueKind) bool {
		_, err := i.DB.Issue(machine.IssueRef{Subject: id, Kind: kind})
		return err == nil
	}
}

// rogues opens an issue of each DHCP server that should not be where it is.
func (i *Inspector) rogues(o outcome) {
	for _, s := range i.Others() {
		if s.Expected {
			continue
		}
		evidence := map[string]string{"subnet": s.Subnet, "interface": s.Interface, "client": s.Client.String()}
		if !s.MAC.IsZero() {
			evidence["mac"] = s.MAC.String()
		}
		address := s.Address.String()
		o.put(&machine.Issue{
			Kind: issue.RogueDHCP, Subject: address, Name: address, Evidence: evidence,
			Sentence: "Another DHCP server answers on " + s.Subnet + ": " + s.String(),
		})
	}
}

// clashes gives those of machines by id, and opens those of strangers, which
// have no record that could show them.
func (i *Inspector) clashes(o outcome) map[string]issue.Clash {
	all := map[string]issue.Clash{}
	for _, c := range i.DB.Clashes() {
		if c.Subject == c.Machine {
			all[c.Machine] = issue.Clash{Sentence: c.Sentence, Other: c.Other, How: c.How}
			continue
		}
		evidence := map[string]string{"interface": c.Subject, "seen by": c.How}
		if c.Other != "" {
			evidence["other"] = c.Other
		}
		o.put(&machine.Issue{Kind: issue.IdentityClash, Subject: c.Subject, Machine: c.Machine, Name: c.Subject, Sentence: c.Sentence, Evidence: evidence})
	}
	return all
}

// lastJobs gives the newest job that ended of each machine.
func (i *Inspector) lastJobs() map[string]*machine.Job {
	last := map[string]*machine.Job{}
	for _, j := range i.DB.Jobs(func(j *machine.Job) bool { return !j.Status.Open() }) {
		if old := last[j.Machine]; old == nil || j.EndedAt.After(old.EndedAt) {
			last[j.Machine] = j
		}
	}
	return last
}

// system is the DHCP client on the machine's address, where it names itself.
func (i *Inspector) system(m *machine.Machine) issue.System {
	switch m.Status {
	case machine.Available, machine.Recycling, machine.Registered, machine.Retiring:
	default:
		return issue.System{} // one should run, or nobody asks
	}
	l, ok := i.DB.LeaseAt(m.Address())
	if !ok || !m.HasMAC(l.MAC) {
		return issue.System{}
	}
	return issue.System{Name: l.Hostname, At: l.UpdatedAt}
}
