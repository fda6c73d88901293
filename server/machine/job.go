package machine

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Action is what a job does.
type Action string

// Actions that exist.
const (
	ActionInstall Action = "install"
	ActionErase   Action = "erase"
	ActionBMC     Action = "bmc" // makes a user of ours on the machine's BMC
	ActionCheck   Action = "check"
)

// JobStatus is a job's own status.
type JobStatus string

// A job is open while it is queued or started.
const (
	JobQueued    JobStatus = "queued"
	JobStarted   JobStatus = "started"
	JobFinished  JobStatus = "finished"
	JobFailed    JobStatus = "failed"
	JobCancelled JobStatus = "cancelled"
)

// Open tells whether the job may still change something.
func (s JobStatus) Open() bool { return s == JobQueued || s == JobStarted }

// Job is one durable piece of work on one machine.
type Job struct {
	ID        string            `json:"id"` // UUIDv4
	Action    Action            `json:"action"`
	Status    JobStatus         `json:"status"`
	Result    string            `json:"result"` // why it failed
	Target    string            `json:"target"` // selector, as given
	Params    map[string]string `json:"params"`
	Requester string            `json:"requester"` // for whom
	User      string            `json:"user"`      // who called
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   time.Time         `json:"ended_at"`

	Machine string   `json:"machine"` // machine id
	Attempt int      `json:"attempt"` // from 1
	Steps   []Step   `json:"steps"`
	Token   Token    `json:"token"`
	Erase   *Erase   `json:"erase,omitempty"` // of ActionErase
	Check   *Checkup `json:"check,omitempty"` // of ActionCheck
	Version int64    `json:"version"`
}

// StepStatus is how one step is getting on.
type StepStatus string

// Step statuses.
const (
	StepWaiting StepStatus = "waiting"
	StepRunning StepStatus = "running"
	StepDone    StepStatus = "done"
	StepSkipped StepStatus = "skipped"
	StepFailed  StepStatus = "failed"
)

// Step is one durable step of a job.
type Step struct {
	Name      string     `json:"name"`
	Status    StepStatus `json:"status"`
	Attempt   int        `json:"attempt"`         // commands sent
	Error     string     `json:"error,omitempty"` // last one, verbatim
	Note      string     `json:"note,omitempty"`
	StartedAt time.Time  `json:"started_at,omitzero"`
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	Deadline  time.Time  `json:"deadline,omitzero"`
	// ActedAt is when the intent to act was made durable, before the act.
	ActedAt time.Time `json:"acted_at,omitzero"`
}

// Token allows one destructive act. Only its hash is kept.
type Token struct {
	Hash       string    `json:"hash,omitempty"`
	Expires    time.Time `json:"expires,omitzero"`
	RedeemedAt time.Time `json:"redeemed_at,omitzero"`
	Order      string    `json:"order,omitempty"`     // order id it was sent with
	WrittenAt  time.Time `json:"written_at,omitzero"` // image acknowledged as written
	Boot       string    `json:"boot,omitempty"`      // boot id of the agent that redeemed it
	HomeHash   string    `json:"home_hash,omitempty"` // of the token for the call home
	HomeAt     time.Time `json:"home_at,omitzero"`    // the installed system called
}

// Current is the step at which the job stands, nil at its end.
func (j *Job) Current() *Step {
	for i := range j.Steps {
		if s := j.Steps[i].Status; s == StepWaiting || s == StepRunning {
			return &j.Steps[i]
		}
	}
	return nil
}

// StepIndex is how far it has come: the number of ended steps.
func (j *Job) StepIndex() int {
	n := 0
	for _, s := range j.Steps {
		if s.Status == StepDone || s.Status == StepSkipped {
			n++
		}
	}
	return n
}

// Clone copies j so that the copy may be changed.
func (j *Job) Clone() *Job {
	c := *j
	c.Steps = slices.Clone(j.Steps)
	c.Params = maps.Clone(j.Params)
	c.Erase, c.Check = j.Erase.clone(), j.Check.clone()
	return &c
}

// PlaceholderSerial tells whether a serial is one of the texts that vendors
// leave behind when they forget to write it.
func PlaceholderSerial(s string) bool {
	t := strings.ToLower(strings.TrimSpace(s))
	switch t {
	case "", "none", "n/a", "na", "null", "unknown", "default string", "default", "empty",
		"not specified", "not applicable", "not available", "invalid", "serial",
		"system serial number", "chassis serial number", "serial number",
		"to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "0123456789", "123456789",
		"1234567890", "xxxxxxxxxx", "..............":
		return true
	}
	return strings.Trim(t, "0") == "" || strings.Trim(t, "f") == "" || strings.Trim(t, "x .-") == ""
}

// PlaceholderUUID tells whether a UUID cannot identify a machine: all zeros,
// all ones, or the AMI default that many boards share.
func PlaceholderUUID(s string) bool {
	t := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "-", ""))
	return len(t) != 32 || strings.Trim(t, "0") == "" || strings.Trim(t, "f") == "" ||
		t == "03000200040005000006000700080009"
}

// SameUUID compares UUIDs as machines give them: SMBIOS before 2.6, and iPXE
// and DHCP option 97 with it, swap the bytes of the first three fields
// (DSP0134 §7.2.1), so that both readings of one UUID count as equal.
func SameUUID(a, b string) bool {
	x, y := PlainUUID(a), PlainUUID(b)
	return len(x) == 32 && len(y) == 32 && (x == y || SwapUUID(x) == y)
}

// PlainUUID spells a UUID as 32 lower-case digits; both byte orders of one UUID
// give the same only through SameUUID.
func PlainUUID(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "-", ""))
}

// SwapUUID gives the other byte order of 32 digits.
func SwapUUID(s string) string {
	return s[6:8] + s[4:6] + s[2:4] + s[0:2] + s[10:12] + s[8:10] + s[14:16] + s[12:14] + s[16:]
}
