package serverdb

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"firstlight/server/machine"
)

// keptJobs is how many ended jobs are answered from memory.
const keptJobs = 2000

// index holds every machine, without its facts, and the jobs in memory. The
// values are immutable: a change puts a new value in the old one's place.
type index struct {
	mu      sync.RWMutex
	seed    maphash.Seed
	byID    map[string]*entry
	byName  map[string]*entry // lower case
	byHost  map[string]*entry
	byMAC   map[machine.MAC]*entry
	byAddr  map[netip.Addr]*entry
	byMark  map[uint64]*entry          // hash of a serial, UUID or BMC MAC
	shared  map[uint64]map[*entry]bool // marks that several machines have
	jobs    map[string]*machine.Job
	open    map[string]string // machine id -> job id
	ordered []*entry          // by name; nil after one came or was renamed
}

// entry is the place of one machine: the maps lead to it, whatever its value.
type entry struct{ m *machine.Machine }

func (x *index) load(machines []*machine.Machine, jobs []*machine.Job) {
	n := len(machines)
	x.seed = maphash.MakeSeed()
	x.byID, x.byName, x.byHost = make(map[string]*entry, n), make(map[string]*entry, n), map[string]*entry{}
	x.byMAC, x.byAddr = make(map[machine.MAC]*entry, n), map[netip.Addr]*entry{}
	x.byMark, x.shared = make(map[uint64]*entry, 2*n), map[uint64]map[*entry]bool{}
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
		e := x.byID[m.ID]
		if e == nil || e.m.Name != m.Name {
			x.ordered = nil
		}
		if e != nil {
			// What was seen is written by observe alone, and may be newer.
			m.Observed = e.m.Observed
			x.drop(e)
		}
		x.put(m)
	}
	for _, j := range jobs {
		x.putJob(j)
	}
}

func (x *index) put(m *machine.Machine) {
	intern(m)
	e := x.byID[m.ID]
	if e == nil {
		e = &entry{}
		x.byID[m.ID] = e
	}
	e.m = m
	x.byName[strings.ToLower(m.Name)] = e
	for _, mark := range x.marks(m) {
		x.mark(mark, e)
	}
	if m.Status == machine.Retired {
		return // it is known by its marks alone: its interfaces may serve in another machine
	}
	if m.Hostname != "" {
		x.byHost[m.Hostname] = e
	}
	for _, n := range m.NICs {
		x.byMAC[n.MAC] = e
		if n.Address.IsValid() {
			x.byAddr[n.Address] = e
		}
	}
}

// drop takes out what is still e's: in one commit a name or an interface may
// have moved to a machine that was put already.
func (x *index) drop(e *entry) {
	m := e.m
	remove(x.byName, strings.ToLower(m.Name), e)
	for _, mark := range x.marks(m) {
		x.unmark(mark, e)
	}
	remove(x.byHost, m.Hostname, e)
	for _, n := range m.NICs {
		remove(x.byMAC, n.MAC, e)
		remove(x.byAddr, n.Address, e)
	}
}

func remove[K comparable](from map[K]*entry, k K, e *entry) {
	if from[k] == e {
		delete(from, k)
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
	e := x.byID[id]
	if e == nil {
		return nil
	}
	m := *e.m
	change(&m.Observed)
	e.m = &m
	return &m
}

func (x *index) machine(id string) (*machine.Machine, error) {
	if m := find(x, func() *entry { return x.byID[id] }); m != nil {
		return m, nil
	}
	return nil, machine.ErrNotFound
}

// find reads under the lock.
func find(x *index, where func() *entry) *machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if e := where(); e != nil {
		return e.m
	}
	return nil
}

func (x *index) byAny(ref string) *machine.Machine {
	lower := strings.ToLower(ref)
	mac, bad := machine.ParseMAC(ref)
	return find(x, func() *entry {
		for _, e := range []*entry{x.byID[ref], x.byName[lower], x.byHost[lower]} {
			if e != nil {
				return e
			}
		}
		if bad != nil {
			return nil
		}
		return x.byMAC[mac]
	})
}

func (x *index) hostname(name string) bool {
	return find(x, func() *entry { return x.byHost[name] }) != nil
}

func (x *index) mac(mac machine.MAC) *machine.Machine {
	return find(x, func() *entry { return x.byMAC[mac] })
}

func (x *index) address(a netip.Addr) *machine.Machine {
	return find(x, func() *entry { return x.byAddr[a] })
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
	x.ordered = make([]*entry, 0, len(x.byID))
	for _, e := range x.byID {
		x.ordered = append(x.ordered, e)
	}
	slices.SortFunc(x.ordered, func(a, b *entry) int { return machine.CompareNames(a.m.Name, b.m.Name) })
	return x.inOrder()
}

func (x *index) inOrder() []*machine.Machine {
	all := make([]*machine.Machine, len(x.ordered))
	for i, e := range x.ordered {
		all[i] = e.m
	}
	return all
}

// some gives the machines with these ids, in their order.
func (x *index) some(ids []string) []*machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	all := make([]*machine.Machine, 0, len(ids))
	for _, id := range ids {
		if e := x.byID[id]; e != nil {
			all = append(all, e.m)
		}
	}
	return all
}

// size tells how many machines there are.
func (x *index) size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byID)
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
