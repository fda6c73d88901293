package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"firstlight/server/api"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/netns"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(netns.Run(m.Run))
}

// Bounds are what an emulated machine needs with others beside it, and more.
const (
	boundRegister = 5 * time.Minute
	boundInstall  = 15 * time.Minute
	pause         = time.Second // between two looks, each of which takes a tenth of a core from the machines
)

const top = "../../../"

// rig is a rack with the questions that tests ask of it.
type rig struct {
	*testing.T
	*virtualrack.Rack
	dir string
}

// start builds a rack with the programs and images that make build made.
func start(t *testing.T, s virtualrack.Spec) *rig {
	t.Helper()
	s.Program, s.Images = top+"bin/firstlight", top+"bin/images"
	for _, built := range []string{s.Program, s.Images + "/debian-12.json"} {
		if _, err := os.Stat(built); err != nil {
			t.Skipf("SKIPPED: %v: build with: make build osimage; nothing was tested", err)
		}
	}
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	s.Out = io.Discard
	rack, err := virtualrack.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, Rack: rack, dir: s.Dir}
	t.Cleanup(r.end)
	return r
}

// end stops the rack, and says what each machine said last if the test failed.
func (r *rig) end() {
	if r.Failed() {
		for _, m := range r.Machines() {
			r.Logf("console of %s: %q", m.Name, m.ConsoleTail(25))
		}
		if text, err := os.ReadFile(filepath.Join(r.dir, "firstlight.log")); err == nil {
			r.Logf("the appliance's last words:\n%s", text[max(0, len(text)-4000):])
		}
	}
	if err := r.Close(); err != nil {
		r.Error(err)
	}
}

// run is one command of the real binary.
func (r *rig) run(args ...string) string {
	r.Helper()
	out, err := r.CLI(r.Context(), args...)
	if err != nil {
		r.Fatal(err)
	}
	return out
}

// ask is one command whose answer is JSON.
func ask[T any](r *rig, args ...string) T {
	r.Helper()
	var v T
	out := r.run(append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		r.Fatalf("firstlight %v printed %q: %v", args, out, err)
	}
	return v
}

// items are the rows of a list, whichever way the command prints it.
func items[T any](r *rig, args ...string) []T {
	r.Helper()
	return ask[api.List[T]](r, args...).Items
}

func (r *rig) history(name string) []api.Change {
	r.Helper()
	return items[api.Change](r, "machine", "history", name)
}

// timeline is everything that happened to a machine, oldest first.
func (r *rig) timeline(name string) []api.Event {
	r.Helper()
	rows := items[api.Event](r, "machine", "timeline", name, "--limit", "0")
	slices.SortStableFunc(rows, func(a, b api.Event) int { return a.At.Compare(b.At) })
	return rows
}

// await looks at a machine until done says so.
func (r *rig) await(name string, bound time.Duration, what string, done func(api.Machine) bool) api.Machine {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), bound)
	defer cancel()
	for {
		var m api.Machine
		out, err := r.CLI(ctx, "machine", "show", name, "-o", "json") // an unknown machine is an error, too
		if err == nil {
			err = json.Unmarshal([]byte(out), &m)
		}
		if err == nil && done(m) {
			return m
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			r.Fatalf("machine %s is not %s within %s: it is %s (%s), %q; %v", name, what, bound, m.Status, m.Sentence, m.Observed.Waits, err)
		}
	}
}

func (r *rig) awaitStatus(name, status string, bound time.Duration) api.Machine {
	r.Helper()
	return r.await(name, bound, status, func(m api.Machine) bool { return m.Status == status })
}

func (r *rig) powerOn(machines ...*virtualrack.Machine) {
	r.Helper()
	for _, m := range machines {
		if err := m.PowerOn(r.Context()); err != nil {
			r.Fatal(err)
		}
	}
}

// powerOff ends machines, so that their disks hold still.
func (r *rig) powerOff(machines ...*virtualrack.Machine) {
	r.Helper()
	for _, m := range machines {
		if err := m.PowerOff(r.Context()); err != nil {
			r.Fatal(err)
		}
	}
}
