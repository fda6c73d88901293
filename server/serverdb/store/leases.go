package store

import (
	"database/sql"
	"net/netip"
	"time"

	"firstlight/server/lease"
)

// PutLease writes the lease of an address over the version that was read, 0
// where there was none: ErrConflict tells that it has another by now.
func (t *Tx) PutLease(l lease.Lease, read int64) error {
	return t.swap("write lease "+l.Address.String(), read,
		`INSERT INTO leases (address, mac, client_id, hostname, subnet, state, reserved, life, expires_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (address) DO NOTHING`,
		`UPDATE leases SET mac = $2, client_id = $3, hostname = $4, subnet = $5, state = $6, reserved = $7, life = $8,
			expires_at = $9, updated_at = $10, version = $11 WHERE address = $1 AND version = $12`,
		l.Address.String(), l.MAC.String(), l.ClientID, l.Hostname, l.Subnet, string(l.State), l.Reserved,
		int64(l.Life), stamp(l.ExpiresAt), stamp(l.UpdatedAt), l.Version)
}

// Leases reads all of them.
func (t *Tx) Leases() ([]lease.Lease, error) { return t.leases("") }

// Lease reads that of an address, if it has one.
func (t *Tx) Lease(a netip.Addr) ([]lease.Lease, error) {
	return t.leases(`WHERE address = $1`, a.String())
}

func (t *Tx) leases(where string, args ...any) ([]lease.Lease, error) {
	var all []lease.Lease
	err := t.query("read leases", func(r *sql.Rows) error {
		var l lease.Lease
		var address, mac string
		var life int64
		if err := r.Scan(&address, &mac, &l.ClientID, &l.Hostname, &l.Subnet, &l.State, &l.Reserved, &life, &l.ExpiresAt, &l.UpdatedAt, &l.Version); err != nil {
			return err
		}
		l.Life = time.Duration(life)
		var err error
		if l.Address, err = netip.ParseAddr(address); err != nil {
			return err
		}
		all = append(all, l)
		return all[len(all)-1].MAC.UnmarshalText([]byte(mac))
	}, `SELECT address, mac, client_id, hostname, subnet, state, reserved, life, expires_at, updated_at, version FROM leases `+where, args...)
	return all, err
}
