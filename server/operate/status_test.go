package operate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"firstlight/server/machine"
)

// verb is one thing to ask for, and the statuses in which it is done; nil: all.
type verb struct {
	name string
	do   func(context.Context, *Desk, *machine.Machine) error
	in   []machine.Status
}

// verbs are what can be asked of a machine, and in which statuses it is done.
// In every other one it is refused, and nothing changes.
var verbs = []verb{
	{"install", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		_, err := d.Install(ctx, ada, m.Name, "debian-12")
		return err
	}, []machine.Status{machine.Available, machine.Allocated}},
	{
		"re-check", func(ctx context.Context, d *Desk, m *machine.Machine) error { return d.Recheck(ctx, ada, m.Name) },
		[]machine.Status{machine.Held, machine.Broken},
	},
	{
		"release", func(ctx context.Context, d *Desk, m *machine.Machine) error {
			return d.Release(ctx, ada, m.Name, m.Name)
		},
		[]machine.Status{},
	}, // these are not held for their disks
	{"power on", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Power(ctx, ada, m.Name, "on", m.Name)
	}, nil},
	{"power off", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Power(ctx, ada, m.Name, "off", m.Name)
	}, nil},
	{"power cycle", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Power(ctx, ada, m.Name, "cycle", m.Name)
	}, nil},
	{"light", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Light(ctx, ada, m.Name, "blink")
	}, nil},
	{"broken", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Broken(ctx, ada, m.Name, "memory", "DIMM B2")
	}, []machine.Status{
		machine.Held, machine.Available, machine.Allocated, machine.Installing, machine.Configuring, machine.InUse, machine.Recycling,
		machine.Repairing, machine.Retiring,
	}},
	{"repair", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Repair(ctx, ada, m.Name, "keep", "")
	}, []machine.Status{machine.Broken}},
	{"repaired", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Repaired(ctx, ada, m.Name, "")
	}, []machine.Status{machine.Repairing}},
	{"check", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		_, err := d.Check(ctx, ada, m.Name, 0, nil)
		return err
	}, []machine.Status{machine.Registered, machine.Held, machine.Available, machine.Broken, machine.Repairing}},
	{
		"return", func(ctx context.Context, d *Desk, m *machine.Machine) error { return d.Return(ctx, ada, m.Name, "") },
		[]machine.Status{},
	}, // these were not in use
	{"retire", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Retire(ctx, ada, m.Name, m.Name, "")
	}, []machine.Status{machine.Held, machine.Available, machine.Broken}},
	{"undo", func(ctx context.Context, d *Desk, m *machine.Machine) error { return d.Undo(ctx, ada, m.Name) }, []machine.Status{}},
	{"lock", func(ctx context.Context, d *Desk, m *machine.Machine) error {
		return d.Lock(ctx, ada, m.Name, "smells")
	}, nil},
	{"unlock", func(ctx context.Context, d *Desk, m *machine.Machine) error { return d.Unlock(ctx, ada, m.Name, "") }, nil},
}

func TestVerbsByStatus(t *testing.T) {
	for _, st := range machine.Statuses() {
		if _, ok := ways[st]; !ok {
			continue // expected: it has no name to ask for yet
		}
		for _, v := range verbs {
			t.Run(v.name+" while "+st.Human(), func(t *testing.T) {
				t.Parallel()
				d, _ := desk(t)
				m := in(t, d, st)
				err := v.do(t.Context(), d, m)
				if v.in == nil || slices.Contains(v.in, st) {
					if err != nil {
						t.Errorf("%s = %v, want it done", v.name, err)
					}
					return
				}
				var refused *Refused
				if !errors.As(err, &refused) || !refused.Conflict || !strings.Contains(err.Error(), m.Name) {
					t.Fatalf("%s = %v, want a conflict that names the machine", v.name, err)
				}
				if now := is(t, d, m); now.Version != m.Version || now.Status != st {
					t.Errorf("the machine changed: %+v", now)
				}
			})
		}
	}
}

// TestALockForbids asks everything of machines that are locked.
func TestALockForbids(t *testing.T) {
	for _, tt := range []struct {
		verb    string
		refused bool
	}{{"install", true}, {"power off", true}, {"power cycle", true}, {"power on", true}, {"light", false}, {"lock", false}, {"unlock", false}} {
		t.Run(tt.verb, func(t *testing.T) {
			d, b := desk(t)
			m := in(t, d, machine.Available)
			if err := d.Lock(t.Context(), ada, m.Name, "smells of smoke"); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == tt.verb })
			err := verbs[i].do(t.Context(), d, m)
			if (err != nil) != tt.refused || err != nil && !strings.Contains(err.Error(), "smells of smoke") {
				t.Errorf("%s of a locked machine = %v, want it refused: %v, with the note", tt.verb, err, tt.refused)
			}
			if tt.refused && len(b.sent) != 0 {
				t.Errorf("the BMC was sent %v", b.sent)
			}
		})
	}
}

func TestAMachineThatIsNotThereIsNotFound(t *testing.T) {
	d, _ := desk(t)
	for _, v := range verbs {
		if err := v.do(t.Context(), d, &machine.Machine{Name: "NOBODY"}); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("%s of nobody = %v, want not found", v.name, err)
		}
	}
}
