package report

import (
	"fmt"
	"io"
)

// Limits of a Log: lines of one message, and bytes of one line.
const (
	MaxLines = 200
	MaxLine  = 512
)

// Log is a part of what an agent logged: the body of POST /agent/v1/log. Lines are
// numbered from 0 in each life of an agent, so that a part that is sent twice, its
// answer having been lost, counts once.
type Log struct {
	Life  string   `json:"life"`  // random; of one life of the agent
	First int64    `json:"first"` // number of the first line
	Lines []string `json:"lines"` // the oldest first
	// Lost are lines before these that were let go, there being no room for them.
	Lost int64 `json:"lost,omitempty"`
}

// DecodeLog reads one Log and refuses what no agent sends.
func DecodeLog(r io.Reader) (Log, error) {
	l, err := DecodeMessage[Log](r)
	if err == nil {
		err = l.check()
	}
	if err != nil {
		return Log{}, fmt.Errorf("decode log: %w", err)
	}
	return l, nil
}

func (l *Log) check() error {
	if n := len(l.Life); n < 1 || n > maxWord {
		return fmt.Errorf("life has %d bytes, want 1 to %d", n, maxWord)
	}
	if l.First < 0 || l.Lost < 0 {
		return fmt.Errorf("first %d and lost %d: want none below 0", l.First, l.Lost)
	}
	if n := len(l.Lines); n < 1 || n > MaxLines {
		return fmt.Errorf("%d lines, want 1 to %d", n, MaxLines)
	}
	for i, line := range l.Lines {
		if len(line) > MaxLine {
			return fmt.Errorf("line %d has %d bytes, want %d at most", l.First+int64(i), len(line), MaxLine)
		}
	}
	return nil
}
