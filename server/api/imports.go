package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/delivery"
	"firstlight/server/machine"
	"firstlight/server/operate"
)

type importInput struct {
	DryRun      bool     `query:"dry_run" doc:"Judge every line and write nothing"`
	Partial     bool     `query:"partial" doc:"Write the lines that are good and leave the others"`
	Delivery    string   `query:"delivery" maxLength:"64" doc:"Delivery that the machines belong to; it is made where it is new" example:"2026-1140"`
	Site        string   `query:"site" maxLength:"63" doc:"Of machines whose line names neither site nor rack"`
	As          string   `query:"as" enum:"expected,in_use" default:"expected" doc:"in_use adopts machines that serve already: for admins, with a reason"`
	Reason      string   `query:"reason" maxLength:"200" doc:"Why machines are adopted" example:"ran before the appliance came"`
	CreateRacks bool     `query:"create_racks" doc:"Add the racks, and for an admin the sites, that are not there"`
	Map         []string `query:"map,explode" maxItems:"64" doc:"HEADING=COLUMN; an empty column leaves the heading out; may be repeated"`
}

// ndjson is what a client accepts that wants to be told of the progress.
const ndjson = "application/x-ndjson"

// importMachines documents and registers the import. Its body is a list as
// people have it, and no document of ours.
func importMachines(a *API, op huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Description: "The list: CSV with commas, semicolons or tabs, or JSON", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{"serial,rack,unit,nic1_mac\nC0MPUT3,lon6-r12,17,52:54:00:12:34:56\n"}}},
	}}
	op.Responses = map[string]*huma.Response{"200": answer[Import](a, "The verdict on every line, and whether the list was written")}
	huma.Register(a.huma, op, func(ctx context.Context, in *importInput) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humago.Unwrap(c)
			a.bring(ctx, w, r, in)
		}}, nil
	})
}

// bring imports and answers: at once when all is done, or line by line.
func (a *API) bring(ctx context.Context, w http.ResponseWriter, r *http.Request, in *importInput) {
	text, err := io.ReadAll(r.Body) // dispatch has read it within its bounds
	if err != nil {
		a.write(w, r, err)
		return
	}
	who, _ := auth.From(ctx)
	l := operate.List{
		Text: text, Map: in.Map, Delivery: in.Delivery, Site: in.Site, InUse: in.As == "in_use", Reason: in.Reason,
		DryRun: in.DryRun, Partial: in.Partial, Create: in.CreateRacks,
	}
	told := false
	tell := func(v any) {
		if b, err := json.Marshal(v); err == nil {
			_, _ = w.Write(append(b, '\n')) // the client may be gone: its context says so
		}
		_ = http.NewResponseController(w).Flush()
	}
	if strings.Contains(r.Header.Get("Accept"), ndjson) {
		l.Progress = func(done, total int) {
			if !told {
				w.Header().Set("Content-Type", ndjson)
				told = true
			}
			tell(ImportProgress{Done: done, Total: total})
		}
	}
	got, err := a.Desk.Import(ctx, who, l)
	switch {
	case err != nil && told:
		tell(a.problem(ctx, err))
	case err != nil:
		a.write(w, r, err)
	default:
		if !told {
			w.Header().Set("Content-Type", "application/json")
		}
		tell(showImport(got, in.DryRun))
	}
}

func showImport(b *operate.Brought, dry bool) Import {
	shown := Import{
		Written: b.Written, DryRun: dry, Style: string(b.Read.Style), LeftOut: filled(b.Read.LeftOut()), Lines: make([]Verdict, len(b.Verdicts)), Missing: []string{},
		New: b.Count(delivery.New), Changed: b.Count(delivery.Update), Unchanged: b.Count(delivery.Unchanged), Refused: b.Count(delivery.Refused),
	}
	for _, p := range b.Missing {
		shown.Missing = append(shown.Missing, string(p.Kind())+" "+p.Key())
	}
	for i, v := range b.Verdicts {
		one := Verdict{Line: v.Line, Result: string(v.Result), Machine: v.Machine}
		for _, c := range v.Changes {
			one.Changes = append(one.Changes, FieldChange{Field: c.Field, Before: c.Before, After: c.After})
		}
		for _, f := range v.Faults {
			one.Faults = append(one.Faults, Fault{Field: f.Field, Value: f.Value, Detail: f.Why})
		}
		shown.Lines[i] = one
	}
	return shown
}

type adoptInput struct {
	RawBody []byte `contentType:"application/json"`
}

// adopt documents and registers the adoption of a machine by its own report,
// whose form package report keeps: an agent of any release can send it.
func adopt(a *API, op huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {}}}
	op.SkipValidateBody = true // package report reads it within bounds of its own
	op.Responses = map[string]*huma.Response{"200": answer[Welcome](a, "The machine as it is now")}
	huma.Register(a.huma, op, func(ctx context.Context, in *adoptInput) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humago.Unwrap(c)
			shown, err := a.adopted(ctx, bytes.NewReader(in.RawBody))
			if err != nil {
				a.write(w, r, err)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(shown) // the client may be gone
		}}, nil
	})
	// huma writes a string for a body that it does not read.
	op.RequestBody.Content["application/json"].Schema = &huma.Schema{Type: huma.TypeObject, Description: "What firstlight-agent report --from-os sends", Examples: []any{map[string]any{
		"reason": "ran before the appliance came",
		"report": map[string]any{
			"version": report.Version, "os": map[string]any{"hostname": "web-7", "release": "Debian GNU/Linux 12 (bookworm)"},
			"system": map[string]any{"vendor": "Dell Inc.", "product": "PowerEdge R730", "serial": "OLD0007"},
			"nics":   []any{map[string]any{"name": "eno1", "mac": "52:54:00:12:34:77"}},
		},
	}}}
}

