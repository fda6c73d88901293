package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/server/serverdb/pgtest"
)

// through opens a database over a wire that can be cut.
func through(t *testing.T) (*Store, *pgtest.Wire) {
	t.Helper()
	place := pgtest.Database(t)
	name, _, _ := strings.Cut(strings.TrimPrefix(place, "postgres://"+pgtest.User+"@/"), "?")
	w := pgtest.Shared(t).Wire(t)
	s, err := Open(t.Context(), w.URL(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, w
}

func put(t *testing.T, s *Store, key string) error {
	t.Helper()
	return s.Update(t.Context(), func(tx *Tx) error { return tx.PutMeta(key, "there") })
}

func there(t *testing.T, s *Store, key string) bool {
	t.Helper()
	value := ""
	err := s.View(t.Context(), func(tx *Tx) (err error) {
		value, err = tx.Meta(key)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return value != ""
}

// A connection that breaks while it commits leaves a doubt, which can be
// settled; one that breaks before has written nothing.
func TestAConnectionThatBreaks(t *testing.T) {
	s, w := through(t)
	for _, tt := range []struct {
		name, at string
		cut      pgtest.Cut
		doubt    bool
		there    bool
	}{
		{"before the statement", "before the statement", pgtest.Before, false, false},
		{"after the statement", "after the statement", pgtest.After, false, false},
		{"before it commits", "commit\x00", pgtest.Before, true, false},
		{"after it commits", "commit\x00", pgtest.After, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.CutAt(tt.at, tt.cut)
			err := put(t, s, tt.name)
			var doubt *Unsettled
			if !errors.Is(err, ErrAway) || errors.As(err, &doubt) != tt.doubt {
				t.Fatalf("Update = %v, want ErrAway, in doubt: %v", err, tt.doubt)
			}
			if doubt != nil {
				if got, err := s.Settle(t.Context(), doubt); got != tt.there || err != nil {
					t.Errorf("Settle = %v, %v; want %v", got, err, tt.there)
				}
			}
			if got := there(t, s, tt.name); got != tt.there {
				t.Errorf("it is there: %v, want %v", got, tt.there)
			}
			if err := put(t, s, "the next one"); err != nil {
				t.Errorf("the next update: %v", err)
			}
		})
	}
}

// A server that says nothing more is not waited for.
func TestAServerThatFallsSilent(t *testing.T) {
	s, w := through(t)
	s.Impatient()
	w.CutAt("lost", pgtest.Silent)
	start := time.Now()
	err := put(t, s, "lost")
	if !errors.Is(err, ErrAway) || !strings.Contains(err.Error(), "it said nothing for 2s") {
		t.Errorf("Update = %v, want ErrAway for silence", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it was waited for %s", took)
	}
	if err := put(t, s, "found"); err != nil || there(t, s, "lost") {
		t.Errorf("the next update: %v", err)
	}
}

type impatient struct{ dialect }

func (impatient) silence() time.Duration { return 2 * time.Second }

func TestAServerThatIsStartedAgain(t *testing.T) {
	server := pgtest.Start(t)
	s, err := Open(t.Context(), server.Database(t, "--encoding=UTF8", "--locale=C"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := put(t, s, "before"); err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx *Tx) error {
		if err := tx.Try(func() error { return tx.PutMeta("half", "there") }); err != nil {
			t.Error(err)
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		return tx.Try(func() error { return tx.PutMeta("other half", "there") })
	})
	if !errors.Is(err, ErrAway) {
		t.Errorf("Update over the end of the server = %v, want ErrAway", err)
	}
	if err := put(t, s, "meanwhile"); !errors.Is(err, ErrAway) {
		t.Errorf("Update without a server = %v, want ErrAway", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, ErrAway) {
		t.Errorf("Ping without a server = %v, want ErrAway", err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(put(t, s, "after"), s.Ping(t.Context())); err != nil {
		t.Errorf("with the server again: %v", err)
	}
	for key, want := range map[string]bool{"before": true, "half": false, "other half": false, "meanwhile": false, "after": true} {
		if got := there(t, s, key); got != want {
			t.Errorf("%s is there: %v, want %v", key, got, want)
		}
	}
}
