package store

import (
	"database/sql"
	"encoding/json"
	"slices"

	"firstlight/server/machine"
)

// PutMachine writes a machine's record with everything that is derived from
// it, but neither its facts nor what was seen of it: those have writers of
// their own. It writes over the record that was read, nil for a new machine, and
// of what is derived only the rows that differ: a row that stays costs nothing,
// one that is written again a page of each of its indexes. ErrConflict tells that
// the machine has another version by now, ErrTaken that another machine has its
// name, host name, place in a rack, port of a switch, a MAC or an address.
func (t *Tx) PutMachine(m, was *machine.Machine) error {
	for _, put := range []func(m, was *machine.Machine) error{t.putRecord, t.putNICs, t.putPlaces, t.deriveRecord} {
		if err := put(m, was); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) putRecord(m, was *machine.Machine) error {
	record := *m
	record.Facts, record.Observed = nil, machine.Observed{}
	what, args := "write machine "+m.Name, []any{m.ID, string(m.Status), m.Version, encode(&record)}
	if was != nil && was.Name == m.Name && was.Hostname == m.Hostname {
		return t.swap(what, was.Version, "", `UPDATE machines SET status = $2, version = $3, record = $4 WHERE id = $1 AND version = $5`, args...)
	}
	var read int64
	if was != nil {
		read = was.Version
	}
	return t.swap(what, read,
		`INSERT INTO machines (id, status, version, record, name, hostname) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		`UPDATE machines SET status = $2, version = $3, record = $4, name = $5, hostname = $6 WHERE id = $1 AND version = $7`,
		append(args, m.Name, optional(m.Hostname))...)
}

// nic is a row of an interface.
type nic struct{ mac, address, cableSwitch, cablePort string }

// nics are the rows of a machine's interfaces. Those of one that is gone may
// serve in another machine.
func nics(m *machine.Machine) []nic {
	if m == nil || m.Status == machine.Retired {
		return nil
	}
	all := make([]nic, len(m.NICs))
	for i, n := range m.NICs {
		all[i].mac = n.MAC.String()
		if n.Address.IsValid() {
			all[i].address = n.Address.String()
		}
		if n.Switch != "" && n.Port != "" { // the plan says both ends of the cable
			all[i].cableSwitch, all[i].cablePort = n.Switch, n.Port
		}
	}
	return all
}

func (t *Tx) putNICs(m, was *machine.Machine) error {
	gone, added := differ(nics(was), nics(m))
	for _, n := range gone {
		if err := t.exec("forget interface "+n.mac+" of "+m.Name, `DELETE FROM nics WHERE mac = $1 AND machine = $2`, n.mac, m.ID); err != nil {
			return err
		}
	}
	for _, n := range added {
		err := t.exec("write interface "+n.mac+" of "+m.Name,
			`INSERT INTO nics (mac, machine, address, switch, port) VALUES ($1, $2, $3, $4, $5)`,
			n.mac, m.ID, optional(n.address), optional(n.cableSwitch), optional(n.cablePort))
		if err != nil {
			return err
		}
	}
	return nil
}

// differ tells which of some rows are gone and which are new, each as often as
// it is: a row that is there twice must be refused by its constraint.
func differ[T comparable](had, want []T) (gone, added []T) {
	gone = slices.Clone(had)
	for _, row := range want {
		if i := slices.Index(gone, row); i >= 0 {
			gone = slices.Delete(gone, i, i+1)
		} else {
			added = append(added, row)
		}
	}
	return gone, added
}

// Vacate takes from a machine what only one can have, so that several may
// change places within one transaction, and gives what is left of it. PutMachine
// over that must follow, or the transaction must not be kept.
func (t *Tx) Vacate(m *machine.Machine) (left *machine.Machine, err error) {
	left = m.Clone()
	left.Name, left.Hostname, left.Rack, left.NICs = "~"+m.ID, "", "", nil
	return left, t.PutMachine(left, m)
}

// putPlaces keeps every unit that the machine fills.
func (t *Tx) putPlaces(m, was *machine.Machine) error {
	var had []machine.Place
	if was != nil {
		had = was.Places()
	}
	gone, added := differ(had, m.Places())
	for _, p := range gone {
		err := t.exec("forget place of "+m.Name, `DELETE FROM places WHERE rack = $1 AND face = $2 AND unit = $3 AND machine = $4`,
			p.Rack, string(p.Face), p.Unit, m.ID)
		if err != nil {
			return err
		}
	}
	for _, p := range added {
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
	return t.changeFacets(machine.OfObserved, &machine.Machine{ID: id, Observed: o}, nil)
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
