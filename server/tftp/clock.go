package tftp

import "time"

const (
	// firstWait is how long a client may take that nothing is known of, and the
	// longest before the first repetition.
	firstWait = time.Second
	// shortestWait spares clients that are slow once in a while, such as
	// firmware that writes what it got, a block twice.
	shortestWait = 200 * time.Millisecond
	// retries: who says nothing to a packet and four repetitions, for 31 s in
	// all, is gone. With the error at the end that is six packets to somebody
	// who never answers.
	retries = 4
)

// clock says how long to wait for an ACK: RFC 1123 §4.2.3.2 wants a timeout that
// adapts, and the way to reckon it is TCP's (RFC 6298 §2).
type clock struct {
	fixed           time.Duration // what the client asked for (RFC 2349); 0: nothing
	mean, deviation time.Duration // of round trips
}

// measured takes a round trip in; of a packet that was repeated nobody knows
// which one was answered (Karn).
func (c *clock) measured(d time.Duration, try int) {
	switch {
	case try > 0:
	case c.mean == 0:
		c.mean, c.deviation = d, d/2
	default:
		c.deviation = (3*c.deviation + (c.mean - d).Abs()) / 4
		c.mean = (7*c.mean + d) / 8
	}
}

// wait is the time to the next repetition; it doubles with each.
func (c *clock) wait(try int) time.Duration {
	switch {
	case c.fixed > 0:
		return c.fixed
	case c.mean == 0:
		return firstWait << try
	default:
		return min(max(c.mean+4*c.deviation, shortestWait), firstWait) << try
	}
}

// roundTrip is the usual one.
func (c *clock) roundTrip() time.Duration { return c.mean }
