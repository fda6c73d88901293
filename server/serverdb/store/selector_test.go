package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/machine"
)

// A page of a role, or of a status, at a site reads its own rows and sorts none,
// however many match.
func TestAPageOfASiteIsReadInItsOrder(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, tt := range []struct{ selector, after, want string }{
		{"role=db site=lon6", "", "COVERING INDEX facets_role (role=? AND site=?)"},
		{"site=lon6 role=db", "m1", "COVERING INDEX facets_role (role=? AND site=? AND name_key>?)"},
		{"status=held site=lon6", "m1", "COVERING INDEX facets_status (status=? AND site=? AND name_key>?)"},
		{"rack=r12 status=in_use", "", "INDEX facets_rack (rack=?)"},
	} {
		sel, err := machine.ParseSelector(tt.selector)
		if err != nil {
			t.Fatal(err)
		}
		plan := planOf(t, s, sel, tt.after)
		sorts := strings.Contains(plan, "ORDER BY")
		if !strings.Contains(plan, tt.want) || sorts == strings.Contains(tt.want, "COVERING") {
			t.Errorf("%q after %q: %s; want %s", tt.selector, tt.after, plan, tt.want)
		}
	}
}

// planOf is what SQLite means to do for a page.
func planOf(t *testing.T, s *Store, sel machine.Selector, after string) string {
	t.Helper()
	c := &condition{}
	query := c.page(sel, after, 100)
	var steps []string
	err := s.View(t.Context(), func(tx *Tx) error {
		return tx.query("explain", func(r *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := r.Scan(&id, &parent, &unused, &step)
			steps = append(steps, step)
			return err
		}, "EXPLAIN QUERY PLAN "+query, c.args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}
