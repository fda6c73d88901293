package serverdb

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"firstlight/server/machine"
)

// keptJobs is how many ended jobs are answered from memory.
const keptJobs = 2000

// index holds every machine and the jobs in memory. The values are immutable:
// a change puts a new value in the old one's place.
type index struct {
	mu      sync.RWMutex
	byID    map[string]*machine.Machine
	byName  map[string]string // lower case
	byHost  map[string]string
	byMAC   map[machine.MAC]string
	byAddr  map[netip.Addr]string
	byMark  map[string]map[string]bool // serial, UUID or BMC MAC -> machine ids
	jobs    map[string]*machine.Job
	open    map[string]string // machine id -> job id
	ordered []string          // machine ids by name; nil after one came or was renamed
}

func (x *index) load(machines []*machine.Machine, jobs []*machine.Job) {
	x.byID, x.byName, x.byHost = map[string]*machine.Machine{}, map[string]string{}, map[string]string{}
	x.byMAC, x.byAddr = map[machine.MAC]string{}, map[netip.Addr]string{}
	x.byMark = map[string]map[string]bool{}
	x.jobs, x.open = map[string]*machine.Job{}, map[string]string{}
	for _, m := range machines {
		x.put(m)
	}
	for _, j := range jobs {
		x.putJob(j)
	}
}

// apply puts committed machines and jobs in place.
func (x *index) apply(machines map[string]*machine.Machine, jobs map[string]*machine.Job) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range machines {
		old := x.byID[m.ID]
		if old == nil || old.Name != m.Name {
			x.ordered = nil
		}
		if old != nil {
			// What was seen is written by observe alone, and may be newer.
			m.Observed = old.Observed
			x.drop(old)
		}
		x.put(m)
	}
	for _, j := range jobs {
		x.putJob(j)
	}
}

func (x *index) put(m *machine.Machine) {
	x.byID[m.ID] = m
	x.byName[strings.ToLower(m.Name)] = m.ID
	for _, mark := range marks(m) {
		if x.byMark[mark] == nil {
			x.byMark[mark] = map[string]bool{}
		}
		x.byMark[mark][m.ID] = true
	}
	if m.Hostname != "" {
		x.byHost[m.Hostname] = m.ID
	}
	for _, n := range m.NICs {
		x.byMAC[n.MAC] = m.ID
		if n.Address.IsValid() {
			x.byAddr[n.Address] = m.ID
		}
	}
}

// drop takes out what is still m's: in one commit a name or an interface may
// have moved to a machine that was put already.
func (x *index) drop(m *machine.Machine) {
	if name := strings.ToLower(m.Name); x.byName[name] == m.ID {
		delete(x.byName, name)
	}
	for _, mark := range marks(m) {
		if delete(x.byMark[mark], m.ID); len(x.byMark[mark]) == 0 {
			delete(x.byMark, mark)
		}
	}
	if x.byHost[m.Hostname] == m.ID {
		delete(x.byHost, m.Hostname)
	}
	for _, n := range m.NICs {
		if x.byMAC[n.MAC] == m.ID {
			delete(x.byMAC, n.MAC)
		}
		if x.byAddr[n.Address] == m.ID {
			delete(x.byAddr, n.Address)
		}
	}
}

func (x *index) putJob(j *machine.Job) {
	x.jobs[j.ID] = j
	if j.Status.Open() {
		x.open[j.Machine] = j.ID
	} else if x.open[j.Machine] == j.ID {
		delete(x.open, j.Machine)
	}
}

// observe changes what was seen of a machine and gives the new record.
func (x *index) observe(id string, change func(*machine.Observed)) *machine.Machine {
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.byID[id]
	if old == nil {
		return nil
	}
	m := *old
	change(&m.Observed)
	x.byID[id] = &m
	return &m
}

func (x *index) machine(id string) (*machine.Machine, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if m := x.byID[id]; m != nil {
		return m, nil
	}
	return nil, machine.ErrNotFound
}

func (x *index) byAny(ref string) *machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if m := x.byID[ref]; m != nil {
		return m
	}
	lower := strings.ToLower(ref)
	if id, ok := x.byName[lower]; ok {
		return x.byID[id]
	}
	if id, ok := x.byHost[lower]; ok {
		return x.byID[id]
	}
	if mac, err := machine.ParseMAC(ref); err == nil {
		return x.byID[x.byMAC[mac]]
	}
	return nil
}

func (x *index) hostname(name string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.byHost[name] != ""
}

func (x *index) mac(mac machine.MAC) *machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.byID[x.byMAC[mac]]
}

func (x *index) address(a netip.Addr) *machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.byID[x.byAddr[a]]
}

// machines gives all of them by name.
func (x *index) machines() []*machine.Machine {
	x.mu.RLock()
	if x.ordered != nil {
		defer x.mu.RUnlock()
		return x.inOrder()
	}
	x.mu.RUnlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ordered = slices.SortedFunc(maps.Keys(x.byID), func(a, b string) int {
		return machine.CompareNames(x.byID[a].Name, x.byID[b].Name)
	})
	return x.inOrder()
}

func (x *index) inOrder() []*machine.Machine {
	all := make([]*machine.Machine, len(x.ordered))
	for i, id := range x.ordered {
		all[i] = x.byID[id]
	}
	return all
}

func (x *index) job(id string) *machine.Job {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.jobs[id]
}

func (x *index) openJob(machineID string) *machine.Job {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.jobs[x.open[machineID]]
}

// jobsWhere gives the jobs that want picks, newest first.
func (x *index) jobsWhere(want func(*machine.Job) bool) []*machine.Job {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var all []*machine.Job
	for _, j := range x.jobs {
		if want == nil || want(j) {
			all = append(all, j)
		}
	}
	slices.SortFunc(all, func(a, b *machine.Job) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// marks are what a machine is recognised by, beside its MACs.
func marks(m *machine.Machine) []string {
	all := []string{"serial " + m.Serial, "uuid " + machine.PlainUUID(m.UUID)}
	if !m.BMC.MAC.IsZero() {
		all = append(all, "bmc "+m.BMC.MAC.String())
	}
	return all
}

// sharing gives the machines that have one of the marks or MACs.
func (x *index) sharing(marks []string, macs []machine.MAC) []*machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ids := map[string]bool{}
	for _, mark := range marks {
		for id := range x.byMark[mark] {
			ids[id] = true
		}
	}
	for _, mac := range macs {
		if id, ok := x.byMAC[mac]; ok {
			ids[id] = true
		}
	}
	all := make([]*machine.Machine, 0, len(ids))
	for id := range ids {
		all = append(all, x.byID[id])
	}
	return all
}
