package store

import (
	"database/sql"

	"firstlight/server/machine"
)

// PutSubnet writes a subnet. ErrTaken tells that its prefix has another name.
func (t *Tx) PutSubnet(s *machine.Subnet) error {
	return t.exec("write subnet "+s.Name, `INSERT INTO subnets (name, prefix, record) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET prefix = excluded.prefix, record = excluded.record`, s.Name, s.Prefix.String(), encode(s))
}

// Subnets reads all of them.
func (t *Tx) Subnets() ([]*machine.Subnet, error) {
	return records[machine.Subnet](t, "read subnets", `SELECT record FROM subnets ORDER BY name`)
}

// SubnetOption is an option as subnets had them in lists of their own.
type SubnetOption struct {
	machine.Option
	Match string `json:"match"`
}

// TakeSubnetOptions takes out of the subnets the lists of options that records of
// before there were option sets have, by subnet.
func (t *Tx) TakeSubnetOptions() (map[string][]SubnetOption, error) {
	rows, err := records[struct {
		machine.Subnet
		Options []SubnetOption `json:"options"`
	}](t, "read options of subnets", `SELECT record FROM subnets WHERE record LIKE '%"options":%'`)
	lists := map[string][]SubnetOption{}
	for _, row := range rows {
		if len(row.Options) == 0 {
			continue
		}
		lists[row.Name] = row.Options
		if err := t.PutSubnet(&row.Subnet); err != nil {
			return nil, err
		}
	}
	return lists, err
}

// PutRule writes an acceptance rule.
func (t *Tx) PutRule(r *machine.Rule) error {
	return t.exec("write rule "+r.Name, `INSERT INTO rules (name, position, record) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET position = excluded.position, record = excluded.record`, r.Name, r.Order, encode(r))
}

// DropRule forgets a rule.
func (t *Tx) DropRule(name string) error {
	return t.exec("forget rule "+name, `DELETE FROM rules WHERE name = $1`, name)
}

// Rules reads all of them in their order.
func (t *Tx) Rules() ([]*machine.Rule, error) {
	return records[machine.Rule](t, "read rules", `SELECT record FROM rules ORDER BY position, name`)
}

// PutImage writes an image of the catalogue.
func (t *Tx) PutImage(i *machine.Image) error {
	return t.exec("write image "+i.Name, `INSERT INTO images (name, record) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET record = excluded.record`, i.Name, encode(i))
}

// Images reads the catalogue.
func (t *Tx) Images() ([]*machine.Image, error) {
	return records[machine.Image](t, "read images", `SELECT record FROM images ORDER BY name`)
}

// PutMeta writes one of the appliance's own values.
func (t *Tx) PutMeta(key, value string) error {
	return t.exec("write "+key, `INSERT INTO meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
}

// Meta reads one of the appliance's own values, "" where there is none.
func (t *Tx) Meta(key string) (value string, err error) {
	err = t.query("read "+key, func(r *sql.Rows) error { return r.Scan(&value) }, `SELECT value FROM meta WHERE key = $1`, key)
	return value, err
}

// MetaLike reads those of the appliance's own values whose key begins so.
func (t *Tx) MetaLike(prefix string) (map[string]string, error) {
	all := map[string]string{}
	err := t.query("read "+prefix, func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		all[key] = value
		return err
	}, `SELECT key, value FROM meta WHERE substr(key, 1, $1) = $2`, len(prefix), prefix)
	return all, err
}

// DropMeta forgets one of the appliance's own values.
func (t *Tx) DropMeta(key string) error {
	return t.exec("drop "+key, `DELETE FROM meta WHERE key = $1`, key)
}

// PutCredential writes a sealed credential.
func (t *Tx) PutCredential(owner, sealed string) error {
	return t.exec("write credential of "+owner, `INSERT INTO credentials (owner, sealed) VALUES ($1, $2)
		ON CONFLICT (owner) DO UPDATE SET sealed = excluded.sealed`, owner, sealed)
}

// Credential reads a sealed credential, "" where there is none.
func (t *Tx) Credential(owner string) (sealed string, err error) {
	err = t.query("read credential of "+owner, func(r *sql.Rows) error { return r.Scan(&sealed) },
		`SELECT sealed FROM credentials WHERE owner = $1`, owner)
	return sealed, err
}

// Credentials reads all sealed credentials by owner.
func (t *Tx) Credentials() (map[string]string, error) {
	all := map[string]string{}
	err := t.query("read credentials", func(r *sql.Rows) error {
		var owner, sealed string
		err := r.Scan(&owner, &sealed)
		all[owner] = sealed
		return err
	}, `SELECT owner, sealed FROM credentials`)
	return all, err
}

// DropCredential forgets one.
func (t *Tx) DropCredential(owner string) error {
	return t.exec("forget credential of "+owner, `DELETE FROM credentials WHERE owner = $1`, owner)
}

// PutPerson writes a user, session, token or code as its owner encoded it.
func (t *Tx) PutPerson(kind, id, record string) error {
	return t.exec("write "+kind, `INSERT INTO people (kind, id, record) VALUES ($1, $2, $3)
		ON CONFLICT (kind, id) DO UPDATE SET record = excluded.record`, kind, id, record)
}

// DropPerson forgets one.
func (t *Tx) DropPerson(kind, id string) error {
	return t.exec("forget "+kind, `DELETE FROM people WHERE kind = $1 AND id = $2`, kind, id)
}

// DropPeople forgets all records of a kind.
func (t *Tx) DropPeople(kind string) error {
	return t.exec("forget "+kind, `DELETE FROM people WHERE kind = $1`, kind)
}

// People reads all records of a kind by id.
func (t *Tx) People(kind string) (map[string]string, error) {
	all := map[string]string{}
	err := t.query("read "+kind, func(r *sql.Rows) error {
		var id, record string
		err := r.Scan(&id, &record)
		all[id] = record
		return err
	}, `SELECT id, record FROM people WHERE kind = $1`, kind)
	return all, err
}
