package doctor

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// needed are the capabilities that the systemd unit gives (capabilities(7)).
var needed = []struct {
	bit  uint
	name string
	why  string
}{
	{unix.CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE", "ports below 1024 cannot be opened"},
	{unix.CAP_NET_RAW, "CAP_NET_RAW", "machines without an address cannot be answered"},
}

func capabilities(context.Context, Patient) []Finding {
	have, err := effective()
	if err != nil {
		return []Finding{{Warn, "capabilities", err.Error(), "mount /proc"}}
	}
	var all []Finding
	for _, c := range needed {
		if have&(1<<c.bit) == 0 {
			all = append(all, Finding{Fail, "capability " + c.name, "this user does not have it: " + c.why, "run doctor as root; the systemd unit of the package gives it to the service"})
			continue
		}
		all = append(all, ok("capability "+c.name, "is there"))
	}
	return all
}

// effective reads the capabilities of this process.
func effective() (uint64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("cannot be read: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "CapEff:"); found {
			return strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		}
	}
	return 0, fmt.Errorf("/proc/self/status does not show them")
}

// wantedBuffer is what DHCP's sockets ask the kernel for, in bytes.
const wantedBuffer = 4 << 20

// buffers looks how many packets the kernel lets wait while a hall powers on.
// Network namespaces of their own do not show the limit, and have the host's.
func buffers(context.Context, Patient) []Finding {
	text, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if err != nil {
		return nil
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil
	}
	return []Finding{buffer(limit)}
}

func buffer(limit int) Finding {
	const about = "receive buffer"
	detail := fmt.Sprintf("the kernel grants %d KiB to a socket (net.core.rmem_max)", limit>>10)
	if limit < wantedBuffer {
		return Finding{
			Warn, about, detail + ": of machines that power on at once some are not heard and have to ask again",
			fmt.Sprintf("sysctl -w net.core.rmem_max=%d and restart firstlight; the package sets it at each start, in /usr/lib/sysctl.d/60-firstlight.conf", wantedBuffer),
		}
	}
	return ok(about, detail)
}

// released is a year in which nobody can run this: a clock before it was never
// set.
const released = 2026

// clock asks the kernel whether somebody keeps the clock (adjtimex(2)):
// certificates and leases depend on it, and journals are compared with others.
func clock(_ context.Context, p Patient) []Finding {
	const about = "clock"
	const remedy = "install and start one: apt install systemd-timesyncd, or chrony"
	if p.Now.Year() < released {
		return []Finding{{Fail, about, "it says " + p.Now.Format(time.DateTime) + ", which is in the past", remedy}}
	}
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil:
		return []Finding{{Warn, about, "the kernel does not say whether it is kept: " + err.Error(), "make sure that it is right"}}
	case state == unix.TIME_ERROR:
		return []Finding{{Warn, about, p.Now.Format(time.DateTime) + ", but nobody keeps it right", remedy}}
	}
	return []Finding{ok(about, p.Now.Format(time.DateTime)+", kept right")}
}