func (a *API) adopted(ctx context.Context, sent io.Reader) (Welcome, error) {
	m, err := report.DecodeMessage[report.Adoption](sent)
	if err != nil {
		return Welcome{}, huma.Error422UnprocessableEntity(err.Error() + ": send what firstlight-agent report --from-os writes")
	}
	who, _ := auth.From(ctx)
	got, err := a.Desk.Adopt(ctx, who, &m)
	if err != nil {
		return Welcome{}, err
	}
	return Welcome{Name: got.Name, Status: string(got.Status), Sentence: got.Flags.LockNote, Page: "/machines/" + got.Name}, nil
}

type machineExportInput struct {
	Selector string `query:"selector" maxLength:"1024" doc:"Which machines; absent: all that are not retired" example:"rack=lon6-r12"`
	Format   string `query:"format" enum:"csv,json" default:"csv" doc:"How it is written"`
}

// export documents and registers the list that an import reads.
func export(a *API, op huma.Operation) {
	plain := &huma.Schema{Type: huma.TypeString}
	op.Responses = map[string]*huma.Response{"200": {Description: "The list", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: plain}, "application/json": {Schema: &huma.Schema{Type: huma.TypeObject}},
	}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *machineExportInput) (*huma.StreamResponse, error) {
		sel, err := machine.ParseSelector(in.Selector)
		if err != nil {
			return nil, at("query.selector", in.Selector, err)
		}
		all, err := a.DB.Select(ctx, sel)
		if err != nil {
			return nil, a.problem(ctx, selectorProblem(in.Selector, err))
		}
		if in.Selector == "" {
			all = there(all)
		}
		kind, write := "text/csv; charset=utf-8", delivery.WriteCSV
		if in.Format == "json" {
			kind, write = "application/json", delivery.WriteJSON
		}
		return text(kind, func(w io.Writer) error { return write(w, all) }), nil
	})
}

// there are the machines that are not gone: an import refuses those.
func there(all []*machine.Machine) (some []*machine.Machine) {
	for _, m := range all {
		if m.Status != machine.Retired {
			some = append(some, m)
		}
	}
	return some
}

func text(kind string, write func(io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", kind)
		c.SetStatus(http.StatusOK)
		_ = write(c.BodyWriter()) // the client may be gone
	}}
}

func (a *API) deliveries(ctx context.Context, _ *struct{}) (List[Delivery], error) {
	all, err := a.DB.Deliveries(ctx)
	if err != nil {
		return List[Delivery]{}, err
	}
	fleet := a.DB.Machines()
	return whole(all, func(d *machine.Delivery) Delivery {
		s := delivery.Sort(d, fleet)
		return showDelivery(d, &s)
	}), nil
}

// DeliveryPath names a delivery.
type DeliveryPath struct {
	Name string `path:"name" maxLength:"64" doc:"Its name, such as the number of the order" example:"2026-1140"`
}

func (a *API) delivery(ctx context.Context, in *DeliveryPath) (DeliveryState, error) {
	d, s, err := a.DB.Delivery(ctx, in.Name)
	if err != nil {
		return DeliveryState{}, missing("delivery", in.Name, "deliveries")
	}
	return DeliveryState{
		Delivery: showDelivery(d, &s), HandOff: s.HandOff(), FirstSeen: optionalTime(s.First), LastAvailable: optionalTime(s.Last),
		ArrivedMachines: briefs(s.Arrived), MissingMachines: briefs(s.Missing), NeverCame: briefs(s.NeverCame), UnexpectedMachines: briefs(s.Unexpected),
	}, nil
}

func briefs(all []*machine.Machine) []DeliveryMachine {
	shown := make([]DeliveryMachine, len(all))
	for i, m := range all {
		shown[i] = DeliveryMachine{Name: m.Name, Serial: m.Serial, Status: string(m.Status), Reason: m.Reason, Sentence: m.Sentence, Rack: m.Rack, Unit: m.Unit}
	}
	return shown
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func showDelivery(d *machine.Delivery, s *delivery.Standing) Delivery {
	return Delivery{
		Name: d.Name, Site: d.Site, Lines: d.Lines, CreatedBy: d.CreatedBy, CreatedAt: d.CreatedAt, ClosedBy: d.ClosedBy, ClosedAt: optionalTime(d.ClosedAt),
		Version: d.Version, Arrived: len(s.Arrived), Missing: len(s.Missing), Unexpected: len(s.Unexpected), NeverArrived: len(s.NeverCame),
	}
}

type closeInput struct {
	DeliveryPath
	Body DeliveryClose
}

func (a *API) closeDelivery(ctx context.Context, in *closeInput) (DeliveryState, error) {
	who, _ := auth.From(ctx)
	if err := a.Desk.CloseDelivery(ctx, who, in.Name, in.Body.Note); err != nil {
		return DeliveryState{}, err
	}
	return a.delivery(ctx, &in.DeliveryPath)
}

// handOff documents and registers the list with which a delivery is handed over.
func handOff(a *API, op huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {Description: "Its machines, as a list", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *DeliveryPath) (*huma.StreamResponse, error) {
		_, s, err := a.DB.Delivery(ctx, in.Name)
		if err != nil {
			return nil, missing("delivery", in.Name, "deliveries")
		}
		return text("text/csv; charset=utf-8", func(w io.Writer) error { return s.WriteHandOff(w) }), nil
	})
}
