package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// version is what shows whether a machine was written again.
func (b *bench) version(name string) int64 {
	b.Helper()
	return read[Machine](b, b.get("/machines/"+name), http.StatusOK).Version
}

// TestEveryWriteTakesAKey, or says why not.
func TestEveryWriteTakesAKey(t *testing.T) {
	d, _ := readDocument(t)
	for path, methods := range d.Paths {
		for method, op := range methods {
			takes := false
			for _, p := range op.Parameters {
				takes = takes || p.Name == idempotencyKey
			}
			if want := method != "get" && unkeyed[op.OperationID] == ""; takes != want {
				t.Errorf("%s %s takes a key: %v, want %v", method, path, takes, want)
			}
		}
	}
}

func TestAKeyIsAnsweredAgainFromDisk(t *testing.T) {
	b := newBench(t)
	b.add(1)
	const note = `{"note":"disk under investigation"}`
	first := b.post("/machines/FL1/lock", note, idempotencyKey, `"8e03978e-40d5-43dd-bc93-6894a57f9324"`)
	locked := read[Machine](b, first, http.StatusOK)
	read[Machine](b, b.post("/machines/FL1/unlock", ""), http.StatusOK)
	want := b.version("FL1")
	for _, how := range []string{"in one run", "after a restart"} {
		// Bare, and with the condition that does not hold any more.
		again := b.post("/machines/FL1/lock", note, idempotencyKey, "8e03978e-40d5-43dd-bc93-6894a57f9324", "If-Match", ETag(locked.Version-1))
		if again.StatusCode != http.StatusOK || again.body != first.body || again.Header.Get(replayed) != "true" || again.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("%s: the second answer is %d, %v, %s", how, again.StatusCode, again.Header, again.body)
		}
		if got := b.version("FL1"); got != want {
			t.Errorf("%s: the machine has version %d, want %d: it was locked again", how, got, want)
		}
		b.restart()
	}
	p := b.refuses(b.post("/machines/FL1/lock", `{"note":"another"}`, idempotencyKey, "8e03978e-40d5-43dd-bc93-6894a57f9324"),
		http.StatusUnprocessableEntity, "was used for another request, POST /api/v1/machines/FL1/lock", "send a new key")
	if p.Errors[0].Location != "header.Idempotency-Key" {
		t.Errorf("location = %q, want the header", p.Errors[0].Location)
	}
	b.refuses(b.post("/machines/FL1/unlock", note, idempotencyKey, "8e03978e-40d5-43dd-bc93-6894a57f9324"), http.StatusUnprocessableEntity, "another request")
	b.ahead.Store(int64(serverdb.ReplyLife))
	if late := b.post("/machines/FL1/lock", note, idempotencyKey, "8e03978e-40d5-43dd-bc93-6894a57f9324"); late.Header.Get(replayed) != "" || b.version("FL1") == want {
		t.Error("a day later the key was not good for another request")
	}
}

func TestAKeyIsOneAccountsOwn(t *testing.T) {
	b := newBench(t)
	b.add(1)
	read[Machine](b, b.post("/machines/FL1/lock", `{"note":"x"}`, idempotencyKey, "k"), http.StatusOK)
	r := httptest.NewRequestWithContext(auth.With(t.Context(), auth.User{Name: "bob", Role: auth.Admin}), http.MethodPost, Prefix+"/machines/FL1/lock", strings.NewReader(`{"note":"y"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(idempotencyKey, "k")
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	if got := read[Machine](b, reply{w.Result(), w.Body.String()}, http.StatusOK); got.Flags.LockNote != "y" {
		t.Errorf("bob's lock says %q", got.Flags.LockNote)
	}
	b.refuses(b.as(auth.Viewer, http.MethodPost, "/machines/FL1/lock", `{"note":"x"}`, idempotencyKey, "k"), http.StatusForbidden, "needs the role engineer")
}

// TestAKeyIsNotSpentByWhatDidNothing: by a refusal, and by an error of ours.
func TestAKeyIsNotSpentByWhatDidNothing(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.refuses(b.post("/machines/FL1/lock", `{"note":""}`, idempotencyKey, "k"), http.StatusUnprocessableEntity, "body.note")
	b.refuses(b.post("/machines/FL1/release", `{"name":"FL2"}`, idempotencyKey, "k"), http.StatusUnprocessableEntity, "type FL1")
	b.bmc.fails = oob.ErrUnreachable
	b.refuses(b.post("/machines/FL1/power", `{"action":"on"}`, idempotencyKey, "k"), http.StatusBadGateway) // the audit has a row of it
	b.bmc.fails = nil
	read[Machine](b, b.post("/machines/FL1/power", `{"action":"on"}`, idempotencyKey, "k"), http.StatusOK)
	for _, key := range []string{`"open`, `a b`, strings.Repeat("x", 201), "ü", `""`} {
		b.refuses(b.post("/machines/FL1/lock", `{"note":"x"}`, idempotencyKey, key), http.StatusBadRequest, "header.Idempotency-Key", "want 1 to 200")
	}
}

// TestAKeyWhileTheFirstGoesOn holds the first request in the BMC.
func TestAKeyWhileTheFirstGoesOn(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.bmc.mu.Lock()
	first := make(chan reply)
	go func() { first <- b.post("/machines/FL1/power", `{"action":"on"}`, idempotencyKey, "k") }()
	for deadline := time.Now().Add(10 * time.Second); !b.runs("k"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the first request did not begin")
		}
	}
	r := b.post("/machines/FL1/power", `{"action":"on"}`, idempotencyKey, "k")
	b.refuses(r, http.StatusConflict, "still carried out: wait for its end")
	if r.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	b.bmc.mu.Unlock()
	read[Machine](b, <-first, http.StatusOK)
	if again := b.post("/machines/FL1/power", `{"action":"on"}`, idempotencyKey, "k"); again.Header.Get(replayed) == "" {
		t.Errorf("the second answer is %d, want the first one's again", again.StatusCode)
	}
}

