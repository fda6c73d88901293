package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"firstlight/server/config"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/serverdb"
)

// secrets are what the tests seal, by owner.
var secrets = map[string]oob.Secret{"m1": "root\x00canary-one\x00", "serial:C0MPUT3": "admin\x00canary-two\x00"}

func stopped(t *testing.T, dir string) Options {
	t.Helper()
	c := &config.Config{State: dir}
	c.Site.Name = "lon6"
	return Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "test"}
}

// started opens the database and the key as an appliance does, and gives the
// session key.
func started(t *testing.T, o Options, use func(*Appliance)) []byte {
	t.Helper()
	a := &Appliance{Options: o}
	var err error
	if a.db, err = openDatabase(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // of a test
	if err := finishFiles(o.Config.State, a.db.Restored()); err != nil {
		t.Fatal(err)
	}
	if err := a.openKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	session, err := a.ownSecret(t.Context(), sessionKey)
	if err != nil {
		t.Fatal(err)
	}
	if use != nil {
		use(a)
	}
	return session
}

func sealed(t *testing.T, o Options) (session []byte) {
	t.Helper()
	return started(t, o, func(a *Appliance) {
		for owner, secret := range secrets {
			text, err := credential.SealText(a.key, owner, secret)
			if err == nil {
				err = a.db.PutCredential(t.Context(), owner, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// opened starts the appliance, holds its secrets against those that were sealed
// and gives the key's id.
func opened(t *testing.T, o Options, session []byte) (id string) {
	t.Helper()
	is := started(t, o, func(a *Appliance) {
		id = a.key.ID()
		for owner, want := range secrets {
			text, err := a.db.Credential(t.Context(), owner)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := credential.OpenText(a.key, owner, text); err != nil || got != want {
				t.Errorf("the secret of %s does not open as it was: %v", owner, err)
			}
		}
		if with, err := a.db.SealedWith(t.Context()); err != nil || with != id {
			t.Errorf("the database says it is sealed with %s, the key is %s: %v", with, id, err)
		}
	})
	if !bytes.Equal(is, session) {
		t.Error("the session key is another one: agents that are up would have to boot again")
	}
	if _, err := os.Stat(filepath.Join(o.Config.State, newKey)); err == nil {
		t.Errorf("%s is still there after the start", newKey)
	}
	return id
}

func TestARotationSealsEverythingAnew(t *testing.T) {
	o := stopped(t, t.TempDir())
	session := sealed(t, o)
	before := opened(t, o, session)
	done, err := Rotation{Options: o}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if done.Before != before || done.After == before || done.Secrets != len(secrets)+1 {
		t.Errorf("rotation = %+v, want %d secrets and key %s replaced", done, len(secrets)+1, before)
	}
	if id := opened(t, o, session); id != done.After {
		t.Errorf("the key is %s, want %s", id, done.After)
	}
	if old, err := credential.ReadKeyFile(done.Kept); err != nil || old.ID() != before {
		t.Errorf("the key before is not kept as %s: %v", done.Kept, err)
	}
	started(t, o, func(a *Appliance) {
		all, err := a.db.Audits(t.Context(), serverdb.AuditQuery{Action: "rotate key", Limit: 2})
		if err != nil || len(all) != 1 || all[0].Who != "local" || all[0].Before != before || all[0].After != done.After {
			t.Errorf("audit = %+v, %v", all, err)
		}
	})
}

// TestNothingIsLeftThatTheOldKeyOpens is why a rotation ends with a scrub: the
// key was replaced because somebody may have it, and he may have the disk next.
func TestNothingIsLeftThatTheOldKeyOpens(t *testing.T) {
	o := stopped(t, t.TempDir())
	sealed(t, o)
	var old []string
	started(t, o, func(a *Appliance) {
		err := a.db.EachSecret(t.Context(), func(_, sealed string) error { old = append(old, sealed); return nil })
		if err != nil {
			t.Fatal(err)
		}
	})
	if !onDisk(t, o.Config.State, old[0]) {
		t.Fatal("a sealed secret is not found before the rotation: the test looks at nothing")
	}
	if _, err := (Rotation{Options: o}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, text := range old {
		// The data key sealed with the old key is at the begin; its end is the
		// secret's own seal, which a rotation leaves.
		if onDisk(t, o.Config.State, text[:80]) {
			t.Error("what the old key opens is still in the database's files")
		}
	}
}

func onDisk(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "serverdb.sqlite*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(f string) bool {
		content, err := os.ReadFile(f)
		return err == nil && bytes.Contains(content, []byte(text))
	})
}

// rotateAt tells the child where to die, and of which folder.
const rotateAt = "FIRSTLIGHT_TEST_ROTATE_AT"

// TestARotationKilledAtAnyStepLosesNothing kills the process at each step
// (SIGKILL), then starts the appliance, and then rotates to the end.
func TestARotationKilledAtAnyStepLosesNothing(t *testing.T) {
	if where := os.Getenv(rotateAt); where != "" {
		rotateUntil(t, where)
		return
	}
	for _, step := range []string{stepMade, stepResealing, stepCommitted, stepProven, stepPlaced, stepScrubbed} {
		t.Run(step, func(t *testing.T) {
			o := stopped(t, t.TempDir())
			session := sealed(t, o)
			before := opened(t, o, session)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestARotationKilledAtAnyStepLosesNothing$")
			child.Env = append(os.Environ(), rotateAt+"="+step+" "+o.Config.State)
			if out, err := child.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the child ended by itself: %v: %s", err, out)
			}
			committed := step != stepMade && step != stepResealing
			if id := opened(t, o, session); (id != before) != committed {
				t.Errorf("killed when %s: the key is %s, it was %s", step, id, before)
			}
			if _, err := (Rotation{Options: o}).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			opened(t, o, session)
		})
	}
}

func rotateUntil(t *testing.T, where string) {
	step, dir, _ := strings.Cut(where, " ")
	r := Rotation{Options: stopped(t, dir), step: func(name string) {
		if name == step {
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		}
	}}
	_, err := r.Run(context.Background())
	t.Fatal(fmt.Errorf("not killed: %w", err))
}

func TestASecretThatDoesNotOpenStopsARotation(t *testing.T) {
	o := stopped(t, t.TempDir())
	session := sealed(t, o)
	started(t, o, func(a *Appliance) {
		other, err := credential.NewKeyFile(filepath.Join(t.TempDir(), "other"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := credential.SealText(other, "m9", "x")
		if err == nil {
			err = a.db.PutCredential(t.Context(), "m9", text)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	_, err := Rotation{Options: o}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "m9") || !strings.Contains(err.Error(), "nothing was changed") {
		t.Fatalf("rotation = %v, want it to name m9 and to say that nothing was changed", err)
	}
	opened(t, o, session)
	done, err := Rotation{Options: o, Unreadable: true}.Run(t.Context())
	if err != nil || !slices.Equal(done.Dropped, []string{"m9"}) {
		t.Fatalf("rotation = %+v, %v; want m9 dropped", done, err)
	}
	opened(t, o, session)
}

// TestABackupFromBeforeARotationOpens restores one across two rotations, with
// its keys and without.
func TestABackupFromBeforeARotationOpens(t *testing.T) {
	for _, keys := range []bool{false, true} {
		t.Run(fmt.Sprintf("keys %t", keys), func(t *testing.T) {
			o := stopped(t, t.TempDir())
			session := sealed(t, o)
			before := opened(t, o, session)
			s, err := Offline(t.Context(), o, keys)
			if err != nil {
				t.Fatal(err)
			}
			saved, err := io.ReadAll(s)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := (Rotation{Options: o}).Run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			done, err := Restore{Options: o, Replace: true}.Run(t.Context(), bytes.NewReader(saved))
			if err != nil || slices.ContainsFunc(done.Missing, func(m string) bool { return strings.Contains(m, "BMC") }) {
				t.Fatalf("restore = %+v, %v", done, err)
			}
			if id := opened(t, o, session); id != before {
				t.Errorf("the key is %s, want that of the backup, %s", id, before)
			}
			if _, err := (Rotation{Options: o}).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			opened(t, o, session)
		})
	}
}

func TestTheSessionKeyOfOlderVersionsIsSealed(t *testing.T) {
	o := stopped(t, t.TempDir())
	clear := strings.Repeat("c0ffee11", 8)
	db, err := openDatabase(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.PutMeta(t.Context(), sessionKey, clear); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", started(t, o, nil)); got != clear {
		t.Errorf("the session key is %s, want the one that agents know", got)
	}
	if onDisk(t, o.Config.State, clear) {
		t.Error("the session key still stands in clear in the database's files")
	}
	if got := fmt.Sprintf("%x", started(t, o, nil)); got != clear {
		t.Errorf("after a restart the session key is %s", got)
	}
}

func TestWhatIsDroppedComesBackInItsOwnWay(t *testing.T) {
	for owner, want := range map[string]string{
		serverdb.GateOwner("vlan"):                "firstlight gate secret vlan",
		credential.ApplianceOwner + "session-key": "makes a new one when it starts",
		"serial:C0MPUT3":                          "BMC log-in of C0MPUT3 again with firstlight bmc import",
		"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10":    "firstlight bmc set 0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10",
	} {
		if got := Again(owner); !strings.Contains(got, want) {
			t.Errorf("Again(%q) = %q, want %q", owner, got, want)
		}
	}
}
