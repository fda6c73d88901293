package serverdb

import (
	"errors"
	"maps"
	"testing"
)

// TestSecretsAreSealedAnewAllOrNone also runs on PostgreSQL, as every test here.
func TestSecretsAreSealedAnewAllOrNone(t *testing.T) {
	d := open(t, file(t))
	for owner, sealed := range map[string]string{"a": "1", "b": "2", "c": "3"} {
		if err := d.PutCredential(t.Context(), owner, sealed); err != nil {
			t.Fatal(err)
		}
	}
	read := func() map[string]string {
		all := map[string]string{}
		if err := d.EachSecret(t.Context(), func(owner, sealed string) error { all[owner] = sealed; return nil }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := read()
	damaged := errors.New("damaged")
	err := d.Reseal(t.Context(), Actor{Name: "ada"}, "k2", func(owner, sealed string) (string, error) {
		if owner == "c" {
			return "", damaged
		}
		return "new " + sealed, nil
	})
	if id, _ := d.SealedWith(t.Context()); !errors.Is(err, damaged) || !maps.Equal(read(), before) || id != "" {
		t.Fatalf("a reseal that fails = %v, secrets %v, key %q; want nothing changed", err, read(), id)
	}
	err = d.Reseal(t.Context(), Actor{Name: "ada"}, "k2", func(owner, sealed string) (string, error) {
		if owner == "b" {
			return "", nil
		}
		return "new " + sealed, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id, _ := d.SealedWith(t.Context()); id != "k2" || !maps.Equal(read(), map[string]string{"a": "new 1", "c": "new 3"}) {
		t.Errorf("sealed with %q, %v", id, read())
	}
	all, err := d.Audits(t.Context(), AuditQuery{Action: "rotate key", Limit: 9})
	if err != nil || len(all) != 1 || all[0].Who != "ada" || all[0].After != "k2" {
		t.Errorf("audit = %+v, %v; want one entry of the one that was done", all, err)
	}
}
