package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// machineGroups are the blocks of a machine's form, by the fields of package
// declare; those of its interfaces are a block of their own.
var machineGroups = []struct {
	title  string
	fields []string
}{
	{"Place", []string{"rack", "unit", "height", "face", "site"}},
	{"What it is for", []string{"hostname", "role", "pool", "owner", "type", "image"}},
	{"Identity", []string{"name", "serial"}},
	{"Words", []string{"tags", "params", "note"}},
	{"Restraints", []string{"retire_when_released", "no_power_off"}},
}

func (s *Site) editMachine(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return machineEditView(m, s.machineForm(m, roleOf(r))), nil
}

func machineEditView(m *machine.Machine, f *form) view {
	return editView("Edit "+m.Name, f, key{"Machines", "/machines"}, key{m.Name, machineURL(m)})
}

// machineForm is what a role may declare of a machine: a technician what is seen
// before the rack.
func (s *Site) machineForm(m *machine.Machine, role auth.Role) *form {
	f := &form{Action: machineURL(m) + "/edit", Back: machineURL(m), Button: "Save", Version: m.Version}
	may := func(d declare.Field[*machine.Machine]) bool {
		return (d.Hands || role.Allows(auth.Engineer)) && settable(d, m)
	}
	for _, g := range machineGroups {
		var fields []declare.Field[*machine.Machine]
		for _, d := range declare.Machine() {
			if slices.Contains(g.fields, d.Name) && may(d) {
				fields = append(fields, d)
			}
		}
		f.add(g.title, entries(s, fields, m))
	}
	var bmcFields []declare.Field[*machine.Machine]
	for _, d := range declare.Machine() {
		if strings.HasPrefix(d.Name, "bmc_") && may(d) {
			bmcFields = append(bmcFields, d)
		}
	}
	f.add("Cabling", append(s.cabling(m, may), entries(s, bmcFields, m)...))
	if in := f.entry("type"); in != nil {
		in.Seen = join(" ", m.Vendor, m.Product)
	}
	if in := f.entry("site"); in != nil && m.Rack != "" {
		in.Says = "its rack decides it"
	}
	return f
}

// settable leaves out the name and the serial where they are what the firmware
// says: those refuse every other value.
func settable(d declare.Field[*machine.Machine], m *machine.Machine) bool {
	return d.Name != "name" && d.Name != "serial" || d.Set(m.Clone(), "X0") == nil
}

func (f *form) add(title string, all []*entry) {
	if len(all) > 0 {
		f.Groups = append(f.Groups, entryGroup{title, all})
	}
}

// cabling are the fields of the interfaces, with where each was seen.
func (s *Site) cabling(m *machine.Machine, may func(declare.Field[*machine.Machine]) bool) []*entry {
	fields := slices.DeleteFunc(declare.NICFields(m), func(d declare.Field[*machine.Machine]) bool { return !may(d) })
	all := entries(s, fields, m)
	for _, in := range all {
		mac, part, _ := strings.Cut(strings.TrimPrefix(in.Name, "nic."), ".")
		for _, n := range m.NICs {
			if n.MAC.String() != mac {
				continue
			}
			name := n.Name
			if name == "" {
				name = mac
			}
			in.Label, in.Says = name+": "+part, mac
			in.Seen = map[string]string{"switch": n.SeenSwitch, "port": n.SeenPort}[part]
		}
	}
	return all
}

// changeMachine writes the fields that were changed, over the version that they
// are held against. What goes on with the machine meanwhile makes no form stale;
// what somebody else declared does.
func (s *Site) changeMachine(w http.ResponseWriter, r *http.Request) error {
	for range 3 { // a machine that moves grows a version between the look and the write
		m, err := s.named(r)
		if err != nil {
			return err
		}
		f := s.machineForm(m, roleOf(r))
		if changed := f.fill(r); changed && r.PostFormValue("version") != strconv.FormatInt(m.Version, 10) {
			f.Stale = s.since(r, "change machine", m.Name)
			return s.render(w, r, http.StatusConflict, machineEditView(m, f))
		}
		changes := f.changes()
		if unit := f.entry("unit"); unit != nil && changes["rack"] != "" {
			changes["unit"] = unit.Value // what the form shows holds in the new rack
		}
		if len(changes) == 0 {
			http.Redirect(w, r, machineURL(m), http.StatusSeeOther)
			return nil
		}
		got, err := s.Actions.SetMachine(r.Context(), userOf(r), m.ID, m.Version, changes)
		if err == nil {
			http.Redirect(w, r, machineURL(got), http.StatusSeeOther)
			return nil
		}
		if f.refuse(err) {
			return s.render(w, r, http.StatusUnprocessableEntity, machineEditView(m, f))
		}
		if now, lost := s.named(r); lost != nil || now.Version == m.Version {
			return err
		}
	}
	return &refused{errBusy}
}
