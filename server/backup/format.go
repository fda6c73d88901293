package backup

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"
)

// Format is the version of the format that is written, and the newest that is
// read.
const Format = 1

// Kind is what a column holds.
type Kind string

// Kinds of columns, and their JSON: a string, a number, true or false, a string
// of RFC 3339 in UTC. Each may be null.
const (
	Text    Kind = "text"
	Integer Kind = "integer"
	Boolean Kind = "boolean"
	Time    Kind = "time"
)

// Column is one of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Table is what a backup has of a table. Rows stand in the order of its key.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Head says what a backup is of. It comes first, so that one of a newer version
// is known before anything is read.
type Head struct {
	Format    int       `json:"format"`
	Schema    int64     `json:"schema"` // of the database
	At        time.Time `json:"at"`     // of the state that it holds
	Appliance string    `json:"appliance"`
	Version   string    `json:"version"` // of Firstlight
	Tables    []Table   `json:"tables"`
}

// Sum is how much there is of a table, and its SHA-256 in hex over the rows as
// they stand in the archive, each with its newline.
type Sum struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// File is a file of the state folder. One that is secret is only in a backup
// that was made with keys; its hash tells then whether a folder still has it.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Held   bool   `json:"held"` // the backup has its content
}

// Manifest ends a backup.
type Manifest struct {
	Tables []Sum  `json:"tables"`
	Files  []File `json:"files"`
}

// Rows is how many there are in all tables.
func (m *Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// RowsOf is how many there are in one.
func (m *Manifest) RowsOf(table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// Errors that callers act upon.
var (
	// ErrDamaged means that the file is cut short or altered, or is no backup.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrNewer means that a newer Firstlight wrote it.
	ErrNewer = errors.New("the backup was written by a newer version")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s; take another one", ErrDamaged, fmt.Sprintf(format, args...))
}

const (
	// partSize bounds what is held in memory of a table.
	partSize = 1 << 20
	// maxRow bounds one row: the facts of a machine are some ten kilobytes.
	maxRow = 16 << 20
	// maxFile bounds everything that is no table: head, manifest and keys.
	maxFile = 4 << 20

	headName     = "backup.json"
	manifestName = "manifest.json"
	tablesFolder = "tables/"
	filesFolder  = "files/"
)

func partName(table string, n int) string {
	return fmt.Sprintf("%s%s/%05d.jsonl", tablesFolder, table, n)
}

// tally counts and hashes the rows of a table.
type tally struct {
	rows int64
	hash hash.Hash
}

func (t *tally) sum(name string) Sum {
	return Sum{Name: name, Rows: t.rows, SHA256: hex.EncodeToString(t.hash.Sum(nil))}
}
