// Package journal says what happened to a machine and when: the type of an
// event and its fan-out to those who watch.
//
// It promises that a slow watcher never holds up the one who publishes: events
// that do not fit are dropped and the watcher learns that it missed some. It
// imports package machine only; every adapter may import it to write events,
// serverdb stores them and publishes them after they are on disk.
package journal

import (
	"time"

	"firstlight/server/machine"
)

// Source is the part that saw the event.
type Source string

// Sources, as the timeline names them.
const (
	DHCP   Source = "dhcp"
	Files  Source = "files" // TFTP and HTTP transfers
	Boot   Source = "boot"  // boot decisions
	Agent  Source = "agent"
	Log    Source = "log" // what the agent logged, in its own words
	BMC    Source = "bmc"
	Job    Source = "job"
	Status Source = "status" // changes of status: history
	People Source = "people"
	System Source = "system" // the installed operating system
	DNS    Source = "dns"
)

// Event is one row of a machine's timeline. Text is one plain sentence;
// Details are the inputs behind it. Events of machines that are not known
// carry the MAC alone.
type Event struct {
	ID       int64             `json:"id"` // grows; 0 until stored
	At       time.Time         `json:"at"`
	Machine  string            `json:"machine,omitempty"` // machine id
	MAC      machine.MAC       `json:"mac,omitzero"`
	Source   Source            `json:"source"`
	Text     string            `json:"text"`
	Details  map[string]string `json:"details,omitempty"`
	Bytes    int64             `json:"bytes,omitempty"`
	Duration time.Duration     `json:"duration,omitempty"`
	Who      string            `json:"who,omitempty"`
	Job      string            `json:"job,omitempty"`
	// Count is how often the same thing was seen; LastAt when last.
	Count  int       `json:"count,omitempty"`
	LastAt time.Time `json:"last_at,omitzero"`
}
