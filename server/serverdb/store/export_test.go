package store

import (
	"bytes"
	"context"
	"time"

	"firstlight/server/backup"
)

// BackupOf backs up a SQLite file of an older schema without bringing it up to
// date, as the Firstlight of its time would have.
func BackupOf(ctx context.Context, file string, schema int64) ([]byte, error) {
	write, read, err := sqliteFile{file}.connect()
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: sqliteFile{file}, write: write, read: read}
	defer s.Close()
	var out bytes.Buffer
	err = s.View(ctx, func(tx *Tx) error {
		var tables []backup.Table
		for _, k := range kept {
			if table, err := tx.describe(k.name); err == nil { // the schema has it
				tables = append(tables, table)
			}
		}
		w, err := backup.NewWriter(&out, backup.Head{Schema: schema, At: time.Now(), Tables: tables})
		if err != nil {
			return err
		}
		for _, table := range tables {
			if err := tx.Dump(table, func(line []byte) error { return w.Row(table.Name, line) }); err != nil {
				return err
			}
		}
		return w.Close()
	})
	return out.Bytes(), err
}

// Impatient takes an engine that says nothing for two seconds for gone.
func (s *Store) Impatient() { s.dialect = impatient{s.dialect} }
