package api

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/certificate"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

var eraseKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))

func certify(s certificate.Statement) (string, error) {
	s.Appliance = "lon6"
	c, err := certificate.Sign(s, eraseKey)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(c)
	return string(text), err
}

// Whatever a machine is, its name is typed, and its disks are named before any
// of them is erased.
func TestAnEraseIsConfirmedByName(t *testing.T) {
	b := newBench(t)
	b.add(1, report.Content{Device: "vda", Kind: "filesystem", Type: "ext4"})
	b.refuses(b.post("/machines/FL1/erase", `{"name":"FL2"}`), http.StatusUnprocessableEntity, "type FL1")
	j := read[Job](b, b.post("/machines/FL1/erase", `{"name":"FL1","note":"next team"}`), http.StatusCreated)
	if j.Action != "erase" || len(j.Disks) != 1 || j.Disks[0].State != "waiting" || j.Params["disks"] != j.Disks[0].Serial {
		t.Errorf("the job is %+v", j)
	}
	if m := read[Machine](b, b.get("/machines/FL1"), http.StatusOK); m.Status != "recycling" || m.Job != j.ID {
		t.Errorf("machine %s with job %s", m.Status, m.Job)
	}
	b.refuses(b.post("/machines/FL1/erase", `{"name":"FL1"}`), http.StatusConflict, j.ID)
	b.refuses(b.post("/machines/FL1/unfence", `{"name":"FL1","why":"shredded"}`), http.StatusConflict, "is not fenced")
}

// erased lets an agent at the other end erase what its machine's job names.
func (b *bench) erased(ok bool) {
	b.Helper()
	m, err := b.db.Machine("FL1")
	b.must(err)
	j, _ := b.db.OpenJob(m.ID)
	at := time.Now()
	b.must(b.db.ChangeJob(b.Context(), j.ID, func(w *serverdb.Write, j *machine.Job) error {
		e := machine.Erasure{Disk: j.Erase.Disks[0], At: at, Attempt: 1, OK: ok, Method: report.EraseFormat, Category: "clear", Read: 1 << 20, Fill: "00"}
		if ok {
			if e.Certificate, err = certify(certificate.Statement{ID: j.ID + "/1", Disk: certificate.Disk{Serial: "D1"}}); err != nil {
				return err
			}
		} else {
			e.Category, e.Error = "", "input/output error"
		}
		j.Erase.Began, j.Erase.Done = at, []machine.Erasure{e}
		j.Status, j.EndedAt = machine.JobFailed, at
		return w.Transition(m, serverdb.Change{From: machine.Recycling, To: machine.Broken, Who: "job", Why: "erase-failed", Sentence: "disk D1: input/output error"})
	}))
}

func TestErasuresAndTheirCertificates(t *testing.T) {
	b := newBench(t)
	b.add(1)
	if all := read[List[Erasure]](b, b.get("/machines/FL1/erasures"), http.StatusOK); all.Total != 0 || all.Items == nil {
		t.Errorf("before any erase: %+v", all)
	}
	read[Job](b, b.post("/machines/FL1/erase", `{"name":"FL1"}`), http.StatusCreated)
	b.erased(true)
	all := read[List[Erasure]](b, b.get("/machines/FL1/erasures"), http.StatusOK)
	if all.Total != 1 || !all.Items[0].OK || all.Items[0].Signed == nil {
		t.Fatalf("erasures %+v", all)
	}
	text, err := json.Marshal(all.Items[0].Signed)
	b.must(err)
	one, err := certificate.Read(bytes.NewReader(text))
	b.must(err)
	key := read[CertificateKey](b, b.get("/certificate-key"), http.StatusOK)
	public, err := certificate.ReadKey([]byte(key.Key))
	b.must(err)
	if err := one[0].Verify(public); err != nil || one[0].Key != key.ID || one[0].Statement.Appliance != "lon6" {
		t.Errorf("the certificate as the API gives it: %v, %+v", err, one[0])
	}
}

func TestAFenceIsTakenAwayByNameAndWithAReason(t *testing.T) {
	b := newBench(t)
	b.add(1)
	read[Job](b, b.post("/machines/FL1/erase", `{"name":"FL1"}`), http.StatusCreated)
	b.erased(false)
	if m := read[Machine](b, b.get("/machines/FL1"), http.StatusOK); !m.Flags.Fenced || m.Flags.FenceNote != "disk D1: input/output error" {
		t.Fatalf("the machine's flags are %+v", m.Flags)
	}
	b.refuses(b.post("/machines/FL1/recheck", ``), http.StatusConflict, "cannot become registered")
	b.refuses(b.post("/machines/FL1/return", `{}`), http.StatusConflict, "was not in use")
	b.refuses(b.post("/machines/FL1/retire", `{"name":"FL1"}`), http.StatusConflict, "it is fenced")
	b.refuses(b.post("/machines/FL1/unfence", `{"name":"FL2","why":"shredded"}`), http.StatusUnprocessableEntity, "type FL1")
	b.refuses(b.post("/machines/FL1/unfence", `{"name":"FL1","why":""}`), http.StatusUnprocessableEntity, "why")
	if r := b.as(auth.Technician, http.MethodPost, "/machines/FL1/unfence", `{"name":"FL1","why":"shredded"}`); r.StatusCode != http.StatusForbidden {
		t.Errorf("a technician takes the fence away: %d", r.StatusCode)
	}
	if m := read[Machine](b, b.post("/machines/FL1/unfence", `{"name":"FL1","why":"the disk was shredded"}`), http.StatusOK); m.Flags.Fenced || m.Status != "broken" {
		t.Errorf("without its fence it is %s, %+v", m.Status, m.Flags)
	}
	if m := read[Machine](b, b.post("/machines/FL1/recheck", ``), http.StatusOK); m.Status != "available" {
		t.Errorf("checked again it is %s: %s", m.Status, m.Sentence)
	}
}
