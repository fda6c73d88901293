package bundle

import (
	"encoding/json"
	"fmt"
	"time"

	"firstlight/server/boot"
	"firstlight/server/frame"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Format is the version of the format. It grows when an older reader would
// misread a newer file.
const Format = 1

// Head says what a bundle is.
type Head struct {
	Format  int         `json:"format"`
	Version string      `json:"version"` // of the appliance
	At      time.Time   `json:"at"`      // when it was made
	Since   time.Time   `json:"since"`   // from when on it has rows
	About   string      `json:"about"`   // hardware name, or MAC where nobody knows the machine
	MAC     machine.MAC `json:"mac"`     // of the interface that it boots through
}

// Decision is a boot decision with what it rested on.
type Decision struct {
	At time.Time `json:"at"`
	*boot.Record
}

// Bundle is what is known of a machine, or of a MAC that nobody knows.
type Bundle struct {
	Head
	Machine   *machine.Machine // nil: nobody knows it
	History   []machine.History
	Events    []journal.Event // oldest first
	Boot      json.RawMessage // as the API explains it
	Decisions []Decision
	Packets   []frame.Packet // empty after Read, see Captured
	Subnets   []*machine.Subnet
	Options   []*machine.OptionSet
	Rules     []*machine.Rule
	// Captured are the packets as they were read.
	Captured []frame.Raw
}

// Found is what was wrong with the machine's boot.
type Found struct {
	Fault    string `json:"fault"`
	Sentence string `json:"sentence"`
	Next     string `json:"next"`
}

// Wrong gives what the appliance said was wrong, that which stops the boot first.
func (b *Bundle) Wrong() ([]Found, error) {
	var said struct {
		Wrong []Found `json:"wrong"`
	}
	if len(b.Boot) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(b.Boot, &said); err != nil {
		return nil, fmt.Errorf("read boot.json: %w", err)
	}
	return said.Wrong, nil
}
