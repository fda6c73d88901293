package boottest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
)

const (
	diskSerial = "FLTEST42"
	token      = "single-use"
	bootToken  = "t" // of the kernel's command line
)

// door is the part of an appliance that agents call. It gives one order, to
// install, and its plan once.
type door struct {
	image func(w http.ResponseWriter, r *http.Request)
	plan  report.Plan
	done  chan report.Result

	mu       sync.Mutex
	reported report.Report
	redeemed int
	steps    []string // as they were told, each once
	rate     string   // the last word of the write
	began    time.Time
}

func (d *door) routes(mux *http.ServeMux) {
	enrols(mux, &d.mu)
	handle(mux, "report", func(r report.Report) any {
		d.reported = r
		return report.Welcome{Name: "ams1-web-7", Status: "allocated", Sentence: "Waits for its order.", Page: "http://10.0.2.2/m/ams1-web-7"}
	}, &d.mu)
	handle(mux, "redeem", func(r report.Redeem) any {
		if d.redeemed++; r.Token != token || d.redeemed > 1 {
			return nil
		}
		d.began = time.Now()
		return d.plan
	}, &d.mu)
	handle(mux, "progress", func(p report.Progress) any {
		if n := len(d.steps); n == 0 || d.steps[n-1] != p.Step {
			d.steps = append(d.steps, p.Step)
		}
		if p.Step == report.StepWrite && p.Message != "" {
			d.rate = p.Message
		}
		return struct{}{}
	}, &d.mu)
	handle(mux, "result", func(r report.Result) any { d.done <- r; return struct{}{} }, &d.mu)
	mux.HandleFunc("GET /agent/v1/order", d.order)
	mux.HandleFunc("GET /boot/images/test", func(w http.ResponseWriter, r *http.Request) { d.image(w, r) })
}

// enrols gives each agent a session. Every life of a boot has to have one key.
func enrols(mux *http.ServeMux, mu *sync.Mutex) {
	var first []byte
	handle(mux, "enrol", func(e report.Enrol) any {
		if first == nil {
			first = e.Key
		}
		if e.Token != bootToken || !bytes.Equal(first, e.Key) {
			return nil
		}
		return report.Enrolled{Session: "s", Challenge: "AAAAAAAAAAAAAAAAAAAAAA"}
	}, mu)
}

// handle decodes one message, and answers what f makes of it: nil is a refusal.
func handle[T any](mux *http.ServeMux, what string, f func(T) any, mu *sync.Mutex) {
	mux.HandleFunc("POST /agent/v1/"+what, func(w http.ResponseWriter, r *http.Request) {
		message, err := report.DecodeMessage[T](r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		mu.Lock()
		answer := f(message)
		mu.Unlock()
		if answer == nil {
			w.WriteHeader(http.StatusUnauthorized)
			answer = report.Error{Error: "the token was redeemed before"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// order holds the poll of an agent that has its order already.
func (d *door) order(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("seen") != "" {
		<-r.Context().Done()
		return
	}
	_ = json.NewEncoder(w).Encode(report.Order{ID: "1", Action: report.ActionInstall, Token: token, Sentence: "Installs the test's image."})
}

// check compares what the agent told with what an install has to be.
func (d *door) check(t *testing.T) {
	t.Helper()
	select {
	case r := <-d.done:
		if !r.OK || r.Step != report.StepBoot {
			t.Errorf("the agent's result is %+v, want a success that ends in %s", r, report.StepBoot)
		}
	default:
		t.Error("the agent left without having told its result")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.redeemed != 1 {
		t.Errorf("the token was redeemed %d times, want once", d.redeemed)
	}
	if bmc := d.reported.BMC; bmc == nil || bmc.Source != "ipmi" || bmc.Firmware == "" {
		t.Errorf("the BMC that QEMU simulates is reported as %+v", bmc)
	}
	if memory := d.reported.Memory; memory == 0 || memory >= 1<<30 {
		t.Errorf("the machine has %d bytes of memory: less than 1 GB has to be enough", memory)
	}
	t.Logf("steps %v, write at %s", d.steps, d.rate)
}
