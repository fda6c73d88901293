package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

var dhcpWork = work{
	name: "dhcp", unit: "four-way exchanges/s at no more than 1 % drops",
	method: "perfdhcp -4 as a relay, 20000 clients, 4 s at each rate; the rate doubles until more than 1 % drops, then three bisections; the appliance has each lease on disk before its ACK, Kea's memfile does not sync, nor does dnsmasq's file",
	ours:   oursDHCP,
	peers: []peer{
		{"kea", "kea-dhcp4", "kea-dhcp4-server", theirKea},
		{"dnsmasq", "dnsmasq", "dnsmasq-base", dnsmasqDHCP},
	},
}

func oursDHCP(ctx context.Context, b *bench) (float64, error) {
	if _, err := exec.LookPath("perfdhcp"); err != nil {
		return 0, errors.New("perfdhcp is not installed: apt-get install kea-admin")
	}
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	return b.perfdhcp(ctx)
}

// kea is a configuration with the appliance's subnet and pool.
const kea = `{"Dhcp4": {
  "interfaces-config": {"interfaces": ["boot0"]},
  "lease-database": {"type": "memfile", "persist": true, "name": %q},
  "valid-lifetime": 3600,
  "subnet4": [{"id": 1, "subnet": "10.80.0.0/16", "pools": [{"pool": "10.80.16.0-10.80.255.250"}]}],
  "loggers": [{"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stdout"}]}]
}}`

func theirKea(ctx context.Context, b *bench, p peer) (float64, error) {
	if err := os.WriteFile(b.path("kea.conf"), fmt.Appendf(nil, kea, b.path("kea.leases")), 0o644); err != nil {
		return 0, err
	}
	env := []string{"KEA_LOCKFILE_DIR=" + b.Dir, "KEA_PIDFILE_DIR=" + b.Dir, "KEA_DHCP_DATA_DIR=" + b.Dir, "KEA_LOG_FILE_DIR=" + b.Dir}
	c, err := b.start(ctx, b.givesLeases, env, p.program, "-c", b.path("kea.conf"))
	if err != nil {
		return 0, err
	}
	defer c.stop()
	return b.perfdhcp(ctx)
}

// perfdhcp finds the highest rate that is served.
func (b *bench) perfdhcp(ctx context.Context) (float64, error) {
	const first, bisections = 500, 3
	best, served, refused := 0.0, 0, 0
	for rate, after := first, 0; after <= bisections; {
		got, dropped, err := b.exchanges(ctx, rate, 4)
		if err != nil {
			return 0, err
		}
		if dropped <= 1 && got >= 0.9*float64(rate) {
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

var (
	acks  = regexp.MustCompile(`(?s)REQUEST-ACK.*?received packets: (\d+)`)
	drops = regexp.MustCompile(`drops ratio: ([\d.]+) ?%`)
)

// exchanges runs perfdhcp at one rate and gives the exchanges per second that
// came through, and the worse of the two shares that were dropped, in percent.
func (b *bench) exchanges(ctx context.Context, rate, seconds int) (perSecond, dropped float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds+20)*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "perfdhcp", "-4", "-r", strconv.Itoa(rate), "-R", "20000", "-p", strconv.Itoa(seconds), "-W", "500000", "-l", b.here.String(), b.rack.Address().String())
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		err = nil // some exchanges were not completed, which is what it counts
	}
	if err != nil {
		return 0, 0, fmt.Errorf("perfdhcp: %w: %s", err, out)
	}
	for _, m := range drops.FindAllSubmatch(out, -1) {
		d, _ := strconv.ParseFloat(string(m[1]), 64)
		dropped = max(dropped, d)
	}
	return figure(acks, out) / float64(seconds), dropped, nil
}
