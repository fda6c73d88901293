package redfish_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/redfish"
)

// script is a BMC that answers each path with fixed text.
type script map[string]string

func (s script) serve(t *testing.T) redfish.Config {
	t.Helper()
	return stranger(t, func(w http.ResponseWriter, r *http.Request) {
		if text, found := s[strings.TrimSuffix(r.URL.Path, "/")]; found {
			_, _ = io.WriteString(w, text)
			return
		}
		http.NotFound(w, r)
	})
}

func stranger(t *testing.T, h http.HandlerFunc) redfish.Config {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	return redfish.Config{Address: srv.URL, User: "u", Password: password, Timeout: 2 * time.Second, Settle: time.Millisecond}
}

const (
	root    = "/redfish/v1"
	aRoot   = `{"Vendor":"X","Systems":{"@odata.id":"/redfish/v1/Systems"}}`
	aList   = `{"Members":[{"@odata.id":"/s/1"}]}`
	aSystem = `{"@odata.id":"/s/1","Id":"1","PowerState":"Off","SerialNumber":"A1","Actions":{"#ComputerSystem.Reset":{"target":"/s/1/reset"}}}`
)

func TestHostileAnswers(t *testing.T) {
	// elsewhere must never hear from us, whatever a BMC links to.
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host got %s %s with Authorization %q, want nothing", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	other := strings.TrimPrefix(elsewhere.URL, "https://")
	tests := []struct {
		name    string
		answers script
		want    error
		says    string
	}{
		{"no JSON", script{root: "<html>"}, errAny, "makes no sense"},
		{"JSON of another kind", script{root: `[1,2]`}, errAny, "makes no sense"},
		{"nothing at all", script{root: ``}, oob.ErrUnreachable, "EOF"},
		{"a root without systems", script{root: `{}`}, oob.ErrUnsupported, "lists no machine"},
		{"an empty collection", script{root: aRoot, root + "/Systems": `{"Members":[]}`}, oob.ErrUnsupported, "lists no machine"},
		{"a collection of nothings", script{root: aRoot, root + "/Systems": `{"Members":[null,{},{"@odata.id":""}]}`}, oob.ErrUnsupported, "lists no machine"},
		{"pages without end", script{root: aRoot, root + "/Systems": `{"Members":[],"Members@odata.nextLink":"/redfish/v1/Systems"}`}, errAny, "more than 64"},
		{"members without end", script{root: aRoot, root + "/Systems": `{"Members":[` + strings.Repeat(`{"@odata.id":"/s/1"},`, 99) + `{}]}`}, errAny, "more than 64"},
		{"a link with a host in it", script{root: `{"Systems":{"@odata.id":"@` + other + `/"}}`}, errAny, "another host"},
		{"a link that lengthens the port", script{root: `{"Systems":{"@odata.id":"0/redfish/v1/Systems"}}`}, errAny, "another host"},
		{"a link of a megabyte", script{root: `{"Systems":{"@odata.id":"@` + strings.Repeat("x", 1<<20) + `"}}`}, errAny, ""},
		{"a link that is no URL", script{root: `{"Systems":{"@odata.id":"%zz"}}`}, errAny, ""},
		{"five megabytes", script{root: `{"Vendor":"` + strings.Repeat("x", 5<<20) + `"}`}, errAny, "longer than 4 MiB"},
		{"a null machine", script{root: aRoot, root + "/Systems": aList, "/s/1": `null`}, errAny, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := test.answers.serve(t)
			c, err := redfish.Dial(t.Context(), cfg)
			if err == nil {
				_ = c.Close(t.Context())
			}
			if !matches(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Errorf("Dial() = %.300v, want %v with %q", err, test.want, test.says)
			}
			if len(fmt.Sprint(err)) > 1000 {
				t.Errorf("Dial() has an error of %d bytes, want a few words", len(err.Error()))
			}
		})
	}
}

func TestARedirectIsRefused(t *testing.T) {
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	cfg := stranger(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if _, err := redfish.Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("Dial(redirecting BMC) = %v, want an error with 307", err)
	}
}

func TestATricklingBMCIsBoundedByTheTime(t *testing.T) {
	cfg := stranger(t, func(w http.ResponseWriter, r *http.Request) {
		drip := time.NewTicker(10 * time.Millisecond)
		defer drip.Stop()
		for {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-drip.C:
			}
		}
	})
	cfg.Timeout = 100 * time.Millisecond
	if _, err := redfish.Dial(t.Context(), cfg); !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Dial(trickling BMC) = %v, want %v", err, oob.ErrUnreachable)
	}
}

func TestRefusalsInWords(t *testing.T) {
	refusal := func(id string) string {
		return `{"error":{"code":"Base.1.18.GeneralError","message":"m","@Message.ExtendedInfo":[{"MessageId":"` + id + `","Message":"it says no"}]}}`
	}
	tests := []struct {
		name   string
		status int
		body   string
		want   error
		says   string
	}{
		{"a log-in without the privilege is a matter of credentials", 403, refusal("Base.1.18.InsufficientPrivilege"), oob.ErrCredentials, "InsufficientPrivilege"},
		{"a licence that was not bought is not", 403, refusal("SMC.1.0.OemLicenseNotPassed"), oob.ErrUnsupported, "OemLicenseNotPassed"},
		{"a missing resource cannot be done", 404, "", oob.ErrUnsupported, "404"},
		{"an unknown property cannot be done", 400, refusal("Base.1.18.PropertyUnknown"), oob.ErrUnsupported, "it says no"},
		{"a machine in its self-test is neither", 400, refusal("iLO.2.14.UnableToModifyDuringSystemPOST"), errAny, "UnableToModifyDuringSystemPOST"},
		{"too many requests is for later", 429, "", oob.ErrUnreachable, "429"},
		{"a page of text is cut", 500, strings.Repeat("a", 1<<20), oob.ErrUnreachable, "aaa…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := stranger(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			_, err := redfish.Dial(t.Context(), cfg)
			if !matches(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || len(fmt.Sprint(err)) > 600 {
				t.Errorf("Dial() = %.700v, want %v with %q in few words", err, test.want, test.says)
			}
			if test.want == errAny && (errors.Is(err, oob.ErrUnreachable) || errors.Is(err, oob.ErrCredentials) || errors.Is(err, oob.ErrUnsupported)) { //nolint:errorlint // errAny is a mark
				t.Errorf("Dial() = %v, want none of the kinds", err)
			}
		})
	}
}
