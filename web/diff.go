package web

import (
	"fmt"
	"hash/fnv"
	"net/http"

	"firstlight/server/replay"
)

// diffData is what a change does to the boots that there were, as it stands
// before the button that saves it.
type diffData struct {
	*replay.Diff
	Seen  string // names what is shown; "": it cannot be saved
	Shown []replay.Change
	More  int
}

// diffRows is how many changes a panel shows; the command line shows all.
const diffRows = 20

func newDiff(d *replay.Diff) *diffData {
	p := &diffData{Diff: d, Shown: d.Changes[:min(len(d.Changes), diffRows)]}
	p.More = len(d.Changes) - len(p.Shown)
	h := fnv.New64a()
	for _, c := range d.Changes {
		_, _ = fmt.Fprintln(h, c.MAC, c.Before, c.After)
	}
	if len(d.Forbidden()) == 0 {
		p.Seen = fmt.Sprintf("%x", h.Sum64())
	}
	return p
}

// Says is the sum of it.
func (d *diffData) Says() string {
	return fmt.Sprintf("By the boots of the last 30 days, it changes the answer for %s of %s, %s of them destructive.", thousands(d.Changed), plural(d.Boots, "boot", "boots"), thousands(d.Destructive))
}

// Forbids says that nobody can save it; "": somebody can.
func (d *diffData) Forbids() string {
	if n := len(d.Forbidden()); n > 0 {
		return fmt.Sprintf("It would serve an installer to %s in use, and cannot be saved.", plural(n, "machine", "machines"))
	}
	return ""
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// lines are the changes for a dialog.
func (d *diffData) lines() []string {
	all := []string{d.Says()}
	if f := d.Forbids(); f != "" {
		all = append(all, f)
	}
	for _, c := range d.Shown {
		who := c.Machine
		if who == "" {
			who = c.MAC.String()
		}
		all = append(all, fmt.Sprintf("%s: %s → %s.", who, c.Before, c.After))
	}
	if d.More > 0 {
		all = append(all, fmt.Sprintf("And %d more: firstlight boot diff shows all.", d.More))
	}
	return all
}

// compared puts what a change would do into its form. It tells whether that is to
// be read first: somebody asked for it alone, or has not seen it yet.
func (s *Site) compared(r *http.Request, f *form, p Proposal) (stop bool, err error) {
	d, err := s.Insight.Diff(r.Context(), userOf(r), p)
	if err != nil {
		return false, err
	}
	f.Diff = newDiff(d)
	return r.PostFormValue("try") != "" || d.Changed > 0 && f.Diff.Seen != "" && r.PostFormValue("seen") != f.Diff.Seen, nil
}
