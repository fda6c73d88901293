package web

import (
	"context"
	"net/http"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// gateData is a gate that a machine waits before.
type gateData struct {
	Gate string
	Text string // "switch VLAN, 40 s"
	Open bool
	Ask  bool // whoever looks may have it asked again
	Pass bool // or passed
}

// gates are those before which a machine waits, for the acts that its reader may.
func (s *Site) gates(m *machine.Machine, hands, orders bool) (all []gateData) {
	for _, w := range s.Data.WaitsOf(m.ID) {
		state := w.State()
		all = append(all, gateData{
			Gate: w.Gate, Text: w.Text(s.Now()), Open: state == machine.WaitOpen, Pass: orders && state != machine.WaitOpen,
			Ask: hands && (state == machine.WaitRefused || state == machine.WaitLate),
		})
	}
	return all
}

func (s *Site) askPass(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Let " + m.Name + " pass", Of: m, Action: machineURL(m) + "/pass-gate", Back: machineURL(m), Button: "Let it pass", Note: "Why it may go on",
		Says:    []string{"It goes on without the answer of the system outside, on your word. The reason stands in its timeline and in the audit."},
		Choices: &choices{Name: "gate", Label: "Waits for"},
	}
	for _, w := range s.Data.WaitsOf(m.ID) {
		if w.State() != machine.WaitOpen {
			c.Choices.All = append(c.Choices.All, choice{w.Gate, w.Text(s.Now()), len(c.Choices.All) == 0})
		}
	}
	if len(c.Choices.All) == 0 {
		c.Choices, c.Error, c.Shut = nil, "It waits before no gate.", true
	}
	return confirmView(c), nil
}

func (s *Site) passGate(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askPass, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.PassGate(ctx, u, m.Name, r.PostFormValue("gate"), strings.TrimSpace(r.PostFormValue("note")))
	})(w, r)
}

func (s *Site) askGate(w http.ResponseWriter, r *http.Request) error {
	return s.act(nil, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.AskGate(ctx, u, m.Name, r.PostFormValue("gate"))
	})(w, r)
}
