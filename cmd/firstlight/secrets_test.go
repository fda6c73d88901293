package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstlight/agent/identity"
	"firstlight/agent/report"
	"firstlight/server/api"
	"firstlight/server/auth"
	"firstlight/server/machine"
)

// TestSecretsStayWhereTheyBelong (J-08, SDB-16, W-09) gives the real program
// secrets through every door that takes or makes one, rightly and wrongly, and
// then looks for them in everything that it wrote, keeps, prints and answers.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("SKIPPED: ip is not installed; nothing was tested")
	}
	if err := lay("secret0", "secret1", "10.82.1.1/24"); err != nil {
		t.Fatal(err)
	}
	// The machine's own: what reports from the appliance's would be named so.
	if out, err := exec.Command("ip", "address", "add", "10.82.1.100/24", "dev", "secret0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := newSecretRun(t)
	r.start()
	r.people()
	r.bmcs()
	r.tokens()
	r.agents()
	r.wrongly()
	r.restart() // what was in the WAL is in the file, and the journal is on disk
	r.look()
	if len(r.canaries) < 20 {
		t.Errorf("only %d secrets went through the appliance: want 20", len(r.canaries))
	}
	t.Logf("%d secrets, %d places looked at", len(r.canaries), r.looked)
}

// secretRun is a running appliance and the secrets that it was given.
type secretRun struct {
	*testing.T
	dir, state string
	child      *exec.Cmd
	out        *os.File // what it printed and logged, at level debug
	client     *http.Client
	cookie     string
	canaries   map[string]string // by what it is
	shown      []byte            // every answer
	looked     int
}

const (
	secretsDoor   = "https://127.0.0.1:9443"
	secretsBoot   = "http://10.82.1.1"
	secretsConfig = `state: state
interfaces: [{name: secret0, address: 10.82.1.1}]
people: {listen: "127.0.0.1:9443"}
site: {name: lon6, domain: lon6.example, bmc: {user: root, password_file: site.password}}
vendors: [{vendor: Firstlight, user: admin, password_file: vendor.password}]
subnets: [{name: lab, prefix: 10.82.1.0/24, ranges: [10.82.1.100-10.82.1.199], policy: register}]
rules: [{name: db, match: "subnet=lab", site: lon6, role: db, image: debian-12}]
log: {level: debug}
`
)

func newSecretRun(t *testing.T) *secretRun {
	dir := t.TempDir()
	r := &secretRun{T: t, dir: dir, state: filepath.Join(dir, "state"), canaries: map[string]string{}}
	image, err := json.Marshal(machine.Image{Name: "debian-12", Arch: "amd64", File: "debian-12.raw", Compressed: 4, Bytes: 4, SHA256: strings.Repeat("0", 64)})
	r.must(err, os.MkdirAll(filepath.Join(r.state, "images"), 0o750))
	for name, text := range map[string]string{
		"firstlight.yaml": secretsConfig, "state/images/debian-12.json": string(image), "state/images/debian-12.raw": "disk",
		"site.password": r.canary("BMC password of the site"), "vendor.password": r.canary("BMC password of a vendor"),
	} {
		r.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	r.out, err = os.Create(filepath.Join(dir, "out"))
	r.must(err)
	return r
}

// canary makes a secret that stands nowhere else.
func (r *secretRun) canary(what string) string {
	r.canaries[what] = fmt.Sprintf("Canary%02dq%dZx", len(r.canaries), time.Now().UnixNano())
	return r.canaries[what]
}

func (r *secretRun) must(errs ...error) {
	r.Helper()
	if err := cmp.Or(errs...); err != nil {
		r.Fatal(err)
	}
}

func (r *secretRun) start() {
	r.Helper()
	r.child = &exec.Cmd{Path: os.Args[0], Args: []string{"firstlight", "serve", "--config", "firstlight.yaml"}, Dir: r.dir, Stdout: r.out, Stderr: r.out}
	r.must(r.child.Start())
	child := r.child
	r.Cleanup(func() { _ = child.Process.Kill() })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if pem, err := os.ReadFile(filepath.Join(r.state, "ca.crt")); err == nil {
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(pem)
			r.client = &http.Client{
				Timeout:       20 * time.Second,
				Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: dialAsMachine},
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			if res, err := r.client.Get(secretsDoor + "/healthz"); err == nil {
				r.must(res.Body.Close())
				return
			}
		}
		if time.Now().After(deadline) {
			r.Fatalf("the appliance does not answer: %s", r.printed())
		}
	}
}

