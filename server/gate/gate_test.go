package gate

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

func TestAMachineGoesOnOnceTheGateOpens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		w.is(m, machine.Registered)
		time.Sleep(5 * time.Second)
		n := w.state(m, machine.WaitAsked)
		if got := n.Text(time.Now()); got != "switch VLAN, 35 s" {
			t.Errorf("it waits for %q", got)
		}
		all := w.out.asked()
		if len(all) != 1 {
			t.Fatalf("asked %d times, want once", len(all))
		}
		got := all[0]
		if got.ID != n.ID || got.Answer != "https://fl.example.net/answers/"+n.ID || got.Machine.Name != "FL0001" || got.Machine.NICs[0].MAC != "52:54:00:00:00:01" || !got.Deadline.Equal(n.Deadline) {
			t.Errorf("request = %+v, wait %+v", got, n)
		}
		_, err := w.e.Take(t.Context(), n.ID, w.out.answers(n.ID, ok))
		w.must(err)
		time.Sleep(time.Second)
		w.is(m, machine.Available)
		if w.waits(m) != nil {
			t.Errorf("it waits still: %+v", w.waits(m))
		}
		w.tells(m, "Waits for: switch VLAN, 40 s")
		w.tells(m, "Asked for: switch VLAN")
		w.tells(m, "Opened: switch VLAN")
		history, err := w.db.History(t.Context(), m.ID)
		w.must(err)
		if notes := strings.Join(history[len(history)-1].Guards, "; "); !strings.Contains(notes, "passed:gate vlan (gate vlan)") {
			t.Errorf("history has %q", notes)
		}
		if diff := cmp.Diff(map[string]float64{
			"firstlight_gate_waits vlan asking": 0, "firstlight_gate_requests_total vlan taken": 1, "firstlight_gate_answers_total ok vlan": 1,
		}, w.metrics()); diff != "" {
			t.Errorf("metrics differ (-want +got):\n%s", diff)
		}
	})
}

// metrics gives each value by its name and labels.
func (w *world) metrics() map[string]float64 {
	w.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(w.e)
	all, err := r.Gather()
	w.must(err)
	values := map[string]float64{}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}

func TestARequestGoesOutUntilItIsTaken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.out.behave(func(*http.Request) (int, error) {
			if n := len(w.out.asked()); n < 4 {
				return http.StatusServiceUnavailable, nil
			}
			return http.StatusAccepted, nil
		})
		m := w.reports(1)
		time.Sleep(4 * time.Second)
		if n := w.state(m, machine.WaitAsking); n.Error != "vlan.example.net answered 503 Service Unavailable" || n.Sent != 3 {
			t.Errorf("after three requests: %+v", n)
		}
		time.Sleep(30 * time.Second)
		if n := w.state(m, machine.WaitAsked); n.Error != "" || n.Sent != 4 {
			t.Errorf("after it was taken: %+v", n)
		}
		var pauses []time.Duration
		for i, at := range w.out.at[1:] {
			pauses = append(pauses, at.Sub(w.out.at[i]).Round(time.Second))
			if w.out.got[i].ID != w.out.got[i+1].ID {
				t.Error("the request changed its id")
			}
		}
		if diff := cmp.Diff([]time.Duration{time.Second, 2 * time.Second, 4 * time.Second}, pauses); diff != "" {
			t.Errorf("pauses differ (-want +got):\n%s", diff)
		}
	})
}

func TestAGateThatStaysClosedLeavesTheMachineWhereItIs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.out.behave(func(*http.Request) (int, error) { return 0, errors.New("no route to host") })
		m := w.reports(1)
		time.Sleep(3 * time.Hour)
		w.must(w.db.Expire(t.Context()))
		w.is(m, machine.Registered)
		n := w.state(m, machine.WaitLate)
		if got := len(w.out.asked()); got < 4 || got > 8 {
			t.Errorf("asked %d times in 40 s", got)
		}
		w.tells(m, "Stays closed: switch VLAN, no answer within 40 s")
		_, err := w.e.Take(t.Context(), n.ID, w.out.answers(n.ID, ok))
		refuses[*serverdb.AnswerError](t, "a late answer", err, "this answer is late")
		w.is(m, machine.Registered)

		w.out.behave(nil)
		w.must(w.db.AskAgain(t.Context(), serverdb.Actor{Name: "ada"}, n.ID))
		time.Sleep(time.Second)
		again := w.state(m, machine.WaitAsked)
		if _, err := w.e.Take(t.Context(), n.ID, w.out.answers(n.ID, ok)); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("an answer to the old request = %v", err)
		}
		_, err = w.e.Take(t.Context(), again.ID, w.out.answers(again.ID, ok))
		w.must(err)
		time.Sleep(time.Second)
		w.is(m, machine.Available)
	})
}

