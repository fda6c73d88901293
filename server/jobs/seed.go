package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"firstlight/server/machine"
	"firstlight/server/zone"
)

// seed is what the installed system finds on its first boot: NoCloud's three
// files (cloud-init documentation, "NoCloud"). Values are written as JSON,
// which is YAML that nothing can break out of; what could not be a name or a
// key is refused all the same.
func (e *Engine) seed(m *machine.Machine, j *machine.Job, home string) (map[string]string, error) {
	name, address, ok := zone.Host(m, e.DB.Subnets())
	if !ok || !machine.ValidLabel(m.Hostname) {
		return nil, fmt.Errorf("machine %s: host name %q with address %v: want a name that DNS answers", m.Name, m.Hostname, m.Address())
	}
	subnet, ok := e.DB.SubnetFor(address)
	if !ok {
		return nil, fmt.Errorf("machine %s: address %s lies in no subnet of ours, so that its system could not call home", m.Name, address)
	}
	for i, k := range e.Keys {
		if !printable(k) {
			return nil, fmt.Errorf("ssh_keys[%d]: %.60q: want one line of printable characters", i, k)
		}
	}
	return map[string]string{
		"meta-data": lines(
			"instance-id: "+quote(j.ID+"-"+fmt.Sprint(j.Attempt)),
			"local-hostname: "+quote(m.Hostname),
		),
		"user-data":      userData(m.Hostname, name, e.Keys, e.Base(subnet)+"/home/v1/"+home),
		"network-config": networkConfig(m.BootMAC()),
	}, nil
}

// printable tells whether s is one line that YAML can hold as it stands (YAML
// 1.2.2 §5.1), less everything that is not a character to read.
func printable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffd'
	})
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

// quote writes a string as JSON without the escapes that JSON makes for HTML's
// sake.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // no string is refused
	}
	return strings.TrimSuffix(b.String(), "\n")
}
