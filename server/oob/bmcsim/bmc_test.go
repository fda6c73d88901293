package bmcsim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = oob.Secret("correct horse")

type machine struct {
	mu      sync.Mutex
	running bool
	last    oob.BootDevice
	fail    error
	serial  string
}

func (m *machine) Identity() oob.Identity { return oob.Identity{Vendor: "Contoso", Serial: m.serial} }

func (m *machine) PowerOn(_ context.Context, next oob.BootDevice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running, m.last = m.fail == nil, next
	return m.fail
}

func (m *machine) PowerOff(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = false
	return m.fail
}

func (m *machine) Running() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.running }

const (
	systemPath  = "/redfish/v1/Systems/1"
	chassisPath = "/redfish/v1/Chassis/1"
	resetPath   = systemPath + "/Actions/ComputerSystem.Reset"
	pxe         = `{"Boot":{"BootSourceOverrideEnabled":"Once","BootSourceOverrideTarget":"Pxe"}}`
)

func newBMC(t *testing.T, o bmcsim.Options) (*bmcsim.BMC, *machine) {
	t.Helper()
	o.Password = password
	m := &machine{serial: "SN1"}
	b := bmcsim.New(m, o)
	t.Cleanup(b.Close)
	return b, m
}

// ask sends one request with the right log-in; edit changes it before.
func ask(b http.Handler, method, path, body string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth("admin", string(password))
	r.Header.Set("Content-Type", "application/json")
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func without(header string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(header) }
}

