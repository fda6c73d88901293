package api

import "time"

// Event is one row of a timeline.
type Event struct {
	ID              int64             `json:"id,omitempty" doc:"Grows; absent until it is stored" example:"90125"`
	At              time.Time         `json:"at"`
	Machine         string            `json:"machine,omitempty" doc:"Hardware name; absent: nobody knows the interface" example:"C0MPUT3"`
	MAC             string            `json:"mac,omitempty" example:"52:54:00:12:34:56"`
	Source          string            `json:"source" doc:"Which part saw it" enum:"dhcp,files,boot,agent,bmc,job,status,people,system,dns"`
	Text            string            `json:"text" doc:"One sentence" example:"Offered 10.80.12.100"`
	Details         map[string]string `json:"details,omitempty" doc:"The inputs behind it"`
	Bytes           int64             `json:"bytes,omitempty" doc:"Bytes transferred" example:"8523776"`
	DurationSeconds float64           `json:"duration_seconds,omitempty" doc:"Seconds that it took" example:"0.42"`
	Who             string            `json:"who,omitempty" example:"ada"`
	Job             string            `json:"job,omitempty" doc:"Id of the job" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`
	Count           int               `json:"count,omitempty" doc:"How often the same thing was seen" example:"3"`
	LastAt          *time.Time        `json:"last_at,omitempty" doc:"When last"`
}

// MachineChanged tells in a stream that a machine's record or what is observed
// of it changed.
type MachineChanged struct {
	ID     string `json:"id" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Name   string `json:"name" example:"C0MPUT3"`
	Status string `json:"status" example:"in_use"`
	Waits  string `json:"waits,omitempty" doc:"What it does or waits for, one sentence"`
}

// Missed tells in a stream that something before this was left out: read the
// lists again.
type Missed struct {
	Why string `json:"why" example:"the stream was too slow"`
}

// AuditEntry is what a person or a program did.
type AuditEntry struct {
	ID      int64     `json:"id" doc:"Grows" example:"4711"`
	At      time.Time `json:"at"`
	Who     string    `json:"who" example:"ada"`
	Token   string    `json:"token,omitempty" doc:"Id of the API token that was sent" example:"3f1c0f6f2b10"`
	Address string    `json:"address,omitempty" doc:"It came from" example:"192.0.2.7"`
	What    string    `json:"what" example:"lock"`
	Object  string    `json:"object,omitempty" example:"C0MPUT3"`
	Before  string    `json:"before,omitempty" doc:"What was; of a record, a JSON object of the fields that changed"`
	After   string    `json:"after,omitempty" doc:"What was asked for, or is now; likewise"`
	Note    string    `json:"note,omitempty" example:"acting on another team's machine: its owner is search"`
	Hash    string    `json:"hash" doc:"SHA-256 in hex over this row and the hash of the one before" example:"9f3c…"`
}
