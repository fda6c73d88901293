package machine

import (
	"fmt"
	"strings"
	"time"
)

// Status says in one word what a machine is for. It decides what it boots.
type Status string

// The thirteen statuses. Unknown is the absence of a record.
const (
	Unknown     Status = ""
	Expected    Status = "expected"    // on a delivery list, never seen
	Registered  Status = "registered"  // reported, being checked
	Held        Status = "held"        // a check failed, a person must decide
	Available   Status = "available"   // tested, clean, free
	Allocated   Status = "allocated"   // reserved: role, host name and owner are set
	Installing  Status = "installing"  // an open install job
	Configuring Status = "configuring" // image written, first boot and checks
	InUse       Status = "in_use"      // owned, serving
	Recycling   Status = "recycling"   // being wiped for the next owner
	Broken      Status = "broken"      // cannot be trusted
	Repairing   Status = "repairing"   // in the hands of a technician
	Retiring    Status = "retiring"    // being removed
	Retired     Status = "retired"     // gone; the record stays
)

// Statuses lists all of them in the order of a machine's life.
var statuses = [...]Status{
	Expected, Registered, Held, Available, Allocated, Installing, Configuring,
	InUse, Recycling, Broken, Repairing, Retiring, Retired,
}

// Statuses gives all of them in the order of a machine's life.
func Statuses() []Status { return statuses[:] }

// Transient tells whether s must end by itself, and within which time. A
// repair takes as long as it takes: it is reminded of, not timed out.
func (s Status) Transient() (limit time.Duration, ok bool) {
	switch s {
	case Registered, Allocated, Installing, Configuring, Recycling, Retiring:
		return 30 * time.Minute, true
	default:
		return 0, false
	}
}

// Owner says what moves a machine on from a status that must end; "" for those
// that need not.
func (s Status) Owner() string {
	switch s {
	case Registered:
		return "its report and the rules"
	case Allocated, Installing, Configuring:
		return "an install job"
	case Recycling:
		return "an erase job"
	case Repairing:
		return "whoever repairs it"
	case Retiring:
		return "whoever retires it"
	default:
		return ""
	}
}

// Human spells s as people read it.
func (s Status) Human() string {
	if s == Unknown {
		return "unknown"
	}
	return strings.ReplaceAll(string(s), "_", " ")
}

// ParseStatus reads either spelling.
func ParseStatus(text string) (Status, error) {
	want := Status(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(text)), " ", "_"))
	for _, s := range statuses {
		if s == want {
			return s, nil
		}
	}
	return Unknown, fmt.Errorf("status %q: want one of %s", text, strings.Join(statusWords(), ", "))
}

func statusWords() []string {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = string(s)
	}
	return names
}