func TestARefusalStandsUntilAPersonPasses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		time.Sleep(time.Second)
		n := w.state(m, machine.WaitAsked)
		const no = `{"answer":"refused","reason":"port 23 is shut"}`
		for range 2 { // the same again is fine
			_, err := w.e.Take(t.Context(), n.ID, w.out.answers(n.ID, no))
			w.must(err)
		}
		_, err := w.e.Take(t.Context(), n.ID, w.out.answers(n.ID, ok))
		refuses[*serverdb.AnswerError](t, "ok after a refusal", err, "answered already, with refused: port 23 is shut")
		time.Sleep(time.Hour)
		w.is(m, machine.Registered)
		w.tells(m, "Refused: switch VLAN: port 23 is shut")

		w.must(w.e.Pass(t.Context(), serverdb.Actor{Name: "ada"}, n, "set by hand"))
		time.Sleep(time.Second)
		w.is(m, machine.Available)
		audit, err := w.db.Audits(t.Context(), serverdb.AuditQuery{Limit: 10})
		w.must(err)
		if a := audit[0]; a.Who != "ada" || a.Action != "pass gate" || a.Before != "gate vlan: refused" || a.After != "passed: set by hand" {
			t.Errorf("audit = %+v", a)
		}
		if a := audit[1]; a.Who != "gate vlan" || a.After != "refused: port 23 is shut" {
			t.Errorf("audit = %+v", a)
		}
	})
}

func TestAnAnswerAgainIsFineAlsoWhenTheMachineWentOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		time.Sleep(time.Second)
		id := w.state(m, machine.WaitAsked).ID
		for range 3 {
			n, err := w.e.Take(t.Context(), id, w.out.answers(id, ok))
			w.must(err)
			if n.OpenedBy != "gate vlan" {
				t.Errorf("wait = %+v", n)
			}
			time.Sleep(time.Minute)
			w.is(m, machine.Available)
		}
		_, err := w.e.Take(t.Context(), id, w.out.answers(id, `{"answer":"refused","reason":"no"}`))
		refuses[*serverdb.AnswerError](t, "a contradiction", err, "answered already, with ok")
		time.Sleep(26 * time.Hour)
		if _, err := w.e.Take(t.Context(), id, w.out.answers(id, ok)); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("an answer after a day = %v", err)
		}
	})
}

func TestForgedAnswersOpenNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		time.Sleep(time.Second)
		id := w.state(m, machine.WaitAsked).ID
		good := w.out.answers(id, ok)
		change := func(f func(*Signed)) Signed { s := good; f(&s); return s }
		for what, s := range map[string]Signed{
			"no signature":                   change(func(s *Signed) { s.Signature = "" }),
			"that of another body":           change(func(s *Signed) { s.Body = []byte(`{"answer":"ok" }`) }),
			"that of another secret":         change(func(s *Signed) { s.Signature = signature("whsec_"+strings.Repeat("A", 43)+"=", id, s.Seconds, ok) }),
			"that of another wait":           change(func(s *Signed) { s.ID = "0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10" }),
			"another version":                change(func(s *Signed) { s.Signature = "v0" + s.Signature[2:] }),
			"a time that is none":            change(func(s *Signed) { s.Seconds = "now" }),
			"a time that was not signed":     change(func(s *Signed) { s.Seconds += "0" }),
			"an old one that is sent again":  w.signed(id, -6*time.Minute),
			"one of a clock that is far off": w.signed(id, 6*time.Minute),
		} {
			_, err := w.e.Take(t.Context(), id, s)
			refuses[*ForgedError](t, what, err, "webhook-")
		}
		for body, says := range map[string]string{
			`ok`: "want JSON", `{"answer":"yes"}`: "want ok or refused", `{"answer":"refused"}`: "why not", `{"answer":"ok","reason":"x"}`: "needs none",
			`{"answer":"ok","force":true}`: "unknown field", `{"answer":"ok"}{}`: "more after", `{"answer":"refused","reason":"a\u0007"}`: "one line",
		} {
			_, err := w.e.Take(t.Context(), id, w.out.answers(id, body))
			refuses[*WrongError](t, body, err, says)
		}
		if _, err := w.e.Take(t.Context(), "none", w.out.answers("none", ok)); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("an answer that nobody waits for = %v", err)
		}
		w.state(m, machine.WaitAsked)
		w.is(m, machine.Registered)
		// Several signatures, as while a secret changes, need one that fits.
		_, err := w.e.Take(t.Context(), id, change(func(s *Signed) { s.Signature = "v1,AAAA v2,x " + s.Signature }))
		w.must(err)
	})
}

// signed is a good answer that was signed at another time.
func (w *world) signed(id string, off time.Duration) Signed {
	at := time.Now().Add(off)
	key, err := w.keys.open(w.Context(), "vlan")
	w.must(err)
	s := w.out.answers(id, ok)
	s.Signature = Sign(key, id, at, s.Body)
	s.Seconds = strconv.FormatInt(at.Unix(), 10)
	return s
}

