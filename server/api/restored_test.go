package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"firstlight/server/backup"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

// Make gives a backup of the bench's database.
func (b *bench) Make(ctx context.Context, keys bool) (operate.Spool, error) {
	s := &memorySpool{}
	files := []serverdb.StateFile{{Name: "ca.key", Content: []byte("secret"), Held: keys}}
	err := b.db.Backup(ctx, &s.Buffer, backup.Head{Appliance: "lab"}, files)
	s.size = int64(s.Len())
	return s, err
}

type memorySpool struct {
	bytes.Buffer
	size int64
}

func (s *memorySpool) Size() int64 { return s.size }
func (*memorySpool) Close() error  { return nil }

func TestABackupIsWholeAndHasKeysOnlyWhereTheyAreAskedFor(t *testing.T) {
	b := newBench(t)
	for path, held := range map[string]bool{"/backup": false, "/backup?keys=true": true} {
		r := b.get(path)
		_, m, err := backup.Read(strings.NewReader(r.body), backup.Nothing{})
		if r.StatusCode != http.StatusOK || err != nil || m.Files[0].Held != held || r.Header.Get("Content-Type") != "application/zstd" {
			t.Errorf("GET %s = %d %s, %v, %+v", path, r.StatusCode, r.Header, err, m)
		}
	}
	audits, err := b.db.Audits(t.Context(), serverdb.AuditQuery{Limit: 10})
	if err != nil || !strings.Contains(audits[0].Action+audits[0].After, "back up") {
		t.Errorf("the audit begins with %+v, %v", audits[0], err)
	}
}

func TestThawTakesTheFreezeAway(t *testing.T) {
	b := newBench(t)
	m := b.add(1)
	err := b.db.Do(t.Context(), func(w *serverdb.Write) error {
		return w.Mark(m, func(m *machine.Machine) { m.Flags.Frozen, m.Flags.FrozenAt = true, b.db.Now() })
	})
	if err != nil {
		t.Fatal(err)
	}
	path := "/machines/" + m.Name + "/thaw"
	if r := b.post(path, `{"why": ""}`); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("thaw without a reason = %d %s", r.StatusCode, r.body)
	}
	if r := b.post(path, `{"why": "looked at it"}`); r.StatusCode != http.StatusOK || !strings.Contains(r.body, `"frozen":false`) {
		t.Errorf("thaw = %d %s", r.StatusCode, r.body)
	}
	if now, _ := b.db.Machine(m.ID); now.Flags.Frozen {
		t.Error("it is still frozen")
	}
}
