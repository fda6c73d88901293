package store

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"firstlight/server/machine"
)

// PlanRow is an item of the plan as it is kept.
type PlanRow = machine.PlanItem

// PutPlan writes an item of the plan.
func (t *Tx) PutPlan(p PlanRow) error {
	return t.exec(fmt.Sprintf("write %s %s", p.Item.Kind(), p.Item.Key()), `INSERT INTO plan (kind, name, version, record) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, record = excluded.record`,
		string(p.Item.Kind()), p.Item.Key(), p.Version, encode(p.Item))
}

// DropPlan forgets an item.
func (t *Tx) DropPlan(r machine.PlanRef) error {
	return t.exec("forget "+r.String(), `DELETE FROM plan WHERE kind = $1 AND name = $2`, string(r.Kind), r.Name)
}

// Plan reads the whole plan, by list and name.
func (t *Tx) Plan() ([]PlanRow, error) {
	var all []PlanRow
	err := t.query("read plan", func(r *sql.Rows) error {
		var kind, record string
		var row PlanRow
		if err := r.Scan(&kind, &row.Version, &record); err != nil {
			return err
		}
		if row.Item = machine.NewPlan(machine.PlanKind(kind), ""); row.Item == nil {
			return fmt.Errorf("plan has a list %q that this version does not know", kind)
		}
		all = append(all, row)
		return json.Unmarshal([]byte(record), row.Item)
	}, `SELECT kind, version, record FROM plan ORDER BY kind, name`)
	return all, err
}
