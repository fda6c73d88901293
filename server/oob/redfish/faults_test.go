package redfish_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/redfish"
)

// TestFaults asks a machine to power on at a BMC with one fault and says what
// the caller learns and what really happened.
func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		faults  bmcsim.Faults
		profile bmcsim.Profile
		want    error  // nil: no error; errAny: any
		says    string // in the error
		runs    bool
	}{
		{"a healthy BMC does it", bmcsim.Faults{}, bmcsim.Generic(), nil, "", true},
		{"a slow one does it within the time", bmcsim.Faults{Slow: 20 * time.Millisecond}, bmcsim.Generic(), nil, "", true},
		{"a mute one is unreachable after the time", bmcsim.Faults{Mute: true}, bmcsim.Generic(), oob.ErrUnreachable, "deadline", false},
		{"one that refuses the log-in is a matter of credentials", bmcsim.Faults{RefuseLogin: true}, bmcsim.Generic(), oob.ErrCredentials, "401", false},
		{"one that lies says yes, so look afterwards", bmcsim.Faults{Lie: true}, bmcsim.Generic(), nil, "", false},
		{"one that shows the wrong power is believed", bmcsim.Faults{WrongPower: true}, bmcsim.Generic(), nil, "", false},
		{"one that is busy is unreachable", bmcsim.Faults{Status: 503}, bmcsim.Generic(), oob.ErrUnreachable, "503", false},
		{"one that takes a task does it", bmcsim.Faults{Task: true}, bmcsim.Generic(), nil, "", true},
		{"one that always wants another ETag refuses in words", bmcsim.Faults{Precondition: true}, bmcsim.Generic(), errAny, "PreconditionFailed", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, bmcsim.Options{Profile: test.profile})
			cfg := r.config()
			if test.faults.Mute {
				cfg.Timeout = 100 * time.Millisecond
			}
			c := r.dial(t, cfg)
			r.bmc.SetFaults(test.faults)
			err := c.SetPower(t.Context(), oob.PowerOn)
			if !matches(err, test.want) || (err != nil && !strings.Contains(err.Error(), test.says)) {
				t.Errorf("SetPower(on) = %v, want %v with %q", err, test.want, test.says)
			}
			r.bmc.SetFaults(bmcsim.Faults{})
			if test.faults.Task {
				eventually(t, "the machine runs", r.machine.Running)
			}
			if got := r.machine.Running(); got != test.runs {
				t.Errorf("the machine runs: %v, want %v", got, test.runs)
			}
		})
	}
}

var errAny = errors.New("any error")

func matches(err, want error) bool {
	if want == nil || want == errAny { //nolint:errorlint // errAny is a mark, not an error to find
		return (err == nil) == (want == nil)
	}
	return errors.Is(err, want)
}

func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !reached() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited 10 s, want that %s", what)
		case <-look.C:
		}
	}
}

func TestALostAnswerSaysNothingOfTheCommandAndAskingAgainRepeatsNothing(t *testing.T) {
	r := start(t, bmcsim.Options{})
	c := r.dial(t, r.config())
	r.bmc.SetFaults(bmcsim.Faults{HangUp: true})
	if err := c.SetPower(t.Context(), oob.PowerOn); !errors.Is(err, oob.ErrUnreachable) {
		t.Fatalf("SetPower(on) with its answer lost = %v, want %v", err, oob.ErrUnreachable)
	}
	if !r.machine.Running() {
		t.Fatal("the machine is off, want it on: only the answer was lost")
	}
	if err := c.SetPower(t.Context(), oob.PowerOn); err != nil {
		t.Fatalf("SetPower(on) again = %v, want no error", err)
	}
	if got := r.bmc.Counts().PowerOns; got != 1 {
		t.Errorf("the machine was powered on %d times, want 1", got)
	}
	r.bmc.SetFaults(bmcsim.Faults{Drop: true})
	if _, err := c.Power(t.Context()); !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Power() with its answer broken off = %v, want %v", err, oob.ErrUnreachable)
	}
}