func with(header, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

func messageID(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Error struct {
			Info []struct{ MessageID string } `json:"@Message.ExtendedInfo"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body.Error.Info) == 0 {
		return ""
	}
	id := body.Error.Info[0].MessageID
	return id[strings.LastIndexByte(id, '.')+1:]
}

func TestRequestsAreJudgedStrictly(t *testing.T) {
	no, ami, idrac := bmcsim.Profile{}, bmcsim.AMI(), bmcsim.IDRAC()
	amiPath, idracPath := "/redfish/v1/Systems/Self", "/redfish/v1/Systems/System.Embedded.1"
	tests := []struct {
		name               string
		profile            bmcsim.Profile
		method, path, body string
		edit               []func(*http.Request)
		status             int
		id                 string
	}{
		{"the service root is open to all", no, "GET", "/redfish/v1/", "", []func(*http.Request){without("Authorization")}, 200, ""},
		{"the version list is open to all", no, "GET", "/redfish", "", []func(*http.Request){without("Authorization")}, 200, ""},
		{"all else needs a log-in", no, "GET", "/redfish/v1/Systems", "", []func(*http.Request){without("Authorization")}, 401, "ResourceAtUriUnauthorized"},
		{"the list of sessions needs one too", no, "GET", "/redfish/v1/SessionService/Sessions", "", []func(*http.Request){without("Authorization")}, 401, "ResourceAtUriUnauthorized"},
		{"what is not there needs one too", no, "GET", "/redfish/v1/Nothing", "", []func(*http.Request){without("Authorization")}, 401, "ResourceAtUriUnauthorized"},
		{"what is not there is missing", no, "GET", "/redfish/v1/Nothing", "", nil, 404, "ResourceMissingAtURI"},
		{"a machine by a guessed id is missing", idrac, "GET", systemPath, "", nil, 404, "ResourceMissingAtURI"},
		{"a wrong method is not allowed", no, "PUT", systemPath, "{}", nil, 405, "OperationNotAllowed"},
		{"an action cannot be read", no, "GET", resetPath, "", nil, 405, "OperationNotAllowed"},
		{"a body of another type is refused", no, "PATCH", systemPath, pxe, []func(*http.Request){with("Content-Type", "text/plain")}, 415, "GeneralError"},
		{"a body that is no JSON is refused", no, "PATCH", systemPath, "{", nil, 400, "MalformedJSON"},
		{"an unknown property is refused", no, "PATCH", systemPath, `{"Colour":"red"}`, nil, 400, "PropertyUnknown"},
		{"an unknown property inside is refused", no, "PATCH", systemPath, `{"Boot":{"Colour":"red"}}`, nil, 400, "PropertyUnknown"},
		{"a read-only property is refused", no, "PATCH", systemPath, `{"PowerState":"On"}`, nil, 400, "PropertyNotWritable"},
		{"a value outside the list is refused", no, "PATCH", systemPath, `{"Boot":{"BootSourceOverrideTarget":"Tape"}}`, nil, 400, "PropertyValueNotInList"},
		{"a value of another kind is refused", no, "PATCH", systemPath, `{"Boot":1}`, nil, 400, "PropertyValueTypeError"},
		{"a good change has nothing to say", no, "PATCH", systemPath, pxe, nil, 204, ""},
		{"a stale ETag is refused", no, "PATCH", systemPath, pxe, []func(*http.Request){with("If-Match", `"old"`)}, 412, "PreconditionFailed"},
		{"any ETag is good enough", no, "PATCH", systemPath, pxe, []func(*http.Request){with("If-Match", "*")}, 204, ""},
		{"AMI demands an ETag", ami, "PATCH", amiPath, pxe, nil, 428, "PreconditionHeaderMissing"},
		{"iDRAC takes the boot override in the settings only", idrac, "PATCH", idracPath, pxe, nil, 400, "PropertyNotWritable"},
		{"iDRAC takes it there", idrac, "PATCH", idracPath + "/Settings", pxe, nil, 204, ""},
		{"iDRAC refuses an ETag at an action", idrac, "POST", idracPath + "/Actions/ComputerSystem.Reset", `{"ResetType":"On"}`, []func(*http.Request){with("If-Match", "\"x\"")}, 412, "PreconditionFailed"},
		{"iDRAC refuses the power that holds", idrac, "POST", idracPath + "/Actions/ComputerSystem.Reset", `{"ResetType":"ForceOff"}`, nil, 409, "PSU501"},
		{"the light is set", no, "PATCH", systemPath, `{"LocationIndicatorActive":true}`, nil, 204, ""},
		{"the light is on or off", no, "PATCH", systemPath, `{"LocationIndicatorActive":"Lit"}`, nil, 400, "PropertyValueNotInList"},
		{"the light has one property", no, "PATCH", systemPath, `{"IndicatorLED":"Lit"}`, nil, 400, "PropertyUnknown"},
		{"the light is the machine's", no, "PATCH", chassisPath, `{"LocationIndicatorActive":true}`, nil, 400, "PropertyUnknown"},
		{"iLO's light is the chassis'", bmcsim.ILO(), "PATCH", chassisPath, `{"LocationIndicatorActive":true}`, nil, 204, ""},
		{"AMI's light has three words", ami, "PATCH", chassisPath, `{"IndicatorLED":"Green"}`, []func(*http.Request){with("If-Match", "*")}, 400, "PropertyValueNotInList"},
		{"iDRAC's light is never off", idrac, "PATCH", chassisPath, `{"IndicatorLED":"Off"}`, nil, 400, "PropertyValueNotInList"},
		{"nothing to change is refused", no, "PATCH", chassisPath, `{}`, nil, 400, "PropertyMissing"},
		{"nothing to change of the machine is refused", no, "PATCH", systemPath, `{}`, nil, 400, "PropertyValueNotInList"},
		{"a reset without its kind is refused", no, "POST", resetPath, `{}`, nil, 400, "ActionParameterMissing"},
		{"a reset with more is refused", no, "POST", resetPath, `{"ResetType":"On","Now":true}`, nil, 400, "ActionParameterUnknown"},
		{"an unknown reset is refused", no, "POST", resetPath, `{"ResetType":"Explode"}`, nil, 400, "ActionParameterValueNotInList"},
		{"a request of a megabyte is refused", no, "POST", resetPath, `{"ResetType":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "GeneralError"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, m := newBMC(t, bmcsim.Options{Profile: test.profile})
			w := ask(b, test.method, test.path, test.body, test.edit...)
			if w.Code != test.status || messageID(t, w) != test.id {
				t.Errorf("%s %s = %d %q, want %d %q: %.300s", test.method, test.path, w.Code, messageID(t, w), test.status, test.id, w.Body)
			}
			if m.Running() || b.Counts().PowerOns+b.Counts().PowerOffs != 0 {
				t.Error("the machine was touched, want it left alone")
			}
			if w.Code == 405 && w.Header().Get("Allow") == "" {
				t.Error("405 without Allow, want the methods named (RFC 9110 section 15.5.6)")
			}
		})
	}
}