// dialAsMachine reaches the machines' door from a machine's address.
func dialAsMachine(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{}
	if strings.HasPrefix(address, "10.82.") {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(10, 82, 1, 100)}
	}
	return d.DialContext(ctx, network, address)
}

func (r *secretRun) stop() {
	r.Helper()
	r.must(r.child.Process.Signal(syscall.SIGTERM), r.child.Wait())
}

func (r *secretRun) restart() {
	r.Helper()
	r.stop()
	r.start()
}

func (r *secretRun) printed() string {
	text, err := os.ReadFile(r.out.Name())
	r.must(err)
	return string(text)
}

// send asks and gives the answer's status, headers and body.
func (r *secretRun) send(method, address, contentType, body string, headers ...string) (*http.Response, []byte) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, address, strings.NewReader(body))
	r.must(err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if r.cookie != "" {
		req.AddCookie(&http.Cookie{Name: auth.Cookie, Value: r.cookie})
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.client.Do(req)
	r.must(err)
	defer res.Body.Close() //nolint:errcheck // it is read
	text, err := io.ReadAll(res.Body)
	r.must(err)
	return res, text
}

// ask is one that must be granted. What it answers may hold the secret that it
// makes; it is told apart from everything that is asked later.
func (r *secretRun) ask(method, path string, body any, into any, headers ...string) {
	r.Helper()
	text, err := json.Marshal(body)
	r.must(err)
	res, got := r.send(method, secretsDoor+api.Prefix+path, "application/json", string(text), headers...)
	if res.StatusCode >= 300 {
		r.Fatalf("%s %s = %d %s", method, path, res.StatusCode, got)
	}
	if into != nil {
		r.must(json.Unmarshal(got, into))
	}
}

// form posts to a page and gives the answer.
func (r *secretRun) form(path string, pairs ...string) (*http.Response, string) {
	r.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	res, body := r.send(http.MethodPost, secretsDoor+path, "application/x-www-form-urlencoded", values.Encode(), "Sec-Fetch-Site", "same-origin")
	return res, string(body)
}

func (r *secretRun) login(path string, pairs ...string) string {
	r.Helper()
	r.cookie = ""
	res, body := r.form(path, pairs...)
	for _, c := range res.Cookies() {
		if c.Name == auth.Cookie {
			return c.Value
		}
	}
	r.Fatalf("POST %s = %d %s: no session", path, res.StatusCode, body)
	return ""
}

// firstCode is the code of the first admin, which is printed once the door
// answers.
func (r *secretRun) firstCode() string {
	r.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if code := regexp.MustCompile(`one-time code (\S+)\s`).FindStringSubmatch(r.printed()); code != nil {
			return code[1]
		}
		if time.Now().After(deadline) {
			r.Fatalf("no code in %s", r.printed())
		}
	}
}

