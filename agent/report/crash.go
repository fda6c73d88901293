package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a Crash, in bytes.
const (
	MaxOutput = 16 << 10
	MaxCause  = 300
	maxWord   = 200
)

// Crash says how a life of the agent ended that should not have: the body of
// POST /agent/v1/crash, sent by a later life on the same boot of the machine.
// Boot and Life name it: told twice, it counts once.
type Crash struct {
	Boot   string  `json:"boot"`             // Boot.ID
	Life   int     `json:"life"`             // 1 is the first of its boot
	Agent  string  `json:"agent"`            // the build version that ended
	End    string  `json:"end"`              // such as "exit code 2" or "killed by SIGKILL"
	Cause  string  `json:"cause,omitempty"`  // the line of Output that says why, where one does
	Uptime float64 `json:"uptime"`           // seconds since kernel start, when it ended
	Lived  float64 `json:"lived"`            // seconds
	Ago    float64 `json:"ago"`              // seconds that passed before this was sent
	Output string  `json:"output,omitempty"` // what it wrote to stderr, from the cause on
	Lost   int64   `json:"lost,omitempty"`   // bytes of that which are left out
}

// DecodeCrash reads one Crash and refuses what no agent sends.
func DecodeCrash(r io.Reader) (Crash, error) {
	c, err := DecodeMessage[Crash](r)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return Crash{}, fmt.Errorf("decode crash: %w", err)
	}
	return c, nil
}

func (c *Crash) check() error {
	for _, s := range []struct {
		field, value string
		least, most  int
	}{
		{"boot", c.Boot, 1, maxWord},
		{"agent", c.Agent, 0, maxWord},
		{"end", c.End, 1, maxWord},
		{"cause", c.Cause, 0, MaxCause},
		{"output", c.Output, 0, MaxOutput},
	} {
		if n := len(s.value); n < s.least || n > s.most {
			return fmt.Errorf("%s has %d bytes, want %d to %d", s.field, n, s.least, s.most)
		}
	}
	if strings.ContainsAny(c.Cause+c.End, "\r\n") {
		return errors.New("cause and end are one line each: send the rest as output")
	}
	if c.Life < 1 {
		return fmt.Errorf("life is %d, want 1 or more", c.Life)
	}
	if c.Uptime < 0 || c.Lived < 0 || c.Ago < 0 || c.Lost < 0 {
		return fmt.Errorf("uptime %g, lived %g, ago %g and lost %d: want none below 0", c.Uptime, c.Lived, c.Ago, c.Lost)
	}
	return nil
}
