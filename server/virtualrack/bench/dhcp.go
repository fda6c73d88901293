package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
)

// dhcp is a contest of one version of the protocol.
type dhcp struct {
	flag   string         // of perfdhcp
	server string         // to whom its clients speak
	done   *regexp.Regexp // how many exchanges were completed
	kea    string         // a configuration with the appliance's subnet and pool
	pool   string         // its addresses, for dnsmasq
}

var dhcp4 = dhcp{
	flag: "-4", server: "10.80.0.1", done: regexp.MustCompile(`(?s)REQUEST-ACK.*?received packets: (\d+)`),
	pool: "10.80.16.0,10.80.255.250,255.255.0.0,1h",
	kea: `{"Dhcp4": {
  "interfaces-config": {"interfaces": ["boot0"]},
  "lease-database": {"type": "memfile", "persist": true, "name": %q},
  "valid-lifetime": 3600,
  "subnet4": [{"id": 1, "subnet": "10.80.0.0/16", "pools": [{"pool": "10.80.16.0-10.80.255.250"}]}],
  "loggers": [{"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stdout"}]}]
}}`,
}

var dhcp6 = dhcp{
	flag: "-6", server: "all", done: regexp.MustCompile(`(?s)REQUEST-REPLY.*?received packets: (\d+)`),
	pool: "fd00:80::1:0,fd00:80::1:ffff,64,1h",
	kea: `{"Dhcp6": {
  "interfaces-config": {"interfaces": ["boot0"]},
  "lease-database": {"type": "memfile", "persist": true, "name": %q},
  "valid-lifetime": 3600,
  "server-id": {"type": "LL", "htype": 1, "identifier": "02464b454136", "persist": false},
  "subnet6": [{"id": 1, "interface": "boot0", "subnet": "fd00:80::/64", "pools": [{"pool": "fd00:80::1:0-fd00:80::1:ffff"}]}],
  "loggers": [{"name": "kea-dhcp6", "severity": "WARN", "output_options": [{"output": "stdout"}]}]
}}`,
}

const (
	exchangesUnit = "four-way exchanges/s at no more than 1 % drops"
	exchangesRule = ", 20000 clients, 4 s at each rate; the rate doubles until more than 1 % drops in both of two tries, then four bisections; the appliance has each lease on disk before its last answer, Kea's memfile does not sync, nor does dnsmasq's file"
)

var dhcpWork = work{
	name: "dhcp", unit: exchangesUnit, method: "perfdhcp -4 as a relay, pools of 61435 addresses" + exchangesRule, ours: dhcp4.ours,
	peers: []peer{
		{"kea", "kea-dhcp4", "kea-dhcp4-server", dhcp4.theirKea},
		{"dnsmasq", "dnsmasq", "dnsmasq-base", dhcp4.theirDnsmasq},
	},
}

var dhcp6Work = work{
	name: "dhcp6", unit: exchangesUnit, method: "perfdhcp -6 by multicast on the link, clients told apart by their DUIDs, pools of 65536 addresses" + exchangesRule, ipv6: true, ours: dhcp6.ours,
	peers: []peer{
		{"kea", "kea-dhcp6", "kea-dhcp6-server", dhcp6.theirKea},
		{"dnsmasq", "dnsmasq", "dnsmasq-base", dhcp6.theirDnsmasq},
	},
}

func (d dhcp) ours(ctx context.Context, b *bench) (float64, error) {
	if _, err := exec.LookPath("perfdhcp"); err != nil {
		return 0, errors.New("perfdhcp is not installed: apt-get install kea-admin")
	}
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	return d.perfdhcp(ctx, b)
}

func (d dhcp) theirKea(ctx context.Context, b *bench, p peer) (float64, error) {
	if err := os.WriteFile(b.path("kea.conf"), fmt.Appendf(nil, d.kea, b.path("kea.leases")), 0o644); err != nil {
		return 0, err
	}
	env := []string{"KEA_LOCKFILE_DIR=" + b.Dir, "KEA_PIDFILE_DIR=" + b.Dir, "KEA_DHCP_DATA_DIR=" + b.Dir, "KEA_LOG_FILE_DIR=" + b.Dir}
	c, err := b.start(ctx, d.givesLeases(b), env, p.program, "-c", b.path("kea.conf"))
	if err != nil {
		return 0, err
	}
	defer c.stop()
	return d.perfdhcp(ctx, b)
}

// theirDnsmasq does not look whether somebody is on an address: the others do not
// look either.
func (d dhcp) theirDnsmasq(ctx context.Context, b *bench, p peer) (float64, error) {
	measure := func(ctx context.Context) (float64, error) { return d.perfdhcp(ctx, b) }
	return b.dnsmasq(ctx, p, d.givesLeases(b), measure,
		"--interface=boot0", "--dhcp-range="+d.pool, "--dhcp-lease-max=65536",
		"--dhcp-leasefile="+b.path("dnsmasq.leases"), "--dhcp-authoritative", "--no-ping", "--quiet-dhcp", "--quiet-dhcp6")
}
