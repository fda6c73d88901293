package credential_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"firstlight/server/oob"
	"firstlight/server/oob/credential"
)

const canary = oob.Secret("canary-1d9b")

var here = credential.Place{Host: "SN-0042", Field: "bmc_password", Version: 7}

func newKey(t *testing.T) *credential.Key {
	t.Helper()
	k, err := credential.KeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t *testing.T, k *credential.Key, s oob.Secret) []byte {
	t.Helper()
	sealed, err := credential.Seal(k, here, s)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestASealedSecretOpensAtItsPlaceOnly(t *testing.T) {
	k := newKey(t)
	sealed := seal(t, k, canary)
	if bytes.Contains(sealed, []byte(canary)) {
		t.Fatal("the sealed secret holds the plain one")
	}
	if again := seal(t, k, canary); bytes.Equal(sealed, again) {
		t.Error("two seals of one secret are equal, want them to tell nothing")
	}
	tests := []struct {
		name string
		at   credential.Place
		key  *credential.Key
		want error
	}{
		{"here", here, k, nil},
		{"another host", credential.Place{Host: "SN-0043", Field: here.Field, Version: 7}, k, credential.ErrSealed},
		{"another field", credential.Place{Host: here.Host, Field: "x", Version: 7}, k, credential.ErrSealed},
		{"an older version", credential.Place{Host: here.Host, Field: here.Field, Version: 6}, k, credential.ErrSealed},
		{"host and field shifted against each other", credential.Place{Host: "SN-0042b", Field: "mc_password", Version: 7}, k, credential.ErrSealed},
		{"another key", here, newKey(t), credential.ErrSealed},
	}
	for _, test := range tests {
		got, err := credential.Open(test.key, test.at, sealed)
		if !errors.Is(err, test.want) || (test.want == nil) != (string(got) == string(canary)) {
			t.Errorf("Open(%s) = %v, %v, want %v", test.name, string(got), err, test.want)
		}
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	k := newKey(t)
	sealed := seal(t, k, canary)
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if got, err := credential.Open(k, here, bad); !errors.Is(err, credential.ErrSealed) {
			t.Fatalf("Open(bit of byte %d flipped) = %q, %v, want %v", i, string(got), err, credential.ErrSealed)
		}
		if _, err := credential.Open(k, here, sealed[:i]); !errors.Is(err, credential.ErrSealed) {
			t.Fatalf("Open(first %d bytes) = %v, want %v", i, err, credential.ErrSealed)
		}
	}
}

func TestRewrapMovesToANewKey(t *testing.T) {
	before, after := newKey(t), newKey(t)
	moved, err := credential.Rewrap(before, after, here, seal(t, before, canary))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := credential.Open(after, here, moved); got != canary {
		t.Errorf("Open(new key) = %q, %v, want the secret", string(got), err)
	}
	if _, err := credential.Open(before, here, moved); !errors.Is(err, credential.ErrSealed) {
		t.Errorf("Open(old key) = %v, want %v", err, credential.ErrSealed)
	}
	if _, err := credential.Rewrap(before, after, here, moved); !errors.Is(err, credential.ErrSealed) {
		t.Errorf("Rewrap(twice) = %v, want %v, so that a rotation can be resumed", err, credential.ErrSealed)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var wait sync.WaitGroup
	keys := make([]*credential.Key, 8)
	for i := range keys {
		wait.Go(func() { keys[i], _ = credential.KeyFile(path) })
	}
	wait.Wait()
	sealed := seal(t, keys[0], canary)
	for i, k := range keys {
		if k == nil {
			t.Fatalf("KeyFile() of starter %d failed", i)
		}
		if _, err := credential.Open(k, here, sealed); err != nil {
			t.Errorf("starter %d has another key: %v", i, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("key file has mode %v, %v, want 0600", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside the key file: %v, %v, want nothing", left, err)
	}
}

func TestKeyFileRefuses(t *testing.T) {
	good := strings.Repeat("ab", 32)
	tests := []struct {
		name string
		make func(path string) error
		want string
	}{
		{"one that the group can read", func(p string) error { return errors.Join(os.WriteFile(p, []byte(good), 0o600), os.Chmod(p, 0o640)) }, "run chmod 600"},
		{"one that the world can read", func(p string) error { return errors.Join(os.WriteFile(p, []byte(good), 0o600), os.Chmod(p, 0o604)) }, "run chmod 600"},
		{"half a key", func(p string) error { return os.WriteFile(p, []byte(good[:32]), 0o600) }, "restore it from the backup"},
		{"an empty file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "restore it from the backup"},
		{"a directory", func(p string) error { return os.Mkdir(p, 0o700) }, "no regular file"},
		{"a directory that is missing", func(string) error { return nil }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if test.want == "" {
				path = filepath.Join(path, "none", "key")
			} else if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			k, err := credential.KeyFile(path)
			if k != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("KeyFile() = %v, %v, want an error with %q", k, err, test.want)
			}
		})
	}
}

func TestAKeyIsNeverPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	k, err := credential.KeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s"} {
		for _, v := range []any{k, *k} {
			if got := fmt.Sprintf(verb, v); got != "[key]" {
				t.Errorf("Sprintf(%q) = %q, want [key]", verb, got)
			}
		}
	}
}