func (b *bench) runs(key string) bool {
	_, is := b.api.running.Load([2]string{"ada", key})
	return is
}

// TestAKeyOfARequestThatNobodyAnswered: the power failed after the commit.
func TestAKeyOfARequestThatNobodyAnswered(t *testing.T) {
	b := newBench(t)
	b.add(1)
	k, err := b.api.keyed(b.request(auth.Admin, "/machines/FL1/lock", `{"note":"x"}`), "k")
	b.must(err)
	ctx, once := serverdb.Once(t.Context(), "ada", "k", `{"request":"POST /api/v1/machines/FL1/lock","sum":"`+k.asked.Sum+`"}`)
	b.must(b.db.Edit(ctx, b.id("FL1"), 0, "ada", "", func(m *machine.Machine) error { m.Flags.Locked = true; return nil }))
	if !once.Made() {
		t.Fatal("the first write did not claim the key")
	}
	b.restart()
	want := b.version("FL1")
	b.refuses(b.post("/machines/FL1/lock", `{"note":"x"}`, idempotencyKey, "k"), http.StatusConflict, "before the appliance stopped", "with a new key")
	// Another process that has read no reply yet loses at the commit.
	ctx, _ = serverdb.Once(context.WithoutCancel(ctx), "ada", "k", "{}")
	err = b.db.Edit(ctx, b.id("FL1"), 0, "ada", "", func(m *machine.Machine) error { m.Note = "twice"; return nil })
	if !errors.Is(err, serverdb.ErrClaimed) || b.version("FL1") != want {
		t.Errorf("Edit() under a key that was used = %v, version %d, want %d", err, b.version("FL1"), want)
	}
}

// request is one that as would send.
func (b *bench) request(role auth.Role, path, text string) *http.Request {
	r := httptest.NewRequestWithContext(auth.With(b.Context(), auth.User{Name: "ada", Role: role}), http.MethodPost, Prefix+path, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// TestASecretIsGivenOnce: neither the row of the key nor anything else of the
// database has it, and a repetition makes no second one.
func TestASecretIsGivenOnce(t *testing.T) {
	b := newBench(t)
	b.account()
	for path, body := range map[string]string{
		"/tokens":         `{"label":"nightly","role":"viewer","lifetime_seconds":600}`,
		"/users":          `{"name":"grace","role":"viewer"}`,
		"/users/ada/code": "",
	} {
		first := b.post(path, body, idempotencyKey, path)
		secret := read[map[string]any](b, first, http.StatusCreated)
		text, _ := secret["secret"].(string)
		if code, ok := secret["code"].(string); ok {
			text = code
		}
		b.refuses(b.post(path, body, idempotencyKey, path), http.StatusConflict, "was carried out", "a secret that is shown once", "a new key")
		if text == "" || b.holds(text) {
			t.Errorf("%s: the secret %q is in the database", path, text)
		}
	}
	if all := read[List[Token]](b, b.get("/tokens"), http.StatusOK); all.Total != 1 {
		t.Errorf("%d tokens, want 1", all.Total)
	}
}

// holds tells whether a text stands in the database's files.
func (b *bench) holds(text string) bool {
	b.Helper()
	for _, end := range []string{"", "-wal"} {
		all, err := os.ReadFile(b.file + end)
		if err != nil && !os.IsNotExist(err) {
			b.Fatal(err)
		}
		if strings.Contains(string(all), text) {
			return true
		}
	}
	return false
}
