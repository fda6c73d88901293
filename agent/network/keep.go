package network

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// minRetry is the least pause between two attempts to renew (RFC 2131, 4.4.5).
const minRetry = time.Minute

// times are the moments of a lease.
type times struct{ renew, expire time.Time }

// momentsOf reads a lease's T1 and end; T1 is half the lease unless said.
func momentsOf(l *lease) times {
	length := l.length()
	t1 := l.client.ACK.IPAddressRenewalTime(length / 2)
	if t1 <= 0 || t1 >= length {
		t1 = length / 2
	}
	return times{renew: l.since.Add(t1), expire: l.since.Add(length)}
}

// next is how long to wait before the next attempt to renew: until T1, then
// half of what remains each time, until the lease has ended and there is none.
func (t times) next(now time.Time) (time.Duration, bool) {
	left := t.expire.Sub(now)
	switch {
	case left <= 0:
		return 0, false
	case now.Before(t.renew):
		return t.renew.Sub(now), true
	}
	return max(min(left, minRetry), left/2), true
}

// keep renews a lease until it is lost or ctx ends. Retries go on beyond T2
// in the same way: every frame of the client is a broadcast anyway, so
// REBINDING would send the same bytes.
func (c *Client) keep(ctx context.Context, l *lease) {
	t := momentsOf(l)
	for {
		pause, ok := t.next(time.Now())
		if !ok {
			c.Log.Error("the lease ended", "nic", l.nic, "address", l.prefix())
			break
		}
		wait(ctx, pause)
		if ctx.Err() != nil {
			return
		}
		renewed, err := renew(ctx, l)
		var refused *nclient4.ErrNak
		switch {
		case err == nil && renewed.prefix() == l.prefix():
			l, t = renewed, momentsOf(renewed)
			continue
		case err == nil:
			c.Log.Warn("the server changed the address", "nic", l.nic, "from", l.prefix(), "to", renewed.prefix())
		case errors.As(err, &refused):
			c.Log.Warn("the server refused to renew", "nic", l.nic, "address", l.prefix())
		default:
			c.Log.Warn("lease not renewed", "nic", l.nic, "error", err)
			continue
		}
		break
	}
	c.remove(l)
}

func renew(ctx context.Context, l *lease) (*lease, error) {
	client, err := nclient4.New(l.nic, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(3))
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	defer client.Close()
	got, err := client.Renew(ctx, l.client, identify)
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	return &lease{nic: l.nic, since: time.Now(), client: got}, nil
}
