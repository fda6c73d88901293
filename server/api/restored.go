package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/auth"
	"firstlight/server/operate"
)

func (a *API) thaw(ctx context.Context, in *machineOrderInput[WhyOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Thaw(ctx, who, in.Ref, in.Body.Why) })
}

func (a *API) restored(context.Context, *struct{}) (Restored, error) {
	r := a.DB.Restored()
	if r == nil {
		return Restored{}, huma.Error404NotFound("no backup was ever restored: there is nothing to reconcile")
	}
	return Restored{
		At: r.At, BackupAt: r.BackupAt, From: r.From, SafeMode: r.Open(), Until: r.Until, Frozen: a.DB.Frozen(),
		EndedAt: showTime(r.EndedAt), EndedBy: r.EndedBy, Why: r.Why,
	}, nil
}

type whyInput struct{ Body WhyOrder }

func (a *API) endSafeMode(ctx context.Context, in *whyInput) (Restored, error) {
	who, _ := auth.From(ctx)
	if err := a.Desk.EndSafeMode(ctx, who, in.Body.Why); err != nil {
		return Restored{}, err
	}
	return a.restored(ctx, nil)
}

type backupInput struct {
	Keys bool `query:"keys" doc:"With the private keys of the appliance: whoever has the file then has its secrets"`
}

// backupWrite is how long a client may take for one piece.
const backupWrite = time.Minute

// streamBackup documents and registers the backup, which is no JSON.
func streamBackup(a *API, op huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {
		Description: "A tar archive compressed with zstd",
		Content:     map[string]*huma.MediaType{"application/zstd": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(a.huma, op, func(ctx context.Context, in *backupInput) (*huma.StreamResponse, error) {
		who, _ := auth.From(ctx)
		s, err := a.Desk.Backup(ctx, who, in.Keys)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			_, w := humago.Unwrap(c)
			if err := errors.Join(sendSpool(w, s), s.Close()); err != nil {
				a.Log.WarnContext(ctx, "backup not sent", "error", err)
			}
		}}, nil
	})
}

// sendSpool sends a file piece by piece: the whole takes as long as it takes, a
// piece does not.
func sendSpool(w http.ResponseWriter, s operate.Spool) error {
	w.Header().Set("Content-Type", "application/zstd")
	w.Header().Set("Content-Disposition", `attachment; filename="firstlight.backup"`)
	w.Header().Set("Content-Length", strconv.FormatInt(s.Size(), 10))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	for {
		_ = out.SetWriteDeadline(time.Now().Add(backupWrite)) // a connection without deadlines is one of a test
		if _, err := io.CopyN(w, s, 1<<20); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