// people makes accounts: codes, passwords and sessions.
func (r *secretRun) people() {
	code := r.firstCode()
	password := r.canary("password of the first admin")
	r.canaries["session of the first admin"] = r.login("/login/code", "code", code, "name", "ada", "password", password)
	r.cookie = r.canaries["session of the first admin"]
	var made api.UserCode
	r.ask(http.MethodPost, "/users", api.UserOrder{Name: "grace", Role: "engineer"}, &made, "Idempotency-Key", "add-grace")
	r.canaries["one-time code by API"] = made.Code
	_, page := r.form("/people", "name", "eve", "role", "viewer", "teams", "")
	invited := regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`).FindString(page)
	if invited == "" {
		r.Fatalf("no code on the page: %s", page)
	}
	r.canaries["one-time code by page"] = invited
	admin := r.cookie
	r.canaries["session by code"] = r.login("/login/code", "code", made.Code, "name", "grace", "password", r.canary("password by code"))
	r.cookie = r.canaries["session by code"]
	r.ask(http.MethodPut, "/me/password", api.PasswordOrder{Old: r.canaries["password by code"], New: r.canary("password changed by API")}, nil)
	r.canaries["session by password"] = r.login("/login", "name", "grace", "password", r.canaries["password changed by API"])
	r.cookie = r.canaries["session by password"]
	if res, body := r.form("/account/password", "old", r.canaries["password changed by API"], "password", r.canary("password changed by page")); res.StatusCode >= 400 {
		r.Fatalf("change of password by page = %d %s", res.StatusCode, body)
	}
	r.cookie = admin
}

// bmcs gives log-ins by API and command line, for machines that are not known.
func (r *secretRun) bmcs() {
	r.ask(http.MethodPut, "/bmc-logins/C0MPUT9", api.BMCLogin{Address: "10.82.1.250", User: "root", Password: r.canary("BMC password by API")}, nil)
	list := filepath.Join(r.dir, "logins.csv")
	r.must(os.WriteFile(list, []byte("serial,bmc_user,bmc_password\nC0MPUT4,root,"+r.canary("BMC password by list")+"\n"), 0o600))
	r.command("bmc", "import", list)
	r.must(os.Remove(list))
}

// command runs firstlight on the socket; what it prints is looked at.
func (r *secretRun) command(args ...string) string {
	r.Helper()
	c := &exec.Cmd{Path: os.Args[0], Args: append([]string{"firstlight"}, args...), Dir: r.dir, Env: append(os.Environ(), "FIRSTLIGHT_SOCKET="+filepath.Join(r.state, "firstlight.sock"))}
	out, err := c.CombinedOutput()
	if err != nil {
		r.Fatalf("firstlight %s: %v: %s", args, err, out)
	}
	r.shown = append(r.shown, out...)
	return string(out)
}

// tokens makes some, by API and by page.
func (r *secretRun) tokens() {
	var made api.NewToken
	r.ask(http.MethodPost, "/tokens", api.TokenOrder{Label: "ci", Role: "viewer", LifetimeSeconds: 3600}, &made, "Idempotency-Key", "make-ci")
	r.canaries["token by API"] = made.Secret
	_, page := r.form("/account/tokens", "label", "by page", "role", "viewer", "days", "1")
	token := regexp.MustCompile(auth.TokenPrefix + `[0-9A-Za-z_-]{20,}`).FindString(page)
	if token == "" {
		r.Fatalf("no token on the page: %s", page)
	}
	r.canaries["token by page"] = token
}

// agents registers a machine and installs it: its session and the tokens of its
// job.
func (r *secretRun) agents() {
	cookie := r.cookie
	r.cookie = ""
	_, script := r.send(http.MethodGet, secretsBoot+"/boot/script?mac=52:54:00:12:34:56&uuid=&serial=C0MPUT3&platform=bios", "", "")
	token := regexp.MustCompile(`firstlight\.token=(\S+)`).FindSubmatch(script)
	if token == nil {
		r.Fatalf("no boot token in %s", script)
	}
	r.canaries["boot token"] = string(token[1])
	key := identity.New(identity.NewSeed(), 0)
	shown, err := json.Marshal(key.Enrol(string(token[1])))
	r.must(err)
	var e report.Enrolled
	if res, got := r.send(http.MethodPost, secretsBoot+"/agent/v1/enrol", "application/json", string(shown)); res.StatusCode != http.StatusOK || json.Unmarshal(got, &e) != nil {
		r.Fatalf("enrolment = %d %s", res.StatusCode, got)
	}
	r.canaries["session of an agent"] = e.Session
	agent := func(method, path string, in any, out any) {
		body, err := json.Marshal(in)
		r.must(err)
		if in == nil {
			body = nil
		}
		res, got := r.send(method, secretsBoot+path, "application/json", string(body), "Authorization", report.SessionScheme+" "+e.Session,
			report.ProofHeader, key.Sign(e.Challenge, e.Session, method, path, body).String())
		if res.StatusCode >= 300 {
			r.Fatalf("%s %s = %d %s", method, path, res.StatusCode, got)
		}
		if out != nil && len(got) > 0 {
			r.must(json.Unmarshal(got, out))
		}
	}
	agent(http.MethodPost, "/agent/v1/report", report.Report{
		Version: report.Version, Boot: report.Boot{ID: "boot-1", MAC: "52:54:00:12:34:56", Platform: "bios"},
		System: report.System{Vendor: "Firstlight", Product: "VR-1", Serial: "C0MPUT3", UUID: "11111111-2222-4333-8444-555555555555"},
		Disks:  []report.Disk{{Name: "vda", Serial: "D1", Bytes: 1 << 33}}, NICs: []report.NIC{{Name: "eth0", MAC: "52:54:00:12:34:56"}},
	}, nil)
	var order report.Order
	for deadline := time.Now().Add(20 * time.Second); order.Token == "" && time.Now().Before(deadline); {
		agent(http.MethodGet, "/agent/v1/order?seen="+order.ID, nil, &order)
	}
	if order.Token == "" {
		r.Fatalf("no token in the order %+v: %s", order, r.command("machine", "timeline", "C0MPUT3"))
	}
	r.canaries["token of an install"] = order.Token
	var plan report.Plan
	agent(http.MethodPost, "/agent/v1/redeem", report.Redeem{Order: order.ID, Token: order.Token}, &plan)
	home := regexp.MustCompile(`/home/v1/([0-9A-Za-z_-]+)`).FindStringSubmatch(fmt.Sprint(plan.Seed))
	if home == nil {
		r.Fatalf("no call home in %v", plan.Seed)
	}
	r.canaries["token of the call home"] = home[1]
	r.cookie = cookie
	// Now that the machine is known, by its page.
	if res, body := r.form("/machines/C0MPUT3/bmc", "address", "10.82.1.250", "user", "root", "password", r.canary("BMC password by page")); res.StatusCode >= 400 {
		r.Fatalf("BMC log-in by page = %d %s", res.StatusCode, body)
	}
}

// wrongly gives secrets where they are refused: a typing error must not be
// kept, nor shown to whoever looks over a shoulder.
func (r *secretRun) wrongly() {
	kept := r.cookie
	post := func(path, contentType, body string, headers ...string) {
		res, got := r.send(http.MethodPost, secretsDoor+path, contentType, body, headers...)
		r.shown = append(r.shown, got...)
		if res.StatusCode < 400 {
			r.Errorf("POST %s = %d, want it refused", path, res.StatusCode)
		}
	}
	r.cookie = ""
	for path, pairs := range map[string][]string{
		"/login":      {"name", "ada", "password", r.canary("wrong password")},
		"/login/code": {"name", "ada", "code", r.canary("wrong code"), "password", r.canary("password with a wrong code")},
	} {
		_, body := r.form(path, pairs...)
		r.shown = append(r.shown, body...)
	}
	for what, header := range map[string]string{"wrong token": "Bearer " + auth.TokenPrefix, "wrong kind of token": "Bearer "} {
		post(api.Prefix+"/jobs", "application/json", "{}", "Authorization", header+r.canary(what))
	}
	r.cookie = r.canary("wrong session")
	post(api.Prefix+"/jobs", "application/json", "{}")
	r.cookie = kept
	put := func(path, body string) {
		res, got := r.send(http.MethodPut, secretsDoor+api.Prefix+path, "application/json", body)
		r.shown = append(r.shown, got...)
		if res.StatusCode < 400 {
			r.Errorf("PUT %s %s = %d, want it refused", path, body, res.StatusCode)
		}
	}
	put("/me/password", fmt.Sprintf(`{"old": %q, "new": %q}`, r.canary("wrong old password"), r.canary("new password with a wrong old one")))
	put("/me/password", fmt.Sprintf(`{"old": %q, "new": %q}`, "short", strings.Repeat(r.canary("password that is too long"), 20)))
	put("/me/password", fmt.Sprintf(`{"old": [%q], "new": 7}`, r.canary("password of the wrong type")))
	put("/me/password", fmt.Sprintf(`{"password": %q}`, r.canary("password in an unknown field")))
	put("/me/password", fmt.Sprintf(`{"old": "%s`, r.canary("password in broken JSON")))
	put("/bmc-logins/C0MPUT3", fmt.Sprintf(`{"user": "", "password": %q}`, r.canary("BMC password without a user")))
	put("/bmc-logins/C0MPUT3", fmt.Sprintf(`{"user": "root", "password": %q}`, strings.Repeat(r.canary("BMC password that is too long"), 10)))
	put("/bmc-logins/C0MPUT3", fmt.Sprintf(`{"user": "root", "password": {"x": %q}}`, r.canary("BMC password of the wrong type")))
	r.cookie = ""
	for _, address := range []string{
		secretsBoot + "/home/v1/" + r.canary("wrong token of a call home"),
		secretsBoot + "/agent/v1/report",
	} {
		_, got := r.send(http.MethodPost, address, "application/json", `{}`, "Authorization", "Bearer "+r.canary("wrong session of an agent "+address))
		r.shown = append(r.shown, got...)
	}
	r.cookie = kept
}

// noDatabase restores into a database server that there is not.
func (r *secretRun) noDatabase(user, environment, want string) {
	r.Helper()
	args := []string{"firstlight", "restore", "--config", "other.yaml", "--confirm", "lon6", "--database", "postgres://" + user + "@127.0.0.1:1/none", "plain.backup"}
	c := &exec.Cmd{Path: os.Args[0], Args: args, Dir: r.dir, Env: append(os.Environ(), environment)}
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), want) {
		r.Errorf("firstlight %s = %v %s, want %q", args[1:], err, out, want)
	}
	r.in("what a restore says that has no database", out)
}
