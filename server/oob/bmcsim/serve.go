package bmcsim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// maxRequest is more than any request that a BMC understands.
const maxRequest = 64 << 10

// ServeHTTP answers one Redfish request.
func (b *BMC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.counts.Requests++
	b.mu.Unlock()
	// The body is read first: only then does net/http notice a client that left.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	f := b.Faults()
	if !b.hold(r, f) {
		panic(http.ErrAbortHandler)
	}
	a := refuse(http.StatusRequestEntityTooLarge, "GeneralError", "The request is longer than %d bytes.", maxRequest)
	if err == nil {
		a = b.answer(r, body, f)
	}
	if f.HangUp && r.Method != http.MethodGet && r.Method != http.MethodHead {
		panic(http.ErrAbortHandler)
	}
	a.write(w, f.Drop)
}

func (b *BMC) answer(r *http.Request, body []byte, f Faults) answer {
	if f.Status != 0 {
		return refuse(f.Status, "ServiceTemporarilyUnavailable", "The service is temporarily unavailable.")
	}
	at, allowed := b.find(r.URL.Path)
	if free := at.open || (at.logsIn && r.Method == http.MethodPost); !free && !b.admit(r, f) {
		return refuse(http.StatusUnauthorized, "ResourceAtUriUnauthorized", "The credentials do not grant access to %s.", r.URL.Path).
			with("WWW-Authenticate", `Basic realm="bmc"`)
	}
	if at.path == "" {
		return refuse(http.StatusNotFound, "ResourceMissingAtURI", "The resource at the URI %s was not found.", r.URL.Path)
	}
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		if at.get != nil {
			return b.show(at)
		}
	case r.Method == http.MethodPost && at.post != nil:
		return b.change(r, body, at, at.post, f)
	case r.Method == http.MethodPatch && at.patch != nil:
		return b.change(r, body, at, at.patch, f)
	case r.Method == http.MethodDelete && at.remove != nil:
		return at.remove()
	}
	return refuse(http.StatusMethodNotAllowed, "OperationNotAllowed", "The HTTP method %s is not allowed on this resource.", r.Method).with("Allow", allowed)
}

func (b *BMC) show(at route) answer {
	body := at.get()
	if body == nil {
		return refuse(http.StatusNotFound, "ResourceMissingAtURI", "The resource at the URI %s was not found.", at.path)
	}
	tag := etag(body)
	if body["@odata.id"] == nil {
		body["@odata.id"] = at.path
	}
	if !b.opts.Profile.ETagInHeaderOnly {
		body["@odata.etag"] = tag
	}
	a := ok(body).with("ETag", tag)
	if at.pending != nil && at.pending() {
		a.status = http.StatusAccepted
	}
	return a
}

// change checks what every writing request must have before it does anything.
func (b *BMC) change(r *http.Request, body []byte, at route, do func(object) answer, f Faults) answer {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "GeneralError", "The content type %q is not application/json.", kind)
	}
	var asked object
	if err := json.Unmarshal(body, &asked); err != nil || asked == nil {
		return refuse(http.StatusBadRequest, "MalformedJSON", "The request body is malformed JSON.")
	}
	if refusal, bad := b.precondition(r, at, f); bad {
		return refusal
	}
	return do(asked)
}

// precondition judges If-Match (RFC 9110 section 13.1.1) in the profile's way.
func (b *BMC) precondition(r *http.Request, at route, f Faults) (answer, bool) {
	match, p := r.Header.Get("If-Match"), b.opts.Profile
	failed := refuse(http.StatusPreconditionFailed, "PreconditionFailed", "The ETag supplied did not match the ETag required to change this resource.")
	switch {
	case f.Precondition:
		return failed, true
	case match == "" && p.DemandIfMatch && r.Method == http.MethodPatch:
		return refuse(http.StatusPreconditionRequired, "Ami.1.0.PreconditionHeaderMissing",
			"The request did not provide the required precondition, such as an If-Match or If-None-Match header."), true
	case match == "" || match == "*":
		return answer{}, false
	case r.Method == http.MethodPost:
		return failed, p.RefuseActionMatch
	}
	return failed, match != etag(at.get())
}

// admit judges the log-in: a session's token, or Basic.
func (b *BMC) admit(r *http.Request, f Faults) bool {
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		return b.knows(token)
	}
	user, password, given := r.BasicAuth()
	return given && b.login(user, password, f)
}
