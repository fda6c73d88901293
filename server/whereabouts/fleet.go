package whereabouts

import (
	"strings"
	"sync"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Fleet is what all machines together tell of the switches: what they are called,
// and whose each port is. It is gathered when it is first asked.
type Fleet struct {
	gather func() []*machine.Machine
	once   sync.Once

	names map[machine.MAC]called // of switches, by chassis
	known map[string]bool        // host names of switches, in lower case
	ports map[string][]Owner     // by the first and last word of where they are
	paths map[path]string        // the machine that is behind one; "": several are
}

// Owner is whose a port is by the plan.
type Owner struct {
	Machine, ID string
	End         string // eth0, BMC
	Rack        string
	Unit        int
	sw, port    string
}

// called is what a switch is called by machines that hear it.
type called struct {
	name, by string // by the id of the first
	others   bool   // say the same
	odd      bool   // others say otherwise
}

// path is what a relay says of a port, as it says it.
type path struct{ relay, circuit, remote string }

// NewFleet makes one of the machines that gather gives.
func NewFleet(gather func() []*machine.Machine) *Fleet { return &Fleet{gather: gather} }

func (f *Fleet) look() {
	f.once.Do(func() {
		f.names, f.known = map[machine.MAC]called{}, map[string]bool{}
		f.ports, f.paths = map[string][]Owner{}, map[path]string{}
		for _, m := range f.gather() {
			if m.Status != machine.Retired {
				f.add(m)
			}
		}
	})
}

func (f *Fleet) add(m *machine.Machine) {
	for _, n := range m.NICs {
		f.own(m, discovery.NICName(n), n.Switch, n.Port)
		if n.SeenSwitch == "" {
			continue
		}
		f.known[host(n.SeenSwitch)] = true
		if _, err := machine.ParseMAC(n.SeenSwitch); err != nil && !n.SeenChassis.IsZero() {
			f.call(n.SeenChassis, n.SeenSwitch, m.ID)
		}
	}
	f.own(m, bmc, m.BMC.Switch, m.BMC.Port)
	for _, r := range m.Observed.Relayed {
		p := pathOf(r)
		if id, ok := f.paths[p]; ok && id != m.ID {
			f.paths[p] = ""
		} else if !ok {
			f.paths[p] = m.ID
		}
	}
}

func (f *Fleet) call(chassis machine.MAC, name, by string) {
	c, ok := f.names[chassis]
	switch {
	case !ok:
		c = called{name: name, by: by}
	case !discovery.SameSwitch(c.name, name):
		c.odd = true
	case c.by != by:
		c.others = true
	}
	f.names[chassis] = c
}

func (f *Fleet) own(m *machine.Machine, end, sw, port string) {
	if sw == "" || port == "" {
		return
	}
	f.known[host(sw)] = true
	k := key(sw, port)
	f.ports[k] = append(f.ports[k], Owner{m.Name, m.ID, end, m.Rack, m.Unit, sw, port})
}

func pathOf(r machine.Relayed) path {
	return path{r.Relay.String(), string(r.Circuit), string(r.Remote)}
}

// named gives the name of a switch by its chassis; "": nobody heard it.
func (f *Fleet) named(chassis machine.MAC) string {
	f.look()
	return f.names[chassis].name
}

// vouched tells whether a switch's name is more than the word of one machine.
func (f *Fleet) vouched(chassis machine.MAC, id string) bool {
	f.look()
	c, ok := f.names[chassis]
	return ok && !c.odd && (c.others || c.by != id)
}

// knows tells whether the plan, or a switch itself, has a name.
func (f *Fleet) knows(sw string) bool {
	f.look()
	return f.known[host(sw)]
}

// shared tells whether several machines are behind what a relay calls one port:
// then it is an uplink, or a bridge, and no place.
func (f *Fleet) shared(r machine.Relayed) bool {
	f.look()
	id, ok := f.paths[pathOf(r)]
	return ok && id == ""
}

// owner is the machine that the plan gives a port to, unless it is the one that
// asks.
func (f *Fleet) owner(m *machine.Machine, sw, port string) (Owner, bool) {
	f.look()
	for _, o := range f.ports[key(sw, port)] {
		if o.ID != m.ID && discovery.SameSwitch(o.sw, sw) && discovery.SamePort(o.port, port) {
			return o, true
		}
	}
	return Owner{}, false
}

// host is a switch's name without its domain.
func host(sw string) string {
	name, _, _ := strings.Cut(strings.ToLower(sw), ".")
	return name
}

// key is the same for all spellings of a port: what is compared in full is then
// little.
func key(sw, port string) string {
	at := strings.LastIndexFunc(port, func(r rune) bool { return r < '0' || r > '9' })
	return host(sw) + "/" + strings.TrimLeft(port[at+1:], "0")
}
