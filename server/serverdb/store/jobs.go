package store

import (
	"firstlight/server/machine"
)

// PutJob writes a job. ErrTaken tells that the machine has another open one.
func (t *Tx) PutJob(j *machine.Job) error {
	open := ""
	if j.Status.Open() {
		open = j.Machine
	}
	return t.exec("write job "+j.ID, `INSERT INTO jobs (id, machine, open_machine, status, created_at, record)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET open_machine = excluded.open_machine, status = excluded.status, record = excluded.record`,
		j.ID, j.Machine, optional(open), string(j.Status), stamp(j.CreatedAt), encode(j))
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

// Job reads one.
func (t *Tx) Job(id string) (*machine.Job, error) {
	all, err := records[machine.Job](t, "read job "+id, `SELECT record FROM jobs WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, machine.ErrNotFound
	}
	return all[0], nil
}
