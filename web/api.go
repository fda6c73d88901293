package web

import (
	"net/http"

	"firstlight/server/auth"
	"firstlight/web/reference"
)

// apiData is the API as people read it.
type apiData struct {
	*reference.Reference
	Document string // address of the document
	Host     string // by which whoever reads reached us
	Token    string // how tokens begin
}

// api shows the whole of the document on one page, where the browser's own
// search finds everything.
func (s *Site) api(r *http.Request) (view, error) {
	return view{title: "API", template: "api", data: apiData{s.reference, s.reference.Base + "/openapi.json", r.Host, auth.TokenPrefix}}, nil
}
