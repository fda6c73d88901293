package gate

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob/credential"
	"firstlight/server/serverdb"
)

// world is a ServerDb with an engine, and the system outside. It runs in a
// synctest bubble, on a real database, in its own time.
type world struct {
	*testing.T
	dir  string
	db   *serverdb.DB
	e    *Engine
	keys *Keys
	end  func()
	out  *outside
}

// outside is a system that is asked. It knows the protocol by its specification
// alone.
type outside struct {
	t      *testing.T
	secret string

	mu     sync.Mutex
	do     func(*http.Request) (int, error) // nil: 204
	got    []Request
	at     []time.Time
	before func(id string) // looks at the world while a request is under way
}

func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var got Request
	if err := json.Unmarshal(body, &got); err != nil {
		o.t.Errorf("the request is no JSON: %v", err)
	}
	id, seconds := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	if want := signature(o.secret, id, seconds, string(body)); r.Header.Get("webhook-signature") != want || id != got.ID {
		o.t.Errorf("request %s is signed %q, want %q", id, r.Header.Get("webhook-signature"), want)
	}
	o.mu.Lock()
	o.got, o.at = append(o.got, got), append(o.at, time.Now())
	do, before := o.do, o.before
	o.mu.Unlock()
	if before != nil {
		before(id)
	}
	status := http.StatusNoContent
	if do != nil {
		if status, err = do(r); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// signature is that of Standard Webhooks, written a second time.
func signature(secret, id, seconds, body string) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) != 32 {
		return "no secret"
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + seconds + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func (o *outside) asked() []Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.got
}

func (o *outside) behave(do func(*http.Request) (int, error)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.do = do
}

// answers is what it would send.
func (o *outside) answers(id, body string) Signed {
	seconds := strconv.FormatInt(time.Now().Unix(), 10)
	return Signed{ID: id, Seconds: seconds, Signature: signature(o.secret, id, seconds, body), Body: []byte(body)}
}

const ok = `{"answer":"ok"}`

var vlan = machine.Gate{
	Name: "vlan", Title: "switch VLAN", From: machine.Registered, To: machine.Available, URL: "https://vlan.example.net/hook", Deadline: 40 * time.Second,
}

func inWorld(t *testing.T, test func(*testing.T, *world), gates ...machine.Gate) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dir, err := os.MkdirTemp("/dev/shm", "firstlight-gates-")
		if err != nil {
			dir = t.TempDir()
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		w := &world{T: t, dir: dir, out: &outside{t: t}}
		w.start()
		t.Cleanup(func() { w.stop() })
		w.must(w.db.Seed(t.Context(), []*machine.Subnet{{
			Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister, Lease: time.Hour,
		}}, []*machine.Rule{{Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab"}}))
		if gates == nil {
			gates = []machine.Gate{vlan}
		}
		for _, g := range gates {
			_, err := w.db.PutPlan(t.Context(), serverdb.Actor{Name: "ada"}, &g, 0)
			w.must(err)
		}
		w.out.secret, err = w.keys.Make(t.Context(), "vlan")
		w.must(err)
		test(t, w)
	})
}

func (w *world) start() {
	w.Helper()
	db, err := serverdb.Open(w.Context(), filepath.Join(w.dir, "serverdb.sqlite"), serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: 24 * time.Hour})
	w.must(err)
	key, err := credential.KeyFile(filepath.Join(w.dir, "credentials.key"))
	w.must(err)
	w.db, w.keys = db, &Keys{Store: db, Key: key}
	w.e = New(Config{
		DB: db, Keys: w.keys, Log: slog.New(slog.DiscardHandler), Now: time.Now, Transport: w.out,
		Answers: func(id string) string { return "https://fl.example.net/answers/" + id },
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = w.e.Run(ctx) }()
	w.end = func() { cancel(); <-ended }
}

// stop ends the life of the appliance.
func (w *world) stop() {
	w.end()
	_ = w.db.Close()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// reports lets the agent of a machine report.
func (w *world) reports(n int) *machine.Machine {
	w.Helper()
	mac := fmt.Sprintf("52:54:00:00:00:%02x", n)
	m, err := w.db.Report(w.Context(), &report.Report{
		Version: report.Version, Boot: report.Boot{ID: "b", MAC: mac, Platform: "efi"},
		System: report.System{Vendor: "Firstlight", Serial: fmt.Sprintf("FL%04d", n), UUID: fmt.Sprintf("11111111-0000-0000-0000-%012d", n)},
		Disks:  []report.Disk{{Name: "vda", Serial: fmt.Sprintf("D%04d", n), Bytes: 1 << 33}},
		NICs:   []report.NIC{{Name: "eth0", MAC: mac}},
	}, netip.AddrFrom4([4]byte{10, 80, 12, byte(100 + n)}))
	w.must(err)
	return m
}

// waits gives the one wait of a machine, nil where there is none.
func (w *world) waits(m *machine.Machine) *machine.Wait {
	w.Helper()
	all := w.db.WaitsOf(m.ID)
	if len(all) > 1 {
		w.Fatalf("machine %s has %d waits, want one", m.Name, len(all))
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func (w *world) is(m *machine.Machine, want machine.Status) {
	w.Helper()
	got, err := w.db.Machine(m.ID)
	w.must(err)
	if got.Status != want {
		w.Errorf("machine %s is %s, want %s", m.Name, got.Status, want)
	}
}

func (w *world) state(m *machine.Machine, want machine.WaitState) *machine.Wait {
	w.Helper()
	n := w.waits(m)
	if n == nil || n.State() != want {
		w.Fatalf("the wait of %s is %+v, want %s", m.Name, n, want)
	}
	return n
}

// tells asserts that the timeline of a machine has a row.
func (w *world) tells(m *machine.Machine, want string) {
	w.Helper()
	events, err := w.db.Timeline(w.Context(), m.ID, 0, 1000)
	w.must(err)
	var all []string
	for _, e := range events {
		if e.Text == want {
			return
		}
		all = append(all, e.Text)
	}
	w.Errorf("the timeline has %q, want %q", all, want)
}

func refuses[E error](t *testing.T, what string, err error, says string) {
	t.Helper()
	var want E
	if !errors.As(err, &want) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s = %v, want a %T that says %q", what, err, want, says)
	}
}
