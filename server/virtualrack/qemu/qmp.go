package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ending is why QEMU ended, as its SHUTDOWN event says (QEMU's qapi/run-state.json).
type ending string

const (
	guestReset    ending = "guest-reset"
	guestShutdown ending = "guest-shutdown"
)

// qmp is QEMU's monitor on its standard streams. Commands are few and their
// answers carry nothing, so one outcome channel is enough.
type qmp struct {
	to       io.WriteCloser
	greeted  chan error // the answer to the first command
	greeting sync.Once

	mu     sync.Mutex
	reason ending
}

func newQMP(to io.WriteCloser) *qmp { return &qmp{to: to, greeted: make(chan error, 1)} }

// message is whatever QEMU says: its greeting, an answer or an event.
type message struct {
	Greeting *struct{}        `json:"QMP"`
	Return   *json.RawMessage `json:"return"`
	Error    *struct{ Desc string }
	Event    string
	Data     struct{ Reason ending }
}

// read takes what QEMU says until it ends.
func (q *qmp) read(from io.Reader) {
	for d := json.NewDecoder(from); ; {
		var m message
		if d.Decode(&m) != nil {
			return
		}
		switch {
		case m.Greeting != nil:
			q.send("qmp_capabilities")
		case m.Return != nil:
			q.greet(nil)
		case m.Error != nil:
			q.greet(fmt.Errorf("its monitor refuses us: %s", m.Error.Desc))
		case m.Event == "SHUTDOWN":
			q.mu.Lock()
			q.reason = m.Data.Reason
			q.mu.Unlock()
		}
	}
}

func (q *qmp) greet(err error) { q.greeting.Do(func() { q.greeted <- err }) }

// ready waits until QEMU took its first command: the machine exists and runs.
func (q *qmp) ready(ctx context.Context, ended <-chan struct{}) error {
	select {
	case err := <-q.greeted:
		return err
	case <-ended:
		return errors.New("it ended at once")
	case <-ctx.Done():
		return fmt.Errorf("its monitor is silent: %w", context.Cause(ctx))
	}
}

// send writes a command; a QEMU that is gone needs none.
func (q *qmp) send(command string) { _, _ = fmt.Fprintf(q.to, "{\"execute\":%q}\n", command) }

// why is how it ended; empty while it runs or when it was killed.
func (q *qmp) why() ending {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.reason
}
