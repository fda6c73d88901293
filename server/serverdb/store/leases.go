package store

import (
	"database/sql"
	"net/netip"
	"time"

	"firstlight/server/lease"
)

// PutLease writes the lease of an address.
func (t *Tx) PutLease(l lease.Lease) error {
	return t.exec("write lease "+l.Address.String(), `INSERT INTO leases
		(address, mac, client_id, hostname, subnet, state, reserved, life, expires_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (address) DO UPDATE SET mac = excluded.mac, client_id = excluded.client_id,
			hostname = excluded.hostname, subnet = excluded.subnet, state = excluded.state, reserved = excluded.reserved,
			life = excluded.life, expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
		l.Address.String(), l.MAC.String(), l.ClientID, l.Hostname, l.Subnet, string(l.State), l.Reserved,
		int64(l.Life), stamp(l.ExpiresAt), stamp(l.UpdatedAt))
}

// Leases reads all of them.
func (t *Tx) Leases() ([]lease.Lease, error) {
	var all []lease.Lease
	err := t.query("read leases", func(r *sql.Rows) error {
		var l lease.Lease
		var address, mac string
		var life int64
		if err := r.Scan(&address, &mac, &l.ClientID, &l.Hostname, &l.Subnet, &l.State, &l.Reserved, &life, &l.ExpiresAt, &l.UpdatedAt); err != nil {
			return err
		}
		l.Life = time.Duration(life)
		var err error
		if l.Address, err = netip.ParseAddr(address); err != nil {
			return err
		}
		all = append(all, l)
		return all[len(all)-1].MAC.UnmarshalText([]byte(mac))
	}, `SELECT address, mac, client_id, hostname, subnet, state, reserved, life, expires_at, updated_at FROM leases`)
	return all, err
}
