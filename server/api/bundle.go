package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/bundle"
)

type bundleInput struct {
	MachineRef
	SinceSeconds int64 `query:"since_seconds" minimum:"1" maximum:"315360000" doc:"How far back its rows go; absent: a day" example:"7200"`
}

// bundleFile documents and registers a bundle, which is no JSON.
func bundleFile(a *API, op huma.Operation) {
	const kind = "application/zip"
	op.Responses = map[string]*huma.Response{"200": {Description: "A zip archive", Content: map[string]*huma.MediaType{
		kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *bundleInput) (*huma.StreamResponse, error) {
		name, file, err := a.bundle(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			c.SetHeader("Content-Type", kind)
			c.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.zip"`, name))
			c.SetHeader("Cache-Control", "no-store")
			c.SetStatus(http.StatusOK)
			_, _ = io.Copy(c.BodyWriter(), file) // the client may be gone
		}}, nil
	})
}

// bundle makes one whole before a byte of it leaves: what cannot be gathered is
// an error, not a file that is cut short.
func (a *API) bundle(ctx context.Context, in *bundleInput) (name string, file *bytes.Buffer, err error) {
	who, _ := auth.From(ctx)
	b, err := a.Desk.Bundle(ctx, who, in.Ref, time.Duration(in.SinceSeconds)*time.Second)
	if err != nil {
		return "", nil, err
	}
	shown, err := a.boot(ctx, &in.MachineRef)
	if err != nil {
		return "", nil, err
	}
	if b.Boot, err = json.Marshal(shown); err != nil {
		return "", nil, err
	}
	b.Version = a.Version
	file = &bytes.Buffer{}
	return strings.ReplaceAll(b.About, ":", "-"), file, bundle.Write(file, b)
}
