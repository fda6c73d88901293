package httpboot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

const aReport = `{"version":1,"boot":{"id":"b1"},"system":{"serial":"C0MPUT3"},"nics":[{"name":"eth0","mac":"52:54:00:00:00:01"}]}`

// clashing is an error of ServerDb that a person has to look at.
type clashing struct{}

func (clashing) Error() string { return "two machines have this serial" }
func (clashing) Clash() bool   { return true }

func TestAgentsCalls(t *testing.T) {
	post := func(what, body string) call {
		return call{method: "POST", target: "/agent/v1/" + what, body: body}
	}
	for _, tt := range []struct {
		name  string
		call  call
		fail  error
		want  int
		says  string // in the answer
		calls string // that came through the door
	}{
		{"a report is welcomed", post("report", aReport), nil, 200, `"name":"C0MPUT3","status":"available","sentence":"Available: waits for somebody to ask for it","page":"http://10.0.0.1/m/C0MPUT3"`, "report C0MPUT3 from 127.0.0.1; reported m1 b1"},
		{"a report of another machine's interfaces", post("report", strings.ReplaceAll(aReport, ":01", ":02")), nil, 409, "names no interface 52:54:00:00:00:01", ""},
		{"a report that clashes", post("report", aReport), clashing{}, 409, "two machines have this serial", "report C0MPUT3 from 127.0.0.1"},
		{"a report of another version", post("report", `{"version":2}`), nil, 400, "version is 2", ""},
		{"a report that is no JSON", post("report", `<xml/>`), nil, 400, "message: ", ""},
		{"a report that ServerDb cannot write", post("report", aReport), errors.New("disk full at /var/lib"), 500, "internal error; the appliance's log has it", "report C0MPUT3 from 127.0.0.1"},
		{"a report from nowhere", call{method: "POST", target: "/agent/v1/report", body: aReport, from: "192.0.2.1"}, nil, 409, "192.0.2.1, which lies in no subnet of ours", ""},
		{"a message that is too large", post("report", `{"x":"`+strings.Repeat("y", bodyLimit)+`"}`), nil, 413, "larger than 256 KiB", ""},
		{"a message that nests too deeply", post("result", strings.Repeat("[", 99)), nil, 400, "nested too deeply", ""},
		{"a redemption", post("redeem", `{"order":"o","token":"t"}`), nil, 200, `"host":"lab-node-1"`, "redeem m1 o t"},
		{"a redemption that is refused", post("redeem", `{"order":"o","token":"t"}`), fmt.Errorf("%w: the token expired", boot.ErrRefused), 401, "the token expired", "redeem m1 o t"},
		{"progress", post("progress", `{"step":"write"}`), nil, 204, "", "progress m1 write"},
		{"progress of an order that is void", post("progress", `{"step":"check"}`), errors.New("order o is void"), 409, "order o is void", "progress m1 check"},
		{"a result", post("result", `{"ok":true}`), nil, 204, "", "result m1 true"},
		{"a result that is refused", post("result", `{"ok":true}`), boot.ErrRefused, 401, "refused", "result m1 true"},
		{"a call home", call{method: "POST", target: "/home/v1/t0k3n", body: `{"hostname":"lab-node-1"}`}, nil, 204, "", "home t0k3n lab-node-1"},
		{"a call home with a used token", call{method: "POST", target: "/home/v1/t0k3n", body: `{}`}, boot.ErrRefused, 401, "refused", "home t0k3n "},
		{"a call home that says nothing", call{method: "POST", target: "/home/v1/t0k3n"}, nil, 400, "message: ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, st := door(t)
			st.fail = tt.fail
			c := tt.call
			if strings.HasPrefix(c.target, "/agent/") {
				c = c.as(s, ours)
			}
			got := c.do(s)
			body := bodyOf(t, got)
			if got.StatusCode != tt.want || !strings.Contains(body, tt.says) {
				t.Errorf("answer = %d %s, want %d and %q", got.StatusCode, body, tt.want, tt.says)
			}
			if calls := strings.Join(st.calls, "; "); calls != tt.calls {
				t.Errorf("calls = %q, want %q", calls, tt.calls)
			}
			if got.StatusCode >= 400 {
				var e report.Error
				if err := json.Unmarshal([]byte(body), &e); err != nil || e.Error == "" {
					t.Errorf("refusal %q is not a report.Error: %v", body, err)
				}
			}
			if strings.Contains(body, "/var/lib") {
				t.Errorf("answer %q tells strangers of our insides", body)
			}
		})
	}
}

