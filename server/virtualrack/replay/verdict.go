package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"firstlight/server/bundle"
	"firstlight/server/machine"
)

// Wrong asks an appliance, by its socket, what is wrong with the boot of an
// interface: that which stops it first.
func Wrong(ctx context.Context, socket string, mac machine.MAC) ([]bundle.Found, error) {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://appliance/api/v1/machines/"+mac.String()+"/boot", nil)
	if err != nil {
		return nil, err
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask what is wrong: %s: %s", resp.Status, text)
	}
	return (&bundle.Bundle{Boot: text}).Wrong()
}

// spare is what may be slower here than there.
const spare = 15 * time.Second

// Patience is how long the appliance of a bundle had watched the machine since
// its last word: what rules that wait had waited for.
func Patience(b *bundle.Bundle) time.Duration {
	var last time.Time
	for _, e := range b.Events {
		for _, at := range []time.Time{e.At, e.LastAt, e.At.Add(e.Duration)} {
			if at.After(last) && !at.After(b.At) {
				last = at
			}
		}
	}
	for _, p := range b.Captured {
		if p.At.After(last) {
			last = p.At
		}
	}
	return max(b.At.Sub(last), 0) + spare
}

// SameWrong waits until the appliance finds wrong what the bundle says, for as
// long as its own had watched the machine, and gives what is said last. Where
// nothing was wrong then, it waits as long for something.
func SameWrong(ctx context.Context, socket string, b *bundle.Bundle) (same bool, now []bundle.Found, err error) {
	then, err := b.Wrong()
	if err != nil {
		return false, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience(b))
	defer cancel()
	for {
		said, err := Wrong(ctx, socket, b.MAC)
		if err != nil && ctx.Err() == nil {
			return false, nil, err
		}
		if err == nil {
			now = said
		}
		if len(then) > 0 && len(now) > 0 && then[0].Fault == now[0].Fault {
			return true, now, nil
		}
		if err := pause(ctx, 300*time.Millisecond); err != nil {
			if errors.Is(err, context.Canceled) {
				return false, now, err
			}
			return len(then) == 0 && len(now) == 0, now, nil
		}
	}
}