func TestALyingBMCIsCaughtByReadingBack(t *testing.T) {
	r := start(t, bmcsim.Options{})
	cfg := r.config()
	cfg.Settle = time.Millisecond
	c := r.dial(t, cfg)
	r.bmc.SetFaults(bmcsim.Faults{Lie: true})
	err := c.SetNextBoot(t.Context(), oob.BootNetwork)
	if err == nil || !strings.Contains(err.Error(), `accepted next boot device "network" but shows ""`) {
		t.Errorf("SetNextBoot(network) = %v, want it caught", err)
	}
}

// TestA401IsNeverFollowedByAnotherRequest is what keeps accounts unlocked (J-03).
func TestA401IsNeverFollowedByAnotherRequest(t *testing.T) {
	r := start(t, bmcsim.Options{Lockout: 3})
	c := r.dial(t, r.config())
	r.bmc.SetFaults(bmcsim.Faults{RefuseLogin: true})
	for range 10 {
		if _, err := c.Power(t.Context()); !errors.Is(err, oob.ErrCredentials) {
			t.Fatalf("Power() = %v, want %v", err, oob.ErrCredentials)
		}
		if err := c.SetNextBoot(t.Context(), oob.BootDisk); !errors.Is(err, oob.ErrCredentials) {
			t.Fatalf("SetNextBoot(disk) = %v, want %v", err, oob.ErrCredentials)
		}
	}
	if got := r.bmc.Counts(); got.LoginsRefused != 1 || got.Locked {
		t.Errorf("20 calls made %d refused log-ins (locked: %v), want 1 and not locked", got.LoginsRefused, got.Locked)
	}
}

func TestAWrongPasswordIsTriedOnceByDial(t *testing.T) {
	r := start(t, bmcsim.Options{})
	cfg := r.config()
	cfg.Password = "wrong horse"
	_, err := redfish.Dial(t.Context(), cfg)
	if !errors.Is(err, oob.ErrCredentials) || strings.Contains(err.Error(), "wrong horse") {
		t.Fatalf("Dial(wrong password) = %v, want %v without the password", err, oob.ErrCredentials)
	}
	if got := r.bmc.Counts().LoginsRefused; got != 1 {
		t.Errorf("Dial(wrong password) made %d refused log-ins, want 1", got)
	}
}

func TestALockedAccountStaysUntouched(t *testing.T) {
	r := start(t, bmcsim.Options{Lockout: 1})
	cfg := r.config()
	cfg.Password = "wrong horse"
	_, _ = redfish.Dial(t.Context(), cfg)
	if _, err := redfish.Dial(t.Context(), r.config()); !errors.Is(err, oob.ErrCredentials) {
		t.Errorf("Dial(locked) = %v, want %v", err, oob.ErrCredentials)
	}
	r.bmc.Unlock()
	r.dial(t, r.config())
}

func TestPowerIsChangedExactlyOnce(t *testing.T) {
	r := start(t, bmcsim.Options{Profile: bmcsim.IDRAC()})
	c := r.dial(t, r.config())
	for range 3 {
		if err := c.SetPower(t.Context(), oob.PowerOn); err != nil {
			t.Fatalf("SetPower(on) = %v, want no error", err)
		}
	}
	if got := r.bmc.Counts(); got.PowerOns != 1 || got.PowerOffs != 0 {
		t.Errorf("3 × SetPower(on) made %d power-ons and %d power-offs, want 1 and 0", got.PowerOns, got.PowerOffs)
	}
}

func TestNobodyListensIsUnreachable(t *testing.T) {
	_, err := redfish.Dial(t.Context(), redfish.Config{Address: "127.0.0.1:1", User: "u", Password: "p", Timeout: 5 * time.Second})
	if !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Dial(closed port) = %v, want %v", err, oob.ErrUnreachable)
	}
}
