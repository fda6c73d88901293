package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/certificate"
	"firstlight/server/machine"
)

func (s *Site) askErase(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	c := confirm{
		Title: "Erase " + m.Name, Of: m, Action: machineURL(m) + "/erase", Back: machineURL(m), Button: "Erase all disks", Danger: true, Must: m.Name,
		Says: []string{
			"Everything on all of its disks is erased and read back. Nobody can bring it back. " + s.running(m),
			"With every disk proven it is checked like a new machine. With one that is not, it is fenced: it boots nothing but the agent, and nobody gets it.",
		},
		Disks: disks(m).Disks, Fields: remark("Why, or where it goes"),
	}
	if m.Status == machine.InUse {
		c.Says = append(c.Says, "This is its release: its host name and its owner go with its data.")
	}
	return confirmView(c), nil
}

func (s *Site) erase(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askErase, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		if err := typed(r, m.Name); err != nil {
			return err
		}
		_, err := s.Actions.Erase(ctx, u, m.Name, m.Name, note(r))
		return err
	})(w, r)
}

func (s *Site) askUnfence(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Take the fence from " + m.Name, Of: m, Action: machineURL(m) + "/unfence", Back: machineURL(m), Button: "Take it away", Danger: true, Must: m.Name,
		Says: []string{
			sentence(m.Flags.FenceNote),
			"What was on that disk may still be there. Take the fence away once the disk is destroyed, or you know that nobody minds; to prove it, erase the machine again.",
		},
		Note: "What became of the disk",
	}), nil
}

func (s *Site) unfence(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askUnfence, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		if err := typed(r, m.Name); err != nil {
			return err
		}
		return s.Actions.Unfence(ctx, u, m.Name, m.Name, note(r))
	})(w, r)
}

// canErase: the table has the way there, and nothing holds it.
func canErase(m *machine.Machine) bool {
	_, legal := machine.Find(m.Status, machine.Recycling)
	return legal && m.Status != machine.Recycling && !m.Flags.Locked && !m.Flags.Frozen
}

func papersURL(m *machine.Machine) string { return machineURL(m) + "/certificates" }

// erasedEver tells whether there is anything to show of a machine's erases, as
// far as memory knows.
func (s *Site) erasedEver(m *machine.Machine) bool {
	return len(s.Data.Jobs(func(j *machine.Job) bool { return j.Machine == m.ID && j.Erase != nil })) > 0
}

// papersData is what is known of a machine's erased disks, for paper.
type papersData struct {
	*machine.Machine
	URL    string
	Papers []paper
}

// paper is what became of one disk; Says is what was signed, nil where nothing
// was proven.
type paper struct {
	machine.Erasure
	Job       string
	Says      *certificate.Statement
	Key, Sign string
}

// papers shows every certificate. It does not move: paper does not either.
func (s *Site) papers(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	jobs, err := s.Data.Erases(r.Context(), m.ID)
	if err != nil {
		return view{}, fmt.Errorf("erases of %s: %w", m.Name, err)
	}
	d := papersData{Machine: m, URL: machineURL(m)}
	for _, j := range jobs {
		for _, done := range slices.Backward(j.Erase.Done) {
			p := paper{Erasure: done, Job: j.ID}
			if p.Certificate != "" {
				all, err := certificate.Read(strings.NewReader(p.Certificate))
				if err != nil {
					return view{}, err
				}
				signature, err := json.Marshal(all[0].Signature)
				if err != nil {
					return view{}, err
				}
				p.Says, p.Key, p.Sign = &all[0].Statement, all[0].Key, strings.Trim(string(signature), `"`)
			}
			d.Papers = append(d.Papers, p)
		}
	}
	return view{title: "Erased disks of " + m.Name, template: "papers", data: d}, nil
}
