package jobs

import (
	"encoding/json"
	"fmt"
	"strings"

	"firstlight/server/machine"
	"firstlight/server/zone"
)

// seed is what the installed system finds on its first boot: NoCloud's three
// files (cloud-init documentation, "NoCloud"). Values are written as JSON,
// which is YAML that nothing can break out of.
func (e *Engine) seed(m *machine.Machine, j *machine.Job, home string) map[string]string {
	name, _, _ := zone.Host(m, e.DB.Subnets())
	base := ""
	if s, ok := e.DB.SubnetFor(m.Address()); ok {
		base = e.Base(s)
	}
	return map[string]string{
		"meta-data": lines(
			"instance-id: "+quote(j.ID+"-"+fmt.Sprint(j.Attempt)),
			"local-hostname: "+quote(m.Hostname),
		),
		"user-data":      userData(m.Hostname, name, e.Keys, base+"/home/v1/"+home),
		"network-config": networkConfig(m.BootMAC()),
	}
}

func userData(host, fqdn string, keys []string, home string) string {
	out := []string{
		"#cloud-config",
		"hostname: " + quote(host),
		"fqdn: " + quote(fqdn),
		"prefer_fqdn_over_hostname: false",
		"disable_root: false",
	}
	if len(keys) > 0 {
		out = append(out, "ssh_authorized_keys:")
		for _, k := range keys {
			out = append(out, "  - "+quote(k))
		}
	}
	// phone_home would send the host keys as a form; this says what the
	// appliance asks for, and keeps asking while the network comes up.
	call := `curl -sS --fail --retry 60 --retry-delay 2 --retry-all-errors --max-time 20 -H 'Content-Type: application/json' ` +
		`--data "{\"hostname\":\"$(hostname)\",\"boot_id\":\"$(cat /proc/sys/kernel/random/boot_id)\",\"kernel\":\"$(uname -r)\"}" ` + home
	out = append(out, "runcmd:", "  - "+quote(call))
	return lines(out...)
}

// networkConfig asks for an address by DHCP on the NIC that booted, by MAC:
// kernel names change with slots.
func networkConfig(mac machine.MAC) string {
	return lines(
		"version: 2",
		"ethernets:",
		"  boot:",
		"    match: {macaddress: "+quote(mac.String())+"}",
		"    dhcp4: true",
		"    dhcp-identifier: mac",
	)
}

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // no string is refused
	}
	// JSON escapes < > & for HTML's sake; YAML reads them as they are.
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}
