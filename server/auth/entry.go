package auth

import "time"

// Entry is a row of the audit: who did what to which object. A Store gives it
// ID and Hash.
type Entry struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	Token   string    `json:"token,omitempty"`   // id of the API token it came with
	Address string    `json:"address,omitempty"` // it came from
	What    string    `json:"what"`              // such as "log in", "install"
	Object  string    `json:"object,omitempty"`
	Before  string    `json:"before,omitempty"` // of a record: the fields that changed
	After   string    `json:"after,omitempty"`
	Note    string    `json:"note,omitempty"` // what is to be said beside, such as that it was another team's machine
	Hash    string    `json:"hash"`           // SHA-256 in hex over this row and the hash of the one before
}

// Query picks rows of the audit. Fields that are zero pick all.
type Query struct {
	Who, What, Object string
	Since, Until      time.Time // from the first on, and before the second
	Before, After     int64     // ids, both exclusive
	Oldest            bool      // oldest first, else newest
	Limit             int
}

// ChainHead names a row of the audit by its id and hash. Kept elsewhere, it
// shows later whether rows up to it are still what they were.
type ChainHead struct {
	ID   int64  `json:"id"`
	Hash string `json:"hash"`
}

// Chain is how the chain of the audit is.
type Chain struct {
	Rows      int64
	First     int64 // id; 0 where there is no row
	Head      ChainHead
	Forgotten int64 // id of the newest row that retention took; 0 where it took none
	// Broken is the first row that does not follow from the one before it, or
	// the kept head that is not there; 0 where the chain is whole.
	Broken int64
	Why    string
}
