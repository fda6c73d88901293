package store

import (
	"firstlight/server/machine"
)

// PutJob writes a job over the version that was read, 0 for a new one:
// ErrConflict tells that it has another by now, ErrTaken that the machine has
// another open job.
func (t *Tx) PutJob(j *machine.Job, read int64) error {
	open := ""
	if j.Status.Open() {
		open = j.Machine
	}
	return t.swap("write job "+j.ID, read,
		`INSERT INTO jobs (id, machine, open_machine, status, created_at, record, version) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		`UPDATE jobs SET machine = $2, open_machine = $3, status = $4, created_at = $5, record = $6, version = $7 WHERE id = $1 AND version = $8`,
		j.ID, j.Machine, optional(open), string(j.Status), stamp(j.CreatedAt), encode(j), j.Version)
}

// Jobs reads every open job and the newest of the ended ones, newest first.
func (t *Tx) Jobs(ended int) ([]*machine.Job, error) {
	open, err := records[machine.Job](t, "read open jobs",
		`SELECT record FROM jobs WHERE open_machine IS NOT NULL ORDER BY created_at DESC`)
	if err != nil {
		return nil, err
	}
	old, err := records[machine.Job](t, "read ended jobs",
		`SELECT record FROM jobs WHERE open_machine IS NULL ORDER BY created_at DESC LIMIT $1`, ended)
	return append(open, old...), err
}

// JobsOf reads all of a machine's, newest first.
func (t *Tx) JobsOf(machineID string) ([]*machine.Job, error) {
	return records[machine.Job](t, "read jobs of "+machineID, `SELECT record FROM jobs WHERE machine = $1 ORDER BY created_at DESC, id`, machineID)
}

// Job reads one.
func (t *Tx) Job(id string) (*machine.Job, error) {
	all, err := records[machine.Job](t, "read job "+id, `SELECT record FROM jobs WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, machine.Missing("job", id)
	}
	return all[0], nil
}
