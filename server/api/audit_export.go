package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/auth"
)

type exportInput struct {
	AuditQuery
	Format string `query:"format" enum:"ndjson,csv" default:"ndjson" doc:"ndjson: a JSON object on each line; csv: as RFC 4180 has it, with a line of names"`
}

// exports are the forms of the audit with what writes one row of each.
var exports = map[string]struct {
	kind  string // media type
	begin func(io.Writer) (row func(auth.Entry) error)
}{
	"ndjson": {"application/x-ndjson", writeNDJSON},
	"csv":    {"text/csv; charset=utf-8", writeCSV},
}

func writeNDJSON(w io.Writer) func(auth.Entry) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return func(row auth.Entry) error { return e.Encode(AuditEntry(row)) }
}

func writeCSV(w io.Writer) func(auth.Entry) error {
	c := csv.NewWriter(w)
	write := func(cells ...string) error {
		if err := c.Write(cells); err != nil {
			return err
		}
		c.Flush()
		return c.Error()
	}
	err := write("id", "at", "who", "token", "address", "what", "object", "before", "after", "note", "hash")
	return func(e auth.Entry) error {
		if err != nil {
			return err
		}
		cells := []string{
			strconv.FormatInt(e.ID, 10), e.At.Format(time.RFC3339Nano), e.Who, e.Token, e.Address, e.What, e.Object, e.Before, e.After, e.Note, e.Hash,
		}
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		return write(cells...)
	}
}

// inert keeps a spreadsheet from taking a stranger's word for a formula: an
// apostrophe in front says that it is text.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// exportAudit documents and registers the export.
func exportAudit(a *API, op huma.Operation) {
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The rows, the oldest first",
		Content:     map[string]*huma.MediaType{"application/x-ndjson": text, "text/csv": text},
	}}
	huma.Register(a.huma, op, func(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
		who, _ := auth.From(ctx)
		if err := a.Desk.NoteExport(ctx, who, in.query(), in.Format); err != nil {
			return nil, a.problem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humago.Unwrap(c)
			a.export(w, r, in)
		}}, nil
	})
}

// export writes the rows. Where it cannot go on, it breaks the connection off,
// so that nobody takes a part for the whole.
func (a *API) export(w http.ResponseWriter, r *http.Request, in *exportInput) {
	form := exports[in.Format]
	w.Header().Set("Content-Type", form.kind)
	w.Header().Set("Content-Disposition", `attachment; filename="firstlight-audit-`+a.Now().UTC().Format("20060102T150405Z")+"."+in.Format+`"`)
	out := http.NewResponseController(w)
	row := form.begin(w)
	err := a.Desk.EachAudit(r.Context(), in.query(), func(e auth.Entry) error {
		_ = out.SetWriteDeadline(time.Now().Add(streamWrite)) // a connection of a test knows none
		return row(e)
	})
	if err != nil {
		a.Log.WarnContext(r.Context(), "export of the audit broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// AuditHead names a row of the audit.
type AuditHead struct {
	ID   int64  `json:"id" example:"4711"`
	Hash string `json:"hash" doc:"64 hex digits" example:"9f3c…"`
}

// AuditChain is how the chain of the audit is.
type AuditChain struct {
	Whole     bool      `json:"whole" doc:"Every row follows from the one before it, and the kept head is among them"`
	Rows      int64     `json:"rows" example:"4711"`
	First     int64     `json:"first" doc:"Id of the oldest row that is there" example:"1"`
	Head      AuditHead `json:"head" doc:"The newest row: keep it elsewhere, and give it the next time"`
	Forgotten int64     `json:"forgotten,omitempty" doc:"Id of the newest row that retention took"`
	Broken    int64     `json:"broken,omitempty" doc:"Id of the first row that does not follow" example:"0"`
	Why       string    `json:"why,omitempty" example:""`
}

type chainInput struct {
	ID   int64  `query:"id" minimum:"0" doc:"Of a head that was kept: shows also whether rows at the end are gone, or all were written anew"`
	Hash string `query:"hash" maxLength:"64" doc:"Of that head"`
}

func (a *API) auditChain(ctx context.Context, in *chainInput) (AuditChain, error) {
	c, err := a.Desk.VerifyAudit(ctx, auth.ChainHead{ID: in.ID, Hash: in.Hash})
	if err != nil {
		return AuditChain{}, err
	}
	return AuditChain{
		Whole: c.Broken == 0, Rows: c.Rows, First: c.First, Head: AuditHead(c.Head), Forgotten: c.Forgotten, Broken: c.Broken, Why: c.Why,
	}, nil
}
