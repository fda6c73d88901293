package store

import (
	"database/sql"
	"encoding/json"

	"firstlight/server/machine"
)

// PutCheck keeps what a check measured, and of its machine the newest checks only.
func (t *Tx) PutCheck(c *machine.CheckRecord, keep int) error {
	samples := make([][]float64, len(c.Findings))
	for i, f := range c.Findings {
		samples[i] = f.Samples
	}
	err := t.exec("write check "+c.Job, `INSERT INTO checks (job, machine, alike, at, record, samples) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.Job, c.Machine, c.Like, stamp(c.At), encode(c), encode(samples))
	if err != nil {
		return err
	}
	return t.exec("forget checks of "+c.Machine, `DELETE FROM checks WHERE machine = $1 AND job NOT IN
		(SELECT job FROM checks WHERE machine = $1 ORDER BY at DESC, job LIMIT $2)`, c.Machine, keep)
}

// ChecksOf reads those of a machine, the newest first, without their samples.
func (t *Tx) ChecksOf(machineID string) ([]*machine.CheckRecord, error) {
	return records[machine.CheckRecord](t, "read checks of "+machineID, `SELECT record FROM checks WHERE machine = $1 ORDER BY at DESC, job`, machineID)
}

// ChecksAlike reads the newest checks of machines that have something in common,
// but for one of them, without their samples.
func (t *Tx) ChecksAlike(like, butMachine string, limit int) ([]*machine.CheckRecord, error) {
	return records[machine.CheckRecord](t, "read checks of "+like,
		`SELECT record FROM checks WHERE alike = $1 AND machine <> $2 ORDER BY at DESC, job LIMIT $3`, like, butMachine, limit)
}

// Check reads one with its samples.
func (t *Tx) Check(job string) (c *machine.CheckRecord, err error) {
	err = t.query("read check "+job, func(r *sql.Rows) error {
		var record, samples string
		if err := r.Scan(&record, &samples); err != nil {
			return err
		}
		c = &machine.CheckRecord{}
		var all [][]float64
		if err := json.Unmarshal([]byte(record), c); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(samples), &all); err != nil {
			return err
		}
		for i := range min(len(all), len(c.Findings)) {
			c.Findings[i].Samples = all[i]
		}
		return nil
	}, `SELECT record, samples FROM checks WHERE job = $1`, job)
	if err == nil && c == nil {
		err = machine.Missing("check", job)
	}
	return c, err
}
