package machine

import (
	"net/netip"
	"slices"
	"time"
)

// Erase is what a job of ActionErase works on, and what became of it. It is kept
// with the job for ever: the certificates are in it.
type Erase struct {
	// Disks are those that whoever asked confirmed. No other is ever erased.
	Disks []EraseDisk `json:"disks"`
	// Began is when an agent first held the plan; zero: no disk was touched.
	Began time.Time `json:"began,omitzero"`
	// Done is what agents answered, in its order, of all attempts.
	Done []Erasure `json:"done,omitempty"`
}

// EraseDisk is a disk that is to be erased, by what is written on it.
type EraseDisk struct {
	Serial     string `json:"serial"`
	Bytes      uint64 `json:"bytes"`
	Name       string `json:"name,omitempty"` // of the kernel, for people
	Model      string `json:"model,omitempty"`
	WWN        string `json:"wwn,omitempty"`
	Transport  string `json:"transport,omitempty"`
	Rotational bool   `json:"rotational,omitempty"`
}

// Erasure is what became of one disk in one attempt.
type Erasure struct {
	Disk     EraseDisk `json:"disk"`
	At       time.Time `json:"at"`
	Attempt  int       `json:"attempt"`
	OK       bool      `json:"ok"`
	Method   string    `json:"method,omitempty"`
	Category string    `json:"category,omitempty"` // clear or purge, where it is OK
	Tried    []string  `json:"tried,omitempty"`    // in vain: method and error
	Error    string    `json:"error,omitempty"`
	Read     uint64    `json:"read,omitempty"` // bytes read back
	Whole    bool      `json:"whole,omitempty"`
	Fill     string    `json:"fill,omitempty"`
	Seconds  float64   `json:"seconds,omitempty"`
	// Certificate is the signed JSON; empty where it is not OK.
	Certificate string `json:"certificate,omitempty"`
}

func (e *Erase) clone() *Erase {
	if e == nil {
		return nil
	}
	c := *e
	c.Done = slices.Clone(e.Done)
	return &c
}

// Of gives what became of a disk last; nil: nothing yet.
func (e *Erase) Of(serial string) *Erasure {
	for i := len(e.Done) - 1; i >= 0; i-- {
		if e.Done[i].Disk.Serial == serial {
			return &e.Done[i]
		}
	}
	return nil
}

// State is how far a disk of the plan has come: waiting, erased or failed.
func (e *Erase) State(serial string) string {
	switch last := e.Of(serial); {
	case last == nil:
		return "waiting"
	case last.OK:
		return "erased"
	default:
		return "failed"
	}
}

// Unproven lists the disks of some erases, the newest first, whose last erase did
// not come to its end: their data may still be there, wherever they are.
func Unproven(erases []*Erase) (serials []string) {
	seen := map[string]bool{}
	for _, e := range erases {
		if e.Began.IsZero() {
			continue // it touched none
		}
		for _, d := range e.Disks {
			if last := e.Of(d.Serial); !seen[d.Serial] && (last == nil || !last.OK) {
				serials = append(serials, d.Serial)
			}
			seen[d.Serial] = true
		}
	}
	return serials
}

// Leave gives back what a machine had of the fleet's. Where it stood stays in
// its record.
func (m *Machine) Leave() {
	m.Release()
	m.BMC.Proven, m.BMC.Failed, m.BMC.Pin = false, "", ""
	for i := range m.NICs {
		m.NICs[i].Address = netip.Addr{}
	}
}

// Release takes from a record what it had for its owner.
func (m *Machine) Release() {
	m.Hostname, m.Role, m.Pool, m.Owner, m.Image, m.Handling, m.Undo = "", "", "", "", "", "", nil
}
