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
	all     []*entry
	byID    table[string]
	byName  table[string] // lower case
	byHost  table[string]
	byMAC   table[machine.MAC]
	byAddr  table[netip.Addr]
	byMark  map[uint64]*entry          // hash of a serial, UUID or BMC MAC
	shared  map[uint64]map[*entry]bool // marks that several machines have
	jobs    map[string]*machine.Job
	open    map[string]string // machine id -> job id
	ordered []*entry          // by name; nil after one came or was renamed
}

// entry is the place of one machine: the tables lead to it, whatever its value.
type entry struct {
	m      *machine.Machine
	number uint32 // its place in all, from 1
}

func (x *index) load(machines []*machine.Machine, jobs []*machine.Job) {
	x.seed = maphash.MakeSeed()
	x.all = make([]*entry, 0, len(machines))
	x.byID = newTable(&x.all, func(m *machine.Machine, id string) bool { return m.ID == id })
	x.byName = newTable(&x.all, func(m *machine.Machine, lower string) bool { return strings.ToLower(m.Name) == lower })
	x.byHost = newTable(&x.all, func(m *machine.Machine, name string) bool { return m.Hostname == name })
	x.byMAC = newTable(&x.all, (*machine.Machine).HasMAC)
	x.byAddr = newTable(&x.all, hasAddress)
	x.byMark, x.shared = make(map[uint64]*entry, 2*len(machines)), map[uint64]map[*entry]bool{}
	x.jobs, x.open = map[string]*machine.Job{}, map[string]string{}
	for _, m := range machines {
		x.put(m)
	}
	for _, j := range jobs {
		x.putJob(j)
	}
}

func hasAddress(m *machine.Machine, a netip.Addr) bool {
	return slices.ContainsFunc(m.NICs, func(n machine.NIC) bool { return n.Address == a })
}

// apply puts committed machines and jobs in place.
func (x *index) apply(machines map[string]*machine.Machine, jobs map[string]*machine.Job) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range machines {
		e := x.byID.get(m.ID)
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
	e := x.byID.get(m.ID)
	if e == nil {
		e = x.add(m)
	}
	e.m = m
	x.byName.put(strings.ToLower(m.Name), e)
	for _, mark := range x.marks(m) {
		x.mark(mark, e)
	}
	if m.Status == machine.Retired {
		return // it is known by its marks alone: its interfaces may serve in another machine
	}
	if m.Hostname != "" {
		x.byHost.put(m.Hostname, e)
	}
	for _, n := range m.NICs {
		x.byMAC.put(n.MAC, e)
		if n.Address.IsValid() {
			x.byAddr.put(n.Address, e)
		}
	}
}

func (x *index) add(m *machine.Machine) *entry {
	e := &entry{m, uint32(len(x.all) + 1)}
	x.all = append(x.all, e)
	x.byID.put(m.ID, e)
	return e
}

// drop takes out what leads to e but its id.
func (x *index) drop(e *entry) {
	m := e.m
	x.byName.remove(strings.ToLower(m.Name), e)
	for _, mark := range x.marks(m) {
		x.unmark(mark, e)
	}
	x.byHost.remove(m.Hostname, e)
	for _, n := range m.NICs {
		x.byMAC.remove(n.MAC, e)
		x.byAddr.remove(n.Address, e)
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
	e := x.byID.get(id)
	if e == nil {
		return nil
	}
	m := *e.m
	change(&m.Observed)
	e.m = &m
	return &m
}

func (x *index) machine(id string) (*machine.Machine, error) {
	if m := find(x, func() *entry { return x.byID.get(id) }); m != nil {
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
		for _, e := range []*entry{x.byID.get(ref), x.byName.get(lower), x.byHost.get(lower)} {
			if e != nil {
				return e
			}
		}
		if bad != nil {
			return nil
		}
		return x.byMAC.get(mac)
	})
}

func (x *index) hostname(name string) bool {
	return find(x, func() *entry { return x.byHost.get(name) }) != nil
}

func (x *index) mac(mac machine.MAC) *machine.Machine {
	return find(x, func() *entry { return x.byMAC.get(mac) })
}

func (x *index) address(a netip.Addr) *machine.Machine {
	return find(x, func() *entry { return x.byAddr.get(a) })
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
	x.ordered = slices.Clone(x.all)
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
		if e := x.byID.get(id); e != nil {
			all = append(all, e.m)
		}
	}
	return all
}

// size tells how many machines there are.
func (x *index) size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.all)
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
