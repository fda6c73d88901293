package serverdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"firstlight/server/machine"
)

const (
	claims     = 10_000
	claimsTurn = 100 // machines that both processes go for at the same time
)

// claimant tells a child which database it claims machines of, and as who.
const claimant = "FIRSTLIGHT_TEST_CLAIMANT"

// TestTwoClaimsOnOneMachine has two processes claim every machine of one
// database at the same time. Each has its own memory, in which the other's
// machines are free: exactly one must get each machine.
func TestTwoClaimsOnOneMachine(t *testing.T) {
	if who, place, ok := strings.Cut(os.Getenv(claimant), " "); ok {
		claimAsTold(t, who, place)
		return
	}
	t.Parallel()
	eachEngine(t, func(t *testing.T, place string) {
		ids := available(t, place, claims)
		ann, bob := startClaimant(t, "ann", place), startClaimant(t, "bob", place)
		won := map[string]string{}
		for first := 0; first < claims; first += claimsTurn {
			ann.tell(t, first)
			bob.tell(t, first)
			for _, c := range []*process{ann, bob} {
				for _, n := range c.hear(t) {
					if other := won[ids[n]]; other != "" {
						t.Errorf("machine %s was given to %s and to %s", ids[n], other, c.who)
					}
					won[ids[n]] = c.who
				}
			}
		}
		ann.end(t)
		bob.end(t)
		if len(won) != claims {
			t.Errorf("%d of %d machines were given away", len(won), claims)
		}
		t.Logf("ann got %d machines and bob %d", ann.won, bob.won)
		if ann.won == 0 || bob.won == 0 {
			t.Error("one of them never came in between: nothing is proven")
		}
		judgeClaims(t, place, map[string]int{"ann": ann.won, "bob": bob.won})
	})
}

// available fills a database with machines that wait for an owner.
func available(t *testing.T, place string, n int) (ids []string) {
	t.Helper()
	d := open(t, place)
	err := d.Do(t.Context(), func(w *Write) error {
		for n := range n {
			m := &machine.Machine{ID: fmt.Sprintf("m%05d", n), Name: fmt.Sprintf("FL%05d", n), Kind: machine.Metal, Status: machine.Available, Site: "lab"}
			ids = append(ids, m.ID)
			if err := w.put(m); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return ids
}

// judgeClaims holds the database against what the winners were told.
func judgeClaims(t *testing.T, place string, want map[string]int) {
	t.Helper()
	d := open(t, place)
	got, hosts := map[string]int{}, map[string]bool{}
	for _, m := range d.Machines() {
		rows, err := d.History(t.Context(), m.ID)
		if err != nil || len(rows) != 1 || m.Status != machine.Allocated || m.Owner != rows[0].Who {
			t.Fatalf("%s is %s, %s's, with history %+v, %v; want one change, by its owner", m.Name, m.Status, m.Owner, rows, err)
		}
		if m.Hostname == "" || hosts[m.Hostname] {
			t.Errorf("%s has host name %q, which is none or another's", m.Name, m.Hostname)
		}
		got[m.Owner], hosts[m.Hostname] = got[m.Owner]+1, true
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the database says %v, the winners were told %v", got, want)
	}
}

// process is a child that claims machines in turns.
type process struct {
	who string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	won int
}

func startClaimant(t *testing.T, who, place string) *process {
	t.Helper()
	c := &process{who: who, cmd: exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTwoClaimsOnOneMachine$")}
	c.cmd.Env = append(os.Environ(), claimant+"="+who+" "+place)
	c.cmd.Stderr = os.Stderr
	in, errIn := c.cmd.StdinPipe()
	out, errOut := c.cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, c.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewScanner(out)
	c.hear(t) // it is open
	return c
}

// tell has it claim the machines from a number on.
func (c *process) tell(t *testing.T, first int) {
	t.Helper()
	if _, err := fmt.Fprintln(c.in, first); err != nil {
		t.Fatal(err)
	}
}

// hear gives what it won in this turn.
func (c *process) hear(t *testing.T) (won []int) {
	t.Helper()
	for c.out.Scan() {
		var n int
		switch _, err := fmt.Sscanf(c.out.Text(), "won %d", &n); {
		case err == nil:
			won = append(won, n)
		case c.out.Text() == "done":
			c.won += len(won)
			return won
		}
	}
	t.Fatalf("%s ended before it was done: %v", c.who, c.cmd.Wait())
	return nil
}

func (c *process) end(t *testing.T) {
	t.Helper()
	_ = c.in.Close()
	for c.out.Scan() { // the testing package's words
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("%s: %v", c.who, err)
	}
}

// claimAsTold is the child.
func claimAsTold(t *testing.T, who, place string) {
	d := open(t, place)
	fmt.Println("done")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); fmt.Println("done") {
		var first int
		if _, err := fmt.Sscan(lines.Text(), &first); err != nil {
			t.Fatal(err)
		}
		var g sync.WaitGroup
		for n := first; n < first+claimsTurn; n++ {
			g.Go(func() {
				switch err := claim(d, fmt.Sprintf("m%05d", n), who); {
				case err == nil:
					fmt.Printf("won %d\n", n)
				case !errors.Is(err, ErrConflict):
					fmt.Fprintf(os.Stderr, "%s: machine %d: %v\n", who, n, err)
					os.Exit(1)
				}
			})
		}
		g.Wait()
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func claim(d *DB, id, who string) error {
	return d.Do(context.Background(), func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil {
			return err
		}
		_, err = w.Allocate(m, Claim{Who: who, Owner: who, Role: "r" + id[len(id)-2:]})
		return err
	})
}
