package store

import (
	"errors"
	"path/filepath"
	"testing"
)

// The engine may give a whole transaction up at any statement. What went before
// must not be taken for written then, nor what comes after be committed alone.
func TestATransactionThatTheEngineGaveUp(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	lost := errors.New("disk I/O error")
	err = s.Update(t.Context(), func(tx *Tx) error {
		if err := tx.Try(func() error { return tx.PutMeta("before", "1") }); err != nil {
			t.Error(err)
		}
		err := tx.Try(func() error {
			if _, err := tx.tx.ExecContext(t.Context(), "ROLLBACK"); err != nil {
				t.Error(err)
			}
			return lost
		})
		if !errors.Is(err, ErrUndone) || !errors.Is(err, lost) {
			t.Errorf("Try = %v, want ErrUndone and its cause", err)
		}
		return err
	})
	if !errors.Is(err, lost) {
		t.Errorf("Update = %v", err)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutMeta("after", "1") }); err != nil {
		t.Errorf("the next update: %v", err)
	}
	err = s.View(t.Context(), func(tx *Tx) error {
		before, err := tx.Meta("before")
		if before != "" {
			t.Error("half of the transaction is there")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
