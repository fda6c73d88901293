package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"firstlight/server/machine"
)

// Request is the body of what goes out. Times are RFC 3339.
type Request struct {
	Type     string    `json:"type"` // gate.wait
	ID       string    `json:"id"`   // of the wait; the same when it goes out again
	Gate     string    `json:"gate"`
	Title    string    `json:"title"`
	From     string    `json:"from"` // status that waits
	To       string    `json:"to"`   // status that is waited for
	Since    time.Time `json:"since"`
	Deadline time.Time `json:"deadline"`
	// Answer is where to POST {"answer": "ok"} or {"answer": "refused",
	// "reason": "…"}, signed with the same secret.
	Answer  string  `json:"answer_url"`
	Machine Subject `json:"machine"`
}

// Subject is the machine that waits, as the system outside needs it.
type Subject struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Serial   string      `json:"serial,omitempty"`
	Hostname string      `json:"hostname,omitempty"`
	Site     string      `json:"site,omitempty"`
	Rack     string      `json:"rack,omitempty"`
	Unit     int         `json:"unit,omitempty"`
	Role     string      `json:"role,omitempty"`
	Pool     string      `json:"pool,omitempty"`
	Owner    string      `json:"owner,omitempty"`
	NICs     []Interface `json:"nics"`
}

// Interface is where a machine is cabled: the plan, and what was seen.
type Interface struct {
	Name       string `json:"name,omitempty"`
	MAC        string `json:"mac"`
	Address    string `json:"address,omitempty"`
	Boot       bool   `json:"boot,omitempty"`
	Switch     string `json:"switch,omitempty"`
	Port       string `json:"port,omitempty"`
	SeenSwitch string `json:"seen_switch,omitempty"`
	SeenPort   string `json:"seen_port,omitempty"`
}

func (e *Engine) request(w *machine.Wait, m *machine.Machine) Request {
	r := Request{
		Type: "gate.wait", ID: w.ID, Gate: w.Gate, Title: w.Title, From: string(w.From), To: string(w.To),
		Since: w.Since.UTC(), Deadline: w.Deadline.UTC(), Answer: e.Answers(w.ID),
		Machine: Subject{
			ID: m.ID, Name: m.Name, Serial: m.Serial, Hostname: m.Hostname, Site: m.Site, Rack: m.Rack, Unit: m.Unit,
			Role: m.Role, Pool: m.Pool, Owner: m.Owner, NICs: []Interface{},
		},
	}
	for _, n := range m.NICs {
		i := Interface{Name: n.Name, MAC: n.MAC.String(), Boot: n.Boot, Switch: n.Switch, Port: n.Port, SeenSwitch: n.SeenSwitch, SeenPort: n.SeenPort}
		if n.Address.IsValid() {
			i.Address = n.Address.String()
		}
		r.Machine.NICs = append(r.Machine.NICs, i)
	}
	return r
}

// ask sends the request of a wait once and notes what became of it. An end of
// the process in between sends it again, with the same id.
func (e *Engine) ask(ctx context.Context, w *machine.Wait) {
	g, err := e.gate(w)
	if err != nil {
		return // it holds nobody any more
	}
	err = e.send(ctx, g, w)
	if ctx.Err() != nil {
		return // we ended, not the receiver
	}
	result, text := "taken", "Asked for: "+w.Title
	if err != nil {
		result, text = "failed", "Asked for: "+w.Title+": "+err.Error()
	}
	e.counted.requests.WithLabelValues(w.Gate, result).Inc()
	if err != nil && err.Error() == w.Error {
		text = "" // the timeline has it
	}
	noted := e.DB.NoteWait(ctx, w.ID, text, func(n *machine.Wait) {
		n.Sent, n.SentAt, n.Error = n.Sent+1, e.Now(), ""
		if err != nil {
			n.Error = err.Error()
		} else {
			n.TakenAt = e.Now()
		}
	})
	if noted != nil && !errors.Is(noted, machine.ErrNotFound) && ctx.Err() == nil {
		e.Log.ErrorContext(ctx, "note a request", "gate", w.Gate, "wait", w.ID, "error", noted)
	}
}

func (e *Engine) send(ctx context.Context, g *machine.Gate, w *machine.Wait) error {
	m, err := e.DB.Machine(w.Machine)
	if err != nil {
		return err
	}
	secret, err := e.Keys.open(ctx, g.Name)
	if err != nil {
		return err
	}
	body, err := json.Marshal(e.request(w, m))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("its address cannot be used: %w", err)
	}
	now := e.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Firstlight")
	req.Header.Set(headerID, w.ID)
	req.Header.Set(headerTime, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(headerSignature, Sign(secret, w.ID, now, body))
	return post(e.client, req)
}

// post tells whether a receiver took a request. Of what it answers, the status
// counts; a little of the rest is read so that the connection serves again.
func post(c *http.Client, req *http.Request) error {
	resp, err := c.Do(req)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok { // without the address, which may hold what is nobody's business
			err = bad.Err
		}
		return fmt.Errorf("%s does not answer: %w", req.URL.Host, err)
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // whatever it says, its status is what counts
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %d %s", req.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}
