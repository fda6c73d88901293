package login_test

import (
	"errors"
	"strings"
	"testing"

	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/oob/login"
)

// hires makes a user on the BMC, as an agent does by KCS.
func (w *world) hires(user string, password oob.Secret) { w.bmc.Hire(3, user, password) }

// set does what the agent is told: the log-in that waits.
func (w *world) set(t *testing.T, cut int) (user string) {
	t.Helper()
	sealed, err := w.db.Credential(t.Context(), login.PendingOwner+w.machine(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "firstlight") {
		t.Errorf("what waits is kept as %q, want it sealed", sealed)
	}
	user, password, err := w.Unseal(w.machine(t).ID, sealed)
	if err != nil || len(password) != 20 {
		t.Fatalf("Unseal = %q, %d bytes, %v; want a password of 20", user, len(password), err)
	}
	w.hires(user, password[:min(cut, len(password))])
	return user
}

func TestALogInOfOursTakesThePlaceOfTheOldOneOnceItIsProven(t *testing.T) {
	for name, keeps := range map[string]int{"passwords of 20 bytes": 20, "passwords of 16": 16} {
		t.Run(name, func(t *testing.T) {
			w := rack(t)
			w.Vendors = []credential.VendorCredential{{Vendor: "Contoso", Credential: *right()}}
			if err := w.open(t); err != nil || !w.machine(t).BMC.Factory {
				t.Fatalf("the vendor's log-in: %v, the record %+v; want it known as the vendor's", err, w.machine(t).BMC)
			}
			user, old, err := w.Prepare(t.Context(), w.machine(t))
			if err != nil || user != "firstlight" || old != "" {
				t.Fatalf("Prepare = %q, %q, %v; want the first user of ours", user, old, err)
			}
			// It is not there yet: the old one is kept, and works.
			if _, err := w.Promote(t.Context(), w.machine(t), user); !errors.Is(err, oob.ErrCredentials) {
				t.Fatalf("Promote before it is set = %v, want %v", err, oob.ErrCredentials)
			}
			w.bmc.Unlock()
			if err := w.open(t); err != nil {
				t.Fatalf("the log-in of before: %v", err)
			}
			w.set(t, keeps)
			for range 2 { // the second time, as after a crash, it is done
				if how, err := w.Promote(t.Context(), w.machine(t), user); err != nil {
					t.Fatalf("Promote = %q, %v", how, err)
				}
			}
			w.Vendors = nil
			if err := w.open(t); err != nil || w.machine(t).BMC.Factory {
				t.Errorf("the log-in of ours: %v, the record %+v; want it proven, and no vendor's", err, w.machine(t).BMC)
			}
			if user, old, err := w.Prepare(t.Context(), w.machine(t)); err != nil || user != "firstlight2" || old != "firstlight" {
				t.Errorf("Prepare of a rotation = %q, %q, %v; want the other user, and the old one to go", user, old, err)
			}
		})
	}
}

// What was prepared and may have been set is prepared again, not made anew.
func TestWhatWaitsStaysTheSame(t *testing.T) {
	w := rack(t)
	if _, _, err := w.Prepare(t.Context(), w.machine(t)); err != nil {
		t.Fatal(err)
	}
	user := w.set(t, 20)
	if _, _, err := w.Prepare(t.Context(), w.machine(t)); err != nil {
		t.Fatal(err)
	}
	if how, err := w.Promote(t.Context(), w.machine(t), user); err != nil || !strings.Contains(how, "by Redfish") {
		t.Errorf("Promote of what was set before = %q, %v; want it proven by Redfish", how, err)
	}
	if _, err := w.Promote(t.Context(), w.machine(t), "firstlight2"); !errors.Is(err, login.ErrNoPending) {
		t.Errorf("Promote of what nobody prepared = %v, want %v", err, login.ErrNoPending)
	}
}
