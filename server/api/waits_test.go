package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// vlanHook is a system outside behind real HTTP, which knows the protocol by its
// specification alone.
type vlanHook struct {
	*testing.T
	server *httptest.Server
	secret atomic.Value // string
	got    chan hookRequest
}

type hookRequest struct {
	ID        string `json:"id"`
	AnswerURL string `json:"answer_url"`
	Machine   struct {
		Name string `json:"name"`
	} `json:"machine"`
}

func newVLANHook(t *testing.T) *vlanHook {
	h := &vlanHook{T: t, got: make(chan hookRequest, 10)}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	return h
}

func (h *vlanHook) sign(id, seconds, body string) string {
	text, _ := h.secret.Load().(string)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err != nil {
		h.Error(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + seconds + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (h *vlanHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var got hookRequest
	if err != nil || json.Unmarshal(body, &got) != nil || r.Header.Get("webhook-id") != got.ID ||
		r.Header.Get("webhook-signature") != h.sign(got.ID, r.Header.Get("webhook-timestamp"), string(body)) {
		h.Errorf("request %q, headers %v: want it signed", body, r.Header)
	}
	w.WriteHeader(http.StatusAccepted)
	h.got <- got
}

// asked waits for a request.
func (h *vlanHook) asked() hookRequest {
	h.Helper()
	select {
	case got := <-h.got:
		return got
	case <-time.After(20 * time.Second):
		h.Fatal("no request came within 20 s")
		return hookRequest{}
	}
}

// answer posts to where the request said, and gives the status and the body.
func (h *vlanHook) answer(to hookRequest, body string) (int, string) {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), http.MethodPost, to.AnswerURL, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	seconds := strconv.FormatInt(time.Now().Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "webhook-id": to.ID, "webhook-timestamp": seconds, "webhook-signature": h.sign(to.ID, seconds, body),
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is read
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		h.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// asking lets the gates' engine run until the end that it gives.
func (b *bench) asking() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = b.gates.Run(ctx) }()
	return func() { cancel(); <-ended }
}

// becomes waits for a machine's status.
func (b *bench) becomes(m *machine.Machine, want machine.Status) {
	b.Helper()
	var got machine.Status
	for range 200 {
		is, err := b.db.Machine(m.ID)
		b.must(err)
		if got = is.Status; got == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatalf("machine %s is %s after 10 s, want %s", m.Name, got, want)
}

const allGood = `{"answer":"ok"}`

// TestAMachineWaitsForASystemOutside goes the whole way over HTTP, with an
// appliance that dies between the request and its answer.
func TestAMachineWaitsForASystemOutside(t *testing.T) {
	b, hook := newBench(t), newVLANHook(t)
	current := atomic.Pointer[API]{}
	current.Store(b.api)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { current.Load().ServeHTTP(w, r) }))
	t.Cleanup(door.Close)
	b.door = door.URL

	const item = `{"title":"switch VLAN","from":"registered","to":"available","url":"`
	read[Gate](b, b.as(auth.Admin, http.MethodPut, "/gates/vlan", item+hook.server.URL+`/hook","deadline_seconds":60}`), http.StatusOK)
	secret := read[GateSecret](b, b.post("/gates/vlan/secret", ""), http.StatusCreated).Secret
	hook.secret.Store(secret)
	end := b.asking()

	m := b.add(1)
	asked := hook.asked()
	if asked.Machine.Name != m.Name || !strings.HasPrefix(asked.AnswerURL, door.URL+Prefix+"/waits/") {
		t.Errorf("asked %+v", asked)
	}
	shown := read[Machine](b, b.get("/machines/"+m.Name), http.StatusOK)
	if len(shown.Waits) != 1 || !strings.HasPrefix(shown.Waits[0].Text, "switch VLAN, ") || shown.Status != "registered" {
		t.Errorf("machine = %+v", shown)
	}

	end()
	b.restart()
	current.Store(b.api)
	end = b.asking()
	t.Cleanup(end)

	b.becomes(m, machine.Registered)
	if status, body := hook.answer(asked, allGood); status != http.StatusOK || !strings.Contains(body, `"state":"open"`) {
		t.Fatalf("answer = %d %s", status, body)
	}
	b.becomes(m, machine.Available)
	if status, body := hook.answer(asked, allGood); status != http.StatusOK {
		t.Errorf("the same answer again = %d %s", status, body)
	}
	if status, body := hook.answer(asked, `{"answer":"refused","reason":"no"}`); status != http.StatusConflict || !strings.Contains(body, "answered already, with ok") {
		t.Errorf("a contradiction = %d %s", status, body)
	}
	for _, path := range []string{"/gates", "/gates/vlan", "/machines/" + m.Name, "/waits", "/audit", "/machines/" + m.Name + "/timeline"} {
		if r := b.get(path); strings.Contains(r.body, secret) || strings.Contains(r.body, strings.TrimPrefix(secret, "whsec_")) {
			t.Errorf("GET %s shows the secret", path)
		}
	}
	if bytes.Contains(b.log.Bytes(), []byte(strings.TrimPrefix(secret, "whsec_"))) {
		t.Error("the log has the secret")
	}
}

func TestAnAnswerThatIsNotSignedIsAProblem(t *testing.T) {
	b := newBench(t)
	b.gateAt("http://127.0.0.1:9/")
	m := b.add(1)
	id := b.db.WaitsOf(m.ID)[0].ID
	b.refuses(b.as(auth.Nobody, http.MethodPost, "/waits/"+id+"/answer", allGood), http.StatusForbidden, "webhook-id")
	b.refuses(b.as(auth.Nobody, http.MethodPost, "/waits/"+id+"/answer", allGood, "webhook-id", id, "webhook-timestamp", "1", "webhook-signature", "v1,AA=="),
		http.StatusForbidden, "sign each answer when it is sent")
	b.refuses(b.as(auth.Nobody, http.MethodPost, "/waits/none/answer", allGood), http.StatusNotFound, "nobody waits for this answer")
	// A log-in is no signature.
	b.refuses(b.as(auth.Admin, http.MethodPost, "/waits/"+id+"/answer", allGood), http.StatusForbidden, "webhook-id")
	b.becomes(m, machine.Registered)
}

// gateAt makes a gate with a secret.
func (b *bench) gateAt(address string) {
	b.Helper()
	body := `{"title":"switch VLAN","from":"registered","to":"available","url":"` + address + `","deadline_seconds":60}`
	read[Gate](b, b.as(auth.Admin, http.MethodPut, "/gates/vlan", body), http.StatusOK)
	read[GateSecret](b, b.post("/gates/vlan/secret", ""), http.StatusCreated)
}

func TestAPersonPassesAGate(t *testing.T) {
	b := newBench(t)
	b.gateAt("http://127.0.0.1:9/")
	m := b.add(1)
	if all := read[List[Wait]](b, b.get("/waits"), http.StatusOK); len(all.Items) != 1 || all.Items[0].Machine != m.Name || all.Items[0].State != "asking" {
		t.Errorf("waits = %+v", all)
	}
	pass := "/machines/" + m.Name + "/pass-gate"
	b.refuses(b.post(pass, `{"why":""}`), http.StatusUnprocessableEntity, "why")
	b.refuses(b.post(pass, `{"gate":"power","why":"x"}`), http.StatusConflict, "it waits before vlan")
	b.refuses(b.post("/machines/"+m.Name+"/ask-gate", `{}`), http.StatusConflict, "have time left to answer")
	if got := read[Machine](b, b.post(pass, `{"why":"the VLAN was set by hand"}`), http.StatusOK); len(got.Waits) != 1 || got.Waits[0].State != "open" || got.Waits[0].OpenedBy != "ada" {
		t.Errorf("machine = %+v", got)
	}
	t.Cleanup(b.asking())
	b.becomes(m, machine.Available)
	b.refuses(b.post(pass, `{"why":"again"}`), http.StatusConflict, "waits before no gate")
}