// TestADeathAtAnyPointLosesNothing ends the appliance while a request is under
// way, after it was taken, and after the answer.
func TestADeathAtAnyPointLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		died := make(chan struct{})
		w.out.before = func(id string) {
			if n, err := w.db.Wait(id); err != nil || n.Sent != 0 {
				t.Errorf("while the request is under way the database has %+v, %v", n, err)
			}
		}
		w.out.behave(func(r *http.Request) (int, error) {
			close(died)
			<-r.Context().Done() // it never learns what became of it
			return 0, r.Context().Err()
		})
		m := w.reports(1)
		<-died
		w.stop()
		w.out.before = nil
		w.out.behave(nil)
		time.Sleep(10 * time.Second)
		w.start()
		time.Sleep(time.Second)
		all := w.out.asked()
		n := w.state(m, machine.WaitAsked)
		if len(all) != 2 || all[0].ID != n.ID || all[1].ID != n.ID || !n.Deadline.Equal(all[0].Deadline) {
			t.Errorf("asked %+v, wait %+v; want the same wait twice", all, n)
		}
		w.stop()
		w.start()
		time.Sleep(5 * time.Second)
		if got := len(w.out.asked()); got != 2 {
			t.Errorf("asked %d times after it was taken, want 2", got)
		}
		_, err := w.db.Answer(t.Context(), n.ID, "") // it dies before the machine goes on
		w.must(err)
		w.stop()
		w.start()
		time.Sleep(2 * time.Second)
		w.is(m, machine.Available)
		w.must(w.db.Replay(t.Context(), m.ID))
	})
}

func TestAGateThatIsTakenAwayHoldsNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		time.Sleep(time.Second)
		w.is(m, machine.Registered)
		ref := machine.PlanRef{Kind: machine.KindGate, Name: "vlan"}
		w.must(w.db.DropPlan(t.Context(), serverdb.Actor{Name: "ada"}, ref, 0))
		time.Sleep(2 * time.Second)
		w.is(m, machine.Available)
		if sealed, err := w.db.Credential(t.Context(), serverdb.GateOwner("vlan")); err != nil || sealed != "" {
			t.Errorf("its secret is kept: %q, %v", sealed, err)
		}
	})
}

func TestAGateHoldsWhomItsSelectorPicks(t *testing.T) {
	other := vlan
	other.Match = "serial=FL0002"
	inWorld(t, func(t *testing.T, w *world) {
		w.is(w.reports(1), machine.Available)
		w.is(w.reports(2), machine.Registered)
	}, other)
}

func TestSeveralGatesMustAllOpen(t *testing.T) {
	power := vlan
	power.Name, power.Title = "power", "power budget"
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		time.Sleep(2 * time.Second)
		if n := len(w.db.WaitsOf(m.ID)); n != 2 {
			t.Fatalf("%d waits", n)
		}
		for i, n := range w.db.WaitsOf(m.ID) {
			w.must(w.e.Pass(t.Context(), serverdb.Actor{Name: "ada"}, n, "test"))
			time.Sleep(3 * time.Second)
			w.is(m, []machine.Status{machine.Registered, machine.Available}[i])
		}
	}, vlan, power)
}

func TestAGateWithoutASecretSaysSo(t *testing.T) {
	bare := vlan
	bare.Name = "bare"
	inWorld(t, func(t *testing.T, w *world) {
		m := w.reports(1)
		time.Sleep(2 * time.Second)
		n := w.state(m, machine.WaitAsking)
		if !strings.Contains(n.Error, "firstlight gate secret") || len(w.out.asked()) != 0 {
			t.Errorf("wait = %+v", n)
		}
		_, err := w.e.Take(t.Context(), n.ID, w.out.answers(n.ID, ok))
		refuses[*ForgedError](t, "an answer", err, "has no secret")
	}, bare)
}

// TestASystemThatHangsHoldsOnlyItsOwn asks for one machine that is never heard
// of again, and for another.
func TestASystemThatHangsHoldsOnlyItsOwn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.out.behave(func(r *http.Request) (int, error) {
			if all := w.out.asked(); all[len(all)-1].Machine.Name == "FL0001" {
				<-r.Context().Done()
				return 0, r.Context().Err()
			}
			return http.StatusOK, nil
		})
		slow := w.reports(1)
		time.Sleep(time.Second)
		quick := w.reports(2)
		time.Sleep(time.Second)
		w.state(slow, machine.WaitAsking)
		w.state(quick, machine.WaitAsked)
		time.Sleep(10 * time.Second)
		if n := w.state(slow, machine.WaitAsking); !strings.Contains(n.Error, "vlan.example.net does not answer") {
			t.Errorf("wait = %+v", n)
		}
	})
}

// TestAFrozenMachineAsksForNothing: what an older database says of it may be
// over.
func TestAFrozenMachineAsksForNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.out.behave(func(*http.Request) (int, error) { return http.StatusServiceUnavailable, nil })
		m := w.reports(1)
		time.Sleep(100 * time.Millisecond)
		w.must(w.db.Edit(t.Context(), m.ID, 0, "restore", "", func(m *machine.Machine) error {
			m.Flags.Frozen, m.Flags.FrozenAt = true, time.Now()
			return nil
		}))
		time.Sleep(time.Minute)
		if n := len(w.out.asked()); n != 1 {
			t.Errorf("asked %d times, want once, before it froze", n)
		}
	})
}
