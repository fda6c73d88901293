package web

import (
	"context"
	"net/http"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// reasonLabels spell the reasons for a broken machine that are no words of
// their own.
var reasonLabels = map[string]string{
	machine.ReasonCPU: "processor", machine.ReasonOOB: "BMC", machine.ReasonPower: "power supply", machine.ReasonCrashes: "it crashes again and again",
	machine.ReasonDOA: "dead on arrival", machine.ReasonOther: "something else: say what",
}

// remark is a line of text that may stay empty.
func remark(label string) []field {
	return []field{{Name: "note", Label: label, Type: "text", Optional: true}}
}

func note(r *http.Request) string { return strings.TrimSpace(r.PostFormValue("note")) }

func (s *Site) askBroken(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Mark " + m.Name + " as broken", Of: m, Action: machineURL(m) + "/broken", Back: machineURL(m), Button: "It is broken",
		Says:    []string{"Nobody gets it until it is repaired or checked again. Its disks stay as they are. " + s.running(m)},
		Choices: &choices{Name: "reason", Label: "What is broken"}, Fields: remark("What you saw"),
	}
	if m.Status == machine.InUse {
		c.Says = []string{"It goes on booting its own disk, and its owner sees why it is marked."}
	}
	for _, reason := range machine.BrokenReasons() {
		if reason == machine.ReasonDOA && m.Status == machine.InUse {
			continue
		}
		label := reasonLabels[reason]
		if label == "" {
			label = reason
		}
		c.Choices.All = append(c.Choices.All, choice{reason, label, false})
	}
	return confirmView(c), nil
}

func (s *Site) broken(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askBroken, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Broken(ctx, u, m.Name, r.PostFormValue("reason"), note(r))
	})(w, r)
}

func (s *Site) askRepair(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Give " + m.Name + " into repair", Of: m, Action: machineURL(m) + "/repair", Back: machineURL(m), Button: "Give it into repair",
		Says:  []string{"What is to become of its disks is for whoever repairs it: nothing here writes to them."},
		Disks: disks(m).Disks,
		Choices: &choices{Name: "disks", Label: "Its disks", All: []choice{
			{string(machine.HandlingKeep), "are kept as they are", true},
			{string(machine.HandlingWipe), "are to be wiped before they leave", false},
			{string(machine.HandlingShred), "are to be shredded", false},
		}},
		Fields: remark("Ticket, or whatever helps the next who looks"),
	}), nil
}

func (s *Site) repair(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askRepair, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Repair(ctx, u, m.Name, r.PostFormValue("disks"), note(r))
	})(w, r)
}

func (s *Site) askRepaired(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: m.Name + " is repaired", Of: m, Action: machineURL(m) + "/repaired", Back: machineURL(m), Button: "It is repaired",
		Says:   []string{"What its agent saw before is forgotten: power it on, and the next report decides as for a new machine."},
		Fields: remark("What was done"),
	}
	if m.Owned {
		c.Says = append(c.Says, "Its disks may hold its owner's data: it will be held for them. To give it back as it is, mark it as broken again, then back in use.")
	}
	return confirmView(c), nil
}

func (s *Site) repaired(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askRepaired, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Repaired(ctx, u, m.Name, note(r))
	})(w, r)
}

func (s *Site) askReturn(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: m.Name + " back in use", Of: m, Action: machineURL(m) + "/return", Back: machineURL(m), Button: "It is fine",
		Says:   []string{"It is in use again on your word, and boots its own disk as before. Nothing is written to it."},
		Fields: remark("What was wrong"),
	}), nil
}

func (s *Site) giveBack(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askReturn, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Return(ctx, u, m.Name, note(r))
	})(w, r)
}

func (s *Site) askRetire(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Retire " + m.Name, Of: m, Action: machineURL(m) + "/retire", Back: machineURL(m), Button: "Retire it", Danger: true, Must: m.Name,
		Says: []string{
			"It leaves the fleet for good. Its host name, its addresses and the log-in to its BMC are given up; the record stays.",
			"Only disks that were read and are empty may leave: erase those that are not.",
		},
		Disks: disks(m).Disks, Fields: remark("Where it goes"),
	}
	if m.Status == machine.Expected {
		c.Says = []string{"It never arrived, or its order was cancelled. The record stays."}
	}
	return confirmView(c), nil
}

func (s *Site) retire(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askRetire, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		if err := typed(r, m.Name); err != nil {
			return err
		}
		return s.Actions.Retire(ctx, u, m.Name, m.Name, note(r))
	})(w, r)
}

// undo needs no dialog: the page says beside the button what it does.
func (s *Site) undo(w http.ResponseWriter, r *http.Request) error {
	return s.act(nil, func(ctx context.Context, u auth.User, m *machine.Machine, _ *http.Request) error {
		return s.Actions.Undo(ctx, u, m.Name)
	})(w, r)
}

// undoable is the act that whoever asks may take back, nil when there is none.
func (s *Site) undoable(r *http.Request, m *machine.Machine) *machine.Undo {
	who, _ := auth.From(r.Context())
	u := m.Undoable(s.Now())
	if u == nil || !who.Role.Allows(auth.Technician) || who.Name != u.By && !who.Role.Allows(auth.Engineer) {
		return nil
	}
	return u
}

// offerRepair says which of these buttons there are.
func (h *headData) offerRepair(m *machine.Machine, u auth.User, may func(auth.Act) bool) {
	hands := may(auth.Handle)
	_, breaks := machine.Find(m.Status, machine.Broken)
	_, leaves := machine.Find(m.Status, machine.Retiring)
	h.Broken = hands && breaks && h.Job == nil
	h.Repair = hands && m.Status == machine.Broken
	h.Repaired = hands && m.Status == machine.Repairing
	h.Return = may(auth.Change) && m.Status == machine.Broken && m.Owned
	h.Retire = u.Role.Allows(auth.Admin) && !m.Owned && h.Job == nil &&
		(m.Status == machine.Expected || leaves && m.Status != machine.Recycling && m.Status != machine.Repairing)
}
