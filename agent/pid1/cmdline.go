package pid1

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"firstlight/agent/collect"
)

// Options are what the boot script put on the kernel's command line.
type Options struct {
	Server  string // firstlight.server, the appliance's address
	CA      string // firstlight.ca, SHA-256 of the root of its certificate; "": it is reached over HTTP
	Token   string // firstlight.token, which this boot shows once with its key
	Name    string // firstlight.name, what the machine is called so far
	Mode    string // firstlight.mode, for the log alone: orders say what to do
	BootMAC string // BOOTIF, of the NIC that booted
}

// ParseOptions reads a kernel command line. Words that are not ours are the
// kernel's; of a word that stands twice the last counts, as for the kernel.
func ParseOptions(cmdline string) (Options, error) {
	o := Options{BootMAC: collect.BootMAC(cmdline)}
	for word := range strings.FieldsSeq(cmdline) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "firstlight.server":
			o.Server = value
		case "firstlight.ca":
			o.CA = value
		case "firstlight.token":
			o.Token = value
		case "firstlight.name":
			if name, err := url.QueryUnescape(value); err == nil { // a MAC address has colons
				o.Name = name
			}
		case "firstlight.mode":
			o.Mode = value
		}
	}
	for _, need := range []struct{ key, value string }{
		{"firstlight.server", o.Server}, {"firstlight.token", o.Token},
	} {
		if need.value == "" {
			return o, fmt.Errorf("the kernel's command line has no %s=…: boot this image through the appliance's script", need.key)
		}
	}
	return o, nil
}

// reachedByIPv6 tells whether the boot script named the appliance by an IPv6
// address: the machine then needs one, too.
func (o Options) reachedByIPv6() bool {
	u, err := url.Parse(o.Server)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Is6()
}