func TestForceRestartIsOffThenOnAndUsesTheOverrideUp(t *testing.T) {
	b, m := newBMC(t, bmcsim.Options{})
	ask(b, "POST", resetPath, `{"ResetType":"On"}`)
	ask(b, "PATCH", systemPath, pxe)
	if w := ask(b, "POST", resetPath, `{"ResetType":"ForceRestart"}`); w.Code != 204 {
		t.Fatalf("ForceRestart = %d, want 204: %s", w.Code, w.Body)
	}
	if got := b.Counts(); got.PowerOns != 2 || got.PowerOffs != 1 || m.last != oob.BootNetwork {
		t.Errorf("after ForceRestart %+v, last boot %q, want 2 on, 1 off, from network", got, m.last)
	}
	if got := b.TakeNextBoot(); got != oob.BootNormal {
		t.Errorf("TakeNextBoot() = %q, want it used up", got)
	}
}

func TestAMachineThatStartsAgainByItselfAsksItsBMC(t *testing.T) {
	b, _ := newBMC(t, bmcsim.Options{})
	ask(b, "PATCH", systemPath, pxe)
	if first, second := b.TakeNextBoot(), b.TakeNextBoot(); first != oob.BootNetwork || second != oob.BootNormal {
		t.Errorf("TakeNextBoot() twice = %q, %q, want network, then normal", first, second)
	}
	ask(b, "PATCH", systemPath, strings.Replace(pxe, "Once", "Continuous", 1))
	if first, second := b.TakeNextBoot(), b.TakeNextBoot(); first != oob.BootNetwork || second != oob.BootNetwork {
		t.Errorf("TakeNextBoot() twice of a continuous one = %q, %q, want network both times", first, second)
	}
}

func TestAFailingMachineIsAnInternalError(t *testing.T) {
	b, m := newBMC(t, bmcsim.Options{})
	m.fail = context.DeadlineExceeded
	if w := ask(b, "POST", resetPath, `{"ResetType":"On"}`); w.Code != 500 || messageID(t, w) != "InternalError" {
		t.Errorf("power-on of a broken machine = %d %q, want 500 InternalError", w.Code, messageID(t, w))
	}
	if got := b.Counts().PowerOns; got != 0 {
		t.Errorf("a failed power-on counts %d, want 0", got)
	}
}

func TestTheBootModeFallsBackWhereItMustBeSent(t *testing.T) {
	b, _ := newBMC(t, bmcsim.Options{Profile: bmcsim.Supermicro()})
	ask(b, "PATCH", systemPath, pxe)
	if w := ask(b, "GET", systemPath, ""); !strings.Contains(w.Body.String(), `"BootSourceOverrideMode":"Legacy"`) {
		t.Errorf("GET after a PATCH without the mode = %s, want it fallen back to Legacy", w.Body)
	}
}

func TestWhoStandsBeforeTheMachineSeesItsLight(t *testing.T) {
	var seen []oob.Indicator
	b, _ := newBMC(t, bmcsim.Options{Profile: bmcsim.IRMC(), Indicate: func(i oob.Indicator) { seen = append(seen, i) }})
	for _, led := range []string{"Blinking", "Blinking", "Lit", "Off"} {
		if w := ask(b, "PATCH", "/redfish/v1/Systems/0", `{"IndicatorLED":"`+led+`"}`); w.Code != 204 {
			t.Fatalf("PATCH %s = %d, want 204: %s", led, w.Code, w.Body)
		}
		if w := ask(b, "GET", "/redfish/v1/Systems/0", ""); !strings.Contains(w.Body.String(), `"IndicatorLED":"`+led+`"`) {
			t.Errorf("GET after %s = %s, want it shown", led, w.Body)
		}
	}
	want := []oob.Indicator{oob.IndicatorBlinking, oob.IndicatorLit, oob.IndicatorOff}
	if !slices.Equal(seen, want) || b.Indicator() != oob.IndicatorOff || b.Counts().LightChanges != 3 {
		t.Errorf("the light was seen as %q and is %q, want each change of %q once", seen, b.Indicator(), want)
	}
}
