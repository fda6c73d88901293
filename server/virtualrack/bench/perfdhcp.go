package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// givesLeases proves that something answers.
func (d dhcp) givesLeases(b *bench) func(context.Context) error {
	return func(ctx context.Context) error {
		got, _, err := d.exchanges(ctx, b, 5, 1)
		if err == nil && got == 0 {
			err = errors.New("it gives no lease")
		}
		return err
	}
}

// perfdhcp finds the highest rate that is served. A rate is served if it is in one
// of two tries: a commit of somebody else's, or a moment without processor, would
// stand for what the server can do.
func (d dhcp) perfdhcp(ctx context.Context, b *bench) (float64, error) {
	const first, bisections = 500, 4
	best, served, refused := 0.0, 0, 0
	for rate, after := first, 0; after <= bisections; {
		got, err := d.either(ctx, b, rate)
		if err != nil {
			return 0, err
		}
		if got > 0 {
			best, served = max(best, got), rate
		} else {
			refused = rate
		}
		if rate = 2 * served; refused > 0 {
			rate = (served + refused) / 2
			after++
		}
	}
	if best == 0 {
		return 0, fmt.Errorf("not even %d exchanges a second came through", first/(1<<bisections))
	}
	return best, nil
}

// either gives the exchanges per second of the first of two tries in which a rate
// was served; 0: of neither.
func (d dhcp) either(ctx context.Context, b *bench, rate int) (float64, error) {
	for range 2 {
		got, dropped, err := d.exchanges(ctx, b, rate, 4)
		if err != nil || dropped <= 1 && got >= 0.9*float64(rate) {
			return got, err
		}
	}
	return 0, nil
}

var drops = regexp.MustCompile(`drops ratio: ([\d.]+) ?%`)

// exchanges runs perfdhcp at one rate and gives the exchanges per second that
// came through, and the worse of the two shares that were dropped, in percent.
func (d dhcp) exchanges(ctx context.Context, b *bench, rate, seconds int) (perSecond, dropped float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds+20)*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "perfdhcp", d.flag, "-r", strconv.Itoa(rate), "-R", "20000", "-p", strconv.Itoa(seconds), "-W", "500000", "-l", b.here.String(), d.server)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		err = nil // some exchanges were not completed, which is what it counts
	}
	if err != nil {
		return 0, 0, fmt.Errorf("perfdhcp: %w: %s", err, out)
	}
	for _, m := range drops.FindAllSubmatch(out, -1) {
		share, _ := strconv.ParseFloat(string(m[1]), 64)
		dropped = max(dropped, share)
	}
	return figure(d.done, out) / float64(seconds), dropped, nil
}
