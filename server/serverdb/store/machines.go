package store

import (
	"database/sql"
	"encoding/json"

	"firstlight/server/machine"
)

// PutMachine writes a machine's record with everything that is derived from
// it, but neither its facts nor what was seen of it: those have writers of
// their own. It writes over the version that was read, 0 for a new machine:
// ErrConflict tells that it has another by now, ErrTaken that another machine
// has its name, host name, place in a rack, port of a switch, a MAC or an
// address.
func (t *Tx) PutMachine(m *machine.Machine, read int64) error {
	record := *m
	record.Facts, record.Observed = nil, machine.Observed{}
	err := t.swap("write machine "+m.Name, read,
		`INSERT INTO machines (id, name, status, hostname, version, record) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		`UPDATE machines SET name = $2, status = $3, hostname = $4, version = $5, record = $6 WHERE id = $1 AND version = $7`,
		m.ID, m.Name, string(m.Status), optional(m.Hostname), m.Version, encode(&record))
	if err != nil {
		return err
	}
	for _, put := range []func(*machine.Machine) error{t.putNICs, t.putPlace, t.deriveRecord} {
		if err := put(m); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) putNICs(m *machine.Machine) error {
	if err := t.exec("write interfaces of "+m.Name, `DELETE FROM nics WHERE machine = $1`, m.ID); err != nil {
		return err
	}
	if m.Status == machine.Retired {
		return nil // its interfaces may serve in another machine
	}
	for _, n := range m.NICs {
		address := ""
		if n.Address.IsValid() {
			address = n.Address.String()
		}
		var cable [2]any // where the plan says both ends of it
		if n.Switch != "" && n.Port != "" {
			cable = [2]any{n.Switch, n.Port}
		}
		err := t.exec("write interface "+n.MAC.String()+" of "+m.Name,
			`INSERT INTO nics (mac, machine, address, switch, port) VALUES ($1, $2, $3, $4, $5)`,
			n.MAC.String(), m.ID, optional(address), cable[0], cable[1])
		if err != nil {
			return err
		}
	}
	return nil
}

// Vacate takes from a machine what only one can have, so that several may
// change places within one transaction. PutMachine must follow, or the
// transaction must not be kept.
func (t *Tx) Vacate(id string) error {
	for _, query := range []string{
		`DELETE FROM places WHERE machine = $1`, `DELETE FROM nics WHERE machine = $1`,
		`UPDATE machines SET name = '~' || id, hostname = NULL WHERE id = $1`,
	} {
		if err := t.exec("vacate machine "+id, query, id); err != nil {
			return err
		}
	}
	return nil
}

// putPlace keeps every unit that the machine fills.
func (t *Tx) putPlace(m *machine.Machine) error {
	if err := t.exec("write place of "+m.Name, `DELETE FROM places WHERE machine = $1`, m.ID); err != nil {
		return err
	}
	for _, p := range m.Places() {
		err := t.exec("write place of "+m.Name, `INSERT INTO places (rack, face, unit, machine) VALUES ($1, $2, $3, $4)`,
			p.Rack, string(p.Face), p.Unit, m.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// PutObserved writes what was last seen of a machine.
func (t *Tx) PutObserved(id string, o machine.Observed) error {
	err := t.exec("write what was seen of "+id, `INSERT INTO observed (machine, record) VALUES ($1, $2)
		ON CONFLICT (machine) DO UPDATE SET record = excluded.record`, id, encode(o))
	if err != nil {
		return err
	}
	return t.derive(machine.OfObserved, &machine.Machine{ID: id, Observed: o})
}

// PutFacts writes what the agent saw of a machine.
func (t *Tx) PutFacts(id string, f *machine.Facts) error {
	err := t.exec("write facts of "+id, `INSERT INTO facts (machine, record) VALUES ($1, $2)
		ON CONFLICT (machine) DO UPDATE SET record = excluded.record`, id, encode(f))
	if err != nil {
		return err
	}
	return t.deriveFacts(id, f)
}

// Facts reads what the agent saw of a machine, nil where it never reported.
func (t *Tx) Facts(id string) (*machine.Facts, error) {
	all, err := records[machine.Facts](t, "read facts of "+id, `SELECT record FROM facts WHERE machine = $1`, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// Machines reads all of them, without their facts.
func (t *Tx) Machines() ([]*machine.Machine, error) { return t.machines(`ORDER BY m.name`) }

// Machine reads one without its facts, nil where there is none.
func (t *Tx) Machine(id string) (*machine.Machine, error) {
	all, err := t.machines(`WHERE m.id = $1`, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// HostnameTaken tells whether a machine has a host name.
func (t *Tx) HostnameTaken(name string) (taken bool, err error) {
	err = t.query("look for host name "+name, func(*sql.Rows) error { taken = true; return nil },
		`SELECT 1 FROM machines WHERE hostname = $1`, name)
	return taken, err
}

func (t *Tx) machines(where string, args ...any) ([]*machine.Machine, error) {
	var all []*machine.Machine
	err := t.query("read machines", func(r *sql.Rows) error {
		var record string
		var observed sql.NullString
		if err := r.Scan(&record, &observed); err != nil {
			return err
		}
		m := &machine.Machine{}
		if err := json.Unmarshal([]byte(record), m); err != nil {
			return err
		}
		if observed.Valid {
			if err := json.Unmarshal([]byte(observed.String), &m.Observed); err != nil {
				return err
			}
		}
		all = append(all, m)
		return nil
	}, `SELECT m.record, o.record FROM machines m LEFT JOIN observed o ON o.machine = m.id `+where, args...)
	return all, err
}
