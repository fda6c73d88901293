package api

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"firstlight/server/auth"
	"firstlight/server/certificate"
	"firstlight/server/machine"
)

// EraseOrder has all disks of a machine erased.
type EraseOrder struct {
	Name string `json:"name" maxLength:"200" doc:"The machine's hardware name, typed: the proof that somebody read which machine it is" example:"C0MPUT3"`
	Note string `json:"note,omitempty" maxLength:"200" doc:"Kept in the history" example:"goes to another team"`
}

// UnfenceOrder takes the fence from a machine whose erase failed.
type UnfenceOrder struct {
	Name string `json:"name" maxLength:"200" doc:"The machine's hardware name, typed" example:"C0MPUT3"`
	Why  string `json:"why" minLength:"1" maxLength:"200" doc:"What became of the disk that could not be erased; kept in timeline and audit" example:"the disk was shredded"`
}

// Erasure is what became of one disk in one erase.
type Erasure struct {
	At        time.Time          `json:"at"`
	Job       string             `json:"job" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`
	Attempt   int                `json:"attempt" example:"1"`
	Serial    string             `json:"serial" doc:"Of the disk" example:"S3X7NB0K"`
	Model     string             `json:"model,omitempty" example:"INTEL SSDPE2KX040T8"`
	WWN       string             `json:"wwn,omitempty" example:"eui.01000000010000005cd2e4"`
	Bytes     uint64             `json:"bytes" example:"4000787030016"`
	Transport string             `json:"transport,omitempty" example:"nvme"`
	OK        bool               `json:"ok" doc:"It is proven erased; else what was on it may still be there"`
	Method    string             `json:"method,omitempty" doc:"The way that it went, or went last" example:"format-crypto"`
	Category  string             `json:"category,omitempty" enum:"clear,purge" doc:"Of NIST SP 800-88; absent where it is not proven erased"`
	Tried     []string           `json:"tried,omitempty" doc:"In vain, before: the way and why" example:"[\"sanitize-crypto: not supported\"]"`
	Error     string             `json:"error,omitempty" doc:"Why it is not proven" example:"write at 4 GB: input/output error"`
	Read      uint64             `json:"bytes_read_back" example:"1048576"`
	Whole     bool               `json:"read_back_whole" doc:"Every block was read back"`
	Fill      string             `json:"read_back_as,omitempty" enum:"00,ff,random" doc:"What was read" example:"00"`
	Seconds   float64            `json:"seconds" example:"3.2"`
	Signed    *SignedCertificate `json:"certificate,omitempty" doc:"Verify it with firstlight certificate verify, which needs no appliance; absent where it is not proven erased"`
}

// SignedCertificate is a certificate as package certificate writes it.
type SignedCertificate struct {
	Statement json.RawMessage `json:"statement" doc:"What is signed: the machine, the disk, how it was erased and what was read back, when, by which job and for whom"`
	Key       string          `json:"key" doc:"Id of the public key" example:"3b8c1f0e6a5d4c3b2a19081726354453"`
	Signature string          `json:"signature" doc:"Ed25519, of the statement's canonical JSON, in base64" example:"bm90IGEgc2lnbmF0dXJl"`
}

// CertificateKey verifies certificates of erased disks.
type CertificateKey struct {
	ID  string `json:"id" doc:"As certificates name it" example:"3b8c1f0e6a5d4c3b2a19081726354453"`
	Key string `json:"key" doc:"PEM" example:"-----BEGIN PUBLIC KEY-----"`
}

func (a *API) erase(ctx context.Context, in *machineOrderInput[EraseOrder]) (Job, error) {
	who, _ := auth.From(ctx)
	j, err := a.Desk.Erase(ctx, who, in.Ref, in.Body.Name, in.Body.Note)
	if err != nil {
		return Job{}, err
	}
	return a.showJob(j), nil
}

func (a *API) unfence(ctx context.Context, in *machineOrderInput[UnfenceOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Unfence(ctx, who, in.Ref, in.Body.Name, in.Body.Why) })
}

func (a *API) erasures(ctx context.Context, in *MachineRef) (List[Erasure], error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return List[Erasure]{}, err
	}
	jobs, err := a.DB.Erases(ctx, m.ID)
	if err != nil {
		return List[Erasure]{}, err
	}
	var all []Erasure
	for _, j := range jobs {
		for _, done := range slices.Backward(j.Erase.Done) {
			e, err := showErasure(j, done)
			if err != nil {
				return List[Erasure]{}, err
			}
			all = append(all, e)
		}
	}
	return whole(all, func(e Erasure) Erasure { return e }), nil
}

func showErasure(j *machine.Job, e machine.Erasure) (Erasure, error) {
	shown := Erasure{
		At: e.At.UTC(), Job: j.ID, Attempt: e.Attempt, Serial: e.Disk.Serial, Model: e.Disk.Model, WWN: e.Disk.WWN, Bytes: e.Disk.Bytes, Transport: e.Disk.Transport,
		OK: e.OK, Method: e.Method, Category: e.Category, Tried: e.Tried, Error: e.Error, Read: e.Read, Whole: e.Whole, Fill: e.Fill, Seconds: e.Seconds,
	}
	if e.Certificate == "" {
		return shown, nil
	}
	shown.Signed = &SignedCertificate{}
	return shown, json.Unmarshal([]byte(e.Certificate), shown.Signed)
}

func (a *API) certificateKey(context.Context, *struct{}) (CertificateKey, error) {
	text, err := certificate.EncodeKey(a.Desk.EraseKey)
	return CertificateKey{ID: certificate.KeyID(a.Desk.EraseKey), Key: text}, err
}
