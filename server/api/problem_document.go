package api

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// statuses say what each status of an answer means here.
var statuses = map[int]string{
	http.StatusNoContent:             "Done; the answer has no body",
	http.StatusCreated:               "Made",
	http.StatusBadRequest:            "The body cannot be read as JSON, or broke off",
	http.StatusUnauthorized:          "Nobody is logged in: send Authorization: Bearer with a token",
	http.StatusForbidden:             "The role of whoever asks is too small",
	http.StatusNotFound:              "What the path or a parameter names does not exist",
	http.StatusRequestTimeout:        "The body did not arrive in time",
	http.StatusConflict:              "The state of things refuses it; the detail says what to do first",
	http.StatusPreconditionFailed:    "It is not, or not any more, in the state that If-Match or If-None-Match says: read it again",
	http.StatusPreconditionRequired:  "It is there already, and would be replaced without a look: send If-Match",
	http.StatusRequestEntityTooLarge: "The body is larger than is taken",
	http.StatusUnsupportedMediaType:  "The body is not of a media type that is taken",
	http.StatusUnprocessableEntity:   "A value is wrong; the detail names the field, the value and the remedy",
	http.StatusInternalServerError:   "Something is wrong in the appliance itself; its log says what",
	http.StatusBadGateway:            "The machine's BMC does not answer, or refuses the log-in or the order",
	http.StatusServiceUnavailable:    "The appliance is stopping, or its database does not answer: try again when it is back",
	http.StatusGatewayTimeout:        "It took too long and nothing is known of its end: look again before you repeat it",
}

// shareProblems lets all operations share one description of each problem, and
// says what the other statuses mean.
func (a *API) shareProblems(op *huma.Operation) {
	for code, r := range op.Responses {
		status, _ := strconv.Atoi(code)
		if r.Description != http.StatusText(status) { // it says more of its own
			continue
		}
		r.Description = cmp.Or(statuses[status], r.Description)
		if status >= http.StatusBadRequest {
			op.Responses[code] = a.share(status, r)
		}
	}
}

// share keeps a problem among the components and refers to it.
func (a *API) share(status int, r *huma.Response) *huma.Response {
	name := strings.ReplaceAll(http.StatusText(status), " ", "")
	m := r.Content["application/problem+json"]
	m.Example = problemExample(status)
	inOurWords(a.resolve(m.Schema), a.resolve(&huma.Schema{Ref: "#/components/schemas/ErrorDetail"}))
	a.huma.OpenAPI().Components.Responses[name] = r
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// inOurWords describes what a problem has as it is used here.
func inOurWords(problem, detail *huma.Schema) {
	for field, says := range map[string]string{
		"type":     "Left out, which means about:blank: the status says which problem it is",
		"title":    "The status in words",
		"status":   "That of the answer",
		"detail":   "One sentence for people: what is wrong, with which value, and what to do",
		"instance": "Never sent",
		"errors":   "The fields that are wrong, where a field is",
	} {
		problem.Properties[field].Description, problem.Properties[field].Examples = says, nil
	}
	problem.Properties["detail"].Examples = []any{details[http.StatusUnprocessableEntity]}
	problem.Properties["status"].Examples = []any{http.StatusUnprocessableEntity}
	detail.Properties["location"].Description = "Where the field is: body, query, path or header, then its name"
	detail.Properties["location"].Examples = []any{"query.limit"}
	detail.Properties["message"].Description = "What is wrong with it"
	detail.Properties["value"].Description = "What was sent; left out where it is a secret"
}

// problemExample is a problem as it is answered.
func problemExample(status int) map[string]any {
	p := map[string]any{"status": status, "title": http.StatusText(status), "detail": details[status]}
	if details[status] == "" {
		p["detail"] = statuses[status]
	}
	if status == http.StatusUnprocessableEntity {
		p["errors"] = []any{map[string]any{"location": "query.limit", "message": "expected number <= 1000", "value": 5000}}
	}
	return p
}

// details are what problems say, where a sentence of statuses is too general.
var details = map[int]string{
	http.StatusForbidden:           "this needs the role engineer; you are viewer",
	http.StatusNotFound:            `machine "C0MPUT4": not found: list those that there are with GET ` + Prefix + "/machines",
	http.StatusConflict:            "machine C0MPUT3 is locked (disk under investigation): unlock it first",
	http.StatusUnprocessableEntity: "query.limit 5000: expected number <= 1000",
	http.StatusBadGateway:          "power off of machine C0MPUT3: the BMC does not answer",
}