func TestASentenceForEveryStatus(t *testing.T) {
	for _, st := range machine.Statuses() {
		m := &machine.Machine{Status: st, Hostname: "lab-node-1", Image: "debian-12", Sentence: "sda has data"}
		if got := Sentence(m); got == "" || strings.Contains(got, "_") {
			t.Errorf("Sentence(%s) = %q, want words", st, got)
		}
	}
}

// polls asks for an order in the background; what came back arrives on the
// channel.
func polls(s *Server, wait string) <-chan *http.Response {
	answer := make(chan *http.Response, 1)
	go func() { answer <- call{method: "GET", target: "/agent/v1/order?wait=" + wait}.as(s, ours).do(s) }()
	return answer
}

func TestALongPollEndsInTime(t *testing.T) {
	for _, tt := range []struct {
		wait string
		want time.Duration
	}{{"55s", 55 * time.Second}, {"", 0}, {"-1s", 0}, {"never", 0}, {"1h", longestPoll}} {
		synctest.Test(t, func(t *testing.T) {
			s, st := door(t)
			began := time.Now()
			got := <-polls(s, tt.wait)
			if took := time.Since(began); got.StatusCode != http.StatusNoContent || took != tt.want {
				t.Errorf("wait=%s gives %d after %s, want 204 after %s", tt.wait, got.StatusCode, took, tt.want)
			}
			if st.heard == 0 {
				t.Error("nobody heard the agent")
			}
		})
	}
}

func TestALongPollWakesForAnOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := door(t)
		var due atomic.Bool
		st.order = func(seen string) (*report.Order, error) {
			if !due.Load() {
				return nil, nil
			}
			return &report.Order{ID: "o1", Action: report.ActionInstall}, nil
		}
		w := st.Watch(4)
		ctx := t.Context()
		go s.wakeups.run(ctx, w)
		answer := polls(s, "55s")
		time.Sleep(time.Second / 2)
		due.Store(true)
		st.hub.Publish(journal.Signal{Machine: "another"})
		synctest.Wait()
		select {
		case <-answer:
			t.Fatal("a signal of another machine woke the poll")
		default:
		}
		began := time.Now()
		st.hub.Publish(journal.Signal{Machine: "m1"})
		got := <-answer
		if took := time.Since(began); got.StatusCode != http.StatusOK || took != 0 {
			t.Errorf("poll = %d after %s, want the order at once", got.StatusCode, took)
		}
	})
}

func TestALongPollIsLetGoWhenTheApplianceEnds(t *testing.T) {
	s, st := door(t)
	base, stop := serving(t, s)
	answer := make(chan int, 1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/agent/v1/order?wait=55s", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range (call{method: "GET", target: "/agent/v1/order?wait=55s"}).as(s, ours).header {
		r.Header.Set(name, value)
	}
	go func() {
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			close(answer)
			return
		}
		answer <- got.StatusCode
	}()
	until(t, "the agent polls", func() bool { st.mu.Lock(); defer st.mu.Unlock(); return st.heard > 0 })
	began := time.Now()
	stop()
	if got := <-answer; got != http.StatusNoContent || time.Since(began) > time.Second {
		t.Errorf("poll = %d after %s, want 204 at once", got, time.Since(began))
	}
}

// FuzzAgentMessage sends what an agent might. The answer is never an error of
// ours.
func FuzzAgentMessage(f *testing.F) {
	seeds, err := os.ReadDir("../../agent/report/testdata/v1")
	if err != nil {
		f.Fatal(err)
	}
	for i, seed := range seeds {
		b, err := os.ReadFile("../../agent/report/testdata/v1/" + seed.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
	}
	f.Add(uint8(0), []byte(aReport))
	f.Add(uint8(1), []byte(`{"order":`))
	s, _ := door(f)
	targets := []string{"/agent/v1/report", "/agent/v1/redeem", "/agent/v1/progress", "/agent/v1/result", "/agent/v1/crash", "/home/v1/x"}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		c := call{method: "POST", target: targets[int(which)%len(targets)], body: string(body)}.as(s, ours)
		if got := c.do(s); got.StatusCode >= 500 {
			t.Errorf("POST %s %q = %d", c.target, body, got.StatusCode)
		}
	})
}
