package adopt

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

var asked = report.Adoption{
	Report: report.Report{Version: report.Version, Boot: report.Boot{MAC: "52:54:00:00:00:01"}, OS: &report.OS{Hostname: "sto1-web-1"}},
	Reason: "ran before the appliance came",
}

// serve serves h over TLS and says where, with its CA and a token.
func serve(t *testing.T, h http.HandlerFunc) Place {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go away are meant
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return Place{URL: s.URL, CAFile: file(t, "ca.crt", string(ca)), TokenFile: file(t, "token", "fl_token\n")}
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stranger is a certificate that signed no server of ours.
func stranger(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func open(t *testing.T, p Place) *Door {
	t.Helper()
	d, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheReportArrives(t *testing.T) {
	var got report.Adoption
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/adoptions" || r.Header.Get("Authorization") != "Bearer fl_token" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s with %v", r.Method, r.URL.Path, r.Header)
		}
		var err error
		if got, err = report.DecodeMessage[report.Adoption](r.Body); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"name":"C0MPUT3","status":"in_use","sentence":"In use.","page":"https://10.0.0.1:8443/m/C0MPUT3","id":"7"}`))
	})
	for _, url := range []string{p.URL, p.URL + "/"} {
		p.URL = url
		w, err := open(t, p).Adopt(t.Context(), asked)
		if err != nil {
			t.Fatal(err)
		}
		want := report.Welcome{Name: "C0MPUT3", Status: "in_use", Sentence: "In use.", Page: "https://10.0.0.1:8443/m/C0MPUT3"}
		if diff := cmp.Diff(want, w); diff != "" {
			t.Errorf("the answer differs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(asked, got); diff != "" {
			t.Errorf("what arrives differs (-want +got):\n%s", diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, kind, body string
		status           int
		want             string
	}{
		{"of a token", "application/problem+json", `{"detail":"log in, or show a token"}`, 401, "log in, or show a token"},
		{"of a state", "application/problem+json; charset=utf-8", `{"detail":"C0MPUT3 is in use already"}`, 409, "C0MPUT3 is in use already"},
		{"of a field", "application/problem+json", `{"detail":"validation failed","errors":[{"message":"expected length >= 1","location":"body.reason"},{"message":"no"}]}`, 422, "validation failed; body.reason: expected length >= 1; no"},
		{"of a field that the detail names", "application/problem+json", `{"detail":"report: it has no OS","errors":[{"message":"it has no OS","location":"body.report"}]}`, 422, "report: it has no OS"},
		{"by something else", "text/html", "<h1>nginx", 404, "is it an appliance, and of this version?"},
		{"by a problem that says nothing", "application/problem+json", "{}", 500, "is it an appliance, and of this version?"},
		{"by a problem without end", "application/problem+json", `{"detail":"` + strings.Repeat("a", report.MaxBytes), 500, "is it an appliance, and of this version?"},
		{"by sending us elsewhere", "text/html", "", 302, "is it an appliance, and of this version?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.Header().Set("Content-Type", tt.kind)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			_, err := open(t, p).Adopt(t.Context(), asked)
			var refused *appliance.Refusal
			if !errors.As(err, &refused) || refused.Status != tt.status || !strings.HasSuffix(refused.Message, tt.want) || calls != 1 {
				t.Errorf("Adopt = %v after %d calls, want one refusal with %d and %q", err, calls, tt.status, tt.want)
			}
		})
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON":   "<html>",
		"too large": `{"name":"` + strings.Repeat("a", report.MaxBytes) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
			_, err := open(t, p).Adopt(t.Context(), asked)
			if err == nil || !strings.Contains(err.Error(), "look there whether the machine is adopted") {
				t.Errorf("Adopt = %v, want doubt", err)
			}
		})
	}
}

// Whoever cannot prove to be the appliance gets no token.
func TestATokenIsNotSentToStrangers(t *testing.T) {
	p := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a stranger was asked") })
	noCA, wrongCA, otherName, noTLS := p, p, p, p
	noCA.CAFile = ""
	wrongCA.CAFile = file(t, "ca.crt", stranger(t))
	otherName.URL = strings.Replace(p.URL, "127.0.0.1", "localhost", 1)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a stranger was asked") }))
	t.Cleanup(plain.Close)
	noTLS.URL = strings.Replace(plain.URL, "http:", "https:", 1)
	for name, tt := range map[string]struct {
		place Place
		want  string
	}{
		"without its CA":     {noCA, "give the appliance's ca.crt with --ca; nothing was sent"},
		"with another CA":    {wrongCA, "give the appliance's ca.crt with --ca; nothing was sent"},
		"under another name": {otherName, "use a name of the certificate"},
		"without TLS":        {noTLS, "no appliance answers at 127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, tt.place).Adopt(t.Context(), asked)
			if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Adopt = %v, want %q", err, tt.want)
			}
		})
	}
}

// An appliance that takes the report and never answers is left in the end, and at
// once when somebody presses Ctrl-C.
func TestEveryWaitEnds(t *testing.T) {
	taken, end := make(chan struct{}, 2), make(chan struct{})
	p := serve(t, func(http.ResponseWriter, *http.Request) {
		taken <- struct{}{}
		<-end
	})
	t.Cleanup(func() { close(end) })
	d := open(t, p)
	if d.http.Timeout != callTimeout {
		t.Fatalf("the call ends after %v, want %v", d.http.Timeout, callTimeout)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-taken; cancel() }()
	if _, err := d.Adopt(ctx, asked); !errors.Is(err, context.Canceled) {
		t.Errorf("Adopt = %v after Ctrl-C", err)
	}
	d.http.Timeout = 20 * time.Millisecond
	if _, err := d.Adopt(t.Context(), asked); !errors.Is(err, ErrUnreachable) {
		t.Errorf("Adopt = %v, want that nobody answers", err)
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	good := serve(t, http.NotFound)
	for _, tt := range []struct {
		name   string
		change func(*Place)
		want   string
	}{
		{"a token in the clear", func(p *Place) { p.URL = "http://10.0.0.1:8080" }, `--to "http://10.0.0.1:8080": want the appliance as https://HOST:8443`},
		{"no host", func(p *Place) { p.URL = "https:///x" }, "https://HOST:8443"},
		{"a page", func(p *Place) { p.URL = "https://10.0.0.1:8443/m/C0MPUT3" }, "https://HOST:8443"},
		{"no token", func(p *Place) { p.TokenFile = file(t, "t", " \n") }, "want one token on one line"},
		{"two tokens", func(p *Place) { p.TokenFile = file(t, "t", "a\nb\n") }, "want one token on one line"},
		{"no file of a token", func(p *Place) { p.TokenFile = "/nowhere" }, "--token-file: open /nowhere"},
		{"no file of a CA", func(p *Place) { p.CAFile = "/nowhere" }, "--ca: open /nowhere"},
		{"no CA", func(p *Place) { p.CAFile = file(t, "ca", "-----BEGIN CERTIFICATE-----\n") }, "holds no certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := good
			tt.change(&p)
			if _, err := Open(p); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open = %v, want %q", err, tt.want)
			}
		})
	}
}
