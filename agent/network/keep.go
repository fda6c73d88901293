package network

import (
	"context"
	"errors"
	"time"

	"firstlight/agent/patience"
)

// minRetry is the least pause between two attempts to renew (RFC 2131, 4.4.5).
const minRetry = time.Minute

// errRefused means that the server takes the address back.
var errRefused = errors.New("the server refuses the address")

// next is how long to wait before the next attempt to renew: until T1, not at all
// where T1 passed while the address was being checked, then half of what remains
// each time, until the lease has ended and there is none.
func (t times) next(now time.Time, tried bool) (time.Duration, bool) {
	left := t.expire.Sub(now)
	switch {
	case left <= 0:
		return 0, false
	case !tried:
		return max(0, t.renew.Sub(now)), true
	}
	return max(min(left, minRetry), left/2), true
}

// keep renews a lease until it is lost or ctx ends.
func (c *Client) keep(ctx context.Context, l *lease) {
	t, tried := momentsOf(l), false
	for {
		pause, ok := t.next(time.Now(), tried)
		if !ok {
			c.Log.Error("the lease ended", "nic", l.nic, "address", l.prefix)
			break
		}
		_ = patience.Wait(ctx, pause)
		if ctx.Err() != nil {
			return
		}
		renewed, err := l.renew(ctx, !time.Now().Before(t.rebind))
		tried = true
		switch {
		case err == nil && renewed.prefix == l.prefix:
			l, t, tried = renewed, momentsOf(renewed), false
			continue
		case err == nil:
			c.Log.Warn("the server changed the address", "nic", l.nic, "from", l.prefix, "to", renewed.prefix)
		case errors.Is(err, errRefused):
			c.Log.Warn("the server refused to renew", "nic", l.nic, "address", l.prefix, "error", err)
		default:
			c.Log.Warn("lease not renewed", "nic", l.nic, "error", err)
			continue
		}
		break
	}
	c.remove(l)
}
