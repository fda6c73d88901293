package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
)

const order = "serial,rack,unit,nic1_mac,Price\nNEW1,r12,30,52:54:00:00:09:01,9\nNEW2,r13,31,52:54:00:00:09:02,9\nMQ0007,r12,32,,9\nNEW3,r12,33,52:54:00:00:09:03,9\n"

func TestAListIsJudgedBeforeItIsWritten(t *testing.T) {
	c := full()
	b := newBench(t, c)
	tech := b.as(auth.Technician)
	r := b.post("/deliveries/check", tech, "delivery", "2026-1200", "list", order)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("checking = %d: %s", r.StatusCode, r.body)
	}
	checkPage(t, r.body)
	for _, want := range []string{"4 lines: 2 new, 1 changed, 1 refused.", "line 3", "NEW2", "there is no such rack", "Left out: Price.", "Leave out what is refused", "Bring 3 machines", "unit"} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the verdicts do not say %q", want)
		}
	}
	if strings.Contains(r.body, "Add the racks") {
		t.Error("a technician is offered to add racks")
	}
	if len(c.asked) > 0 {
		t.Errorf("a dry run asked for %q", c.asked)
	}
	if r = b.post("/deliveries", tech, "delivery", "2026-1200", "list", order); r.StatusCode != http.StatusConflict || !strings.Contains(r.body, "Nothing was written") {
		t.Errorf("writing a list with a refused line = %d, want 409 and why", r.StatusCode)
	}
	if r = b.post("/deliveries", tech, "delivery", "2026-1200", "list", order, "partial", "yes"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/deliveries/2026-1200" {
		t.Errorf("writing the rest = %d to %q, want 303 to the delivery", r.StatusCode, r.Header.Get("Location"))
	}
	if got := strings.Join(c.asked, "; "); got != "technician bring 2026-1200 3" {
		t.Errorf("asked %q, want one list", got)
	}
}

func TestAListMayBeAFile(t *testing.T) {
	b := newBench(t, full())
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, err := range []error{w.WriteField("delivery", "2026-1201"), w.WriteField("map", "Chassis=serial\r\n")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "order.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte("Chassis;Cabinet;U\nX1;r12;30\n"))
	_ = w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+"/deliveries/check", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.AddCookie(&http.Cookie{Name: auth.Cookie, Value: b.as(auth.Technician)})
	r := b.do(req)
	if r.StatusCode != http.StatusOK || !strings.Contains(r.body, "1 line: 1 new.") || !strings.Contains(r.body, "lon6-r12 u30") || !strings.Contains(r.body, "an order list") {
		t.Errorf("checking a file = %d %s, want its machine at its place", r.StatusCode, r.body)
	}
}

func TestAListThatCannotBeReadComesBack(t *testing.T) {
	b := newBench(t, full())
	tech := b.as(auth.Technician)
	for _, test := range []struct{ name, list, headings, want string }{
		{"", order, "", "has no name"},
		{"2026-1", "", "", "the list is empty"},
		{"2026-1", "a,b\n1,2\n", "", "none of the headings a, b tells the serial"},
		{"2026-1", order, "serial=serail", "did you mean serial"},
	} {
		r := b.post("/deliveries/check", tech, "delivery", test.name, "list", test.list, "map", test.headings)
		if r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(r.body, test.want) || !strings.Contains(r.body, `id="bring"`) {
			t.Errorf("checking %q as %q = %d, want 422, the form and %q", test.list, test.name, r.StatusCode, test.want)
		}
		checkPage(t, r.body)
	}
	if r := b.post("/deliveries/check", b.as(auth.Viewer), "delivery", "x", "list", order); r.StatusCode != http.StatusForbidden {
		t.Errorf("a viewer's list = %d, want 403", r.StatusCode)
	}
}

func TestADeliverySaysWhatCame(t *testing.T) {
	c := full()
	b := newBench(t, c)
	r := b.get("/deliveries/2026-1140", b.as(auth.Technician))
	for _, want := range []string{"8 of 9 seen, 1 missing", "MQ0007", "nvme0n1 has an ext4", `href="/racks/r12/sheet"`, "1 needs you", "First power-on → last available: 51 min"} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the delivery does not say %q", want)
		}
	}
	if strings.Contains(r.body, "Close…") {
		t.Error("a technician is offered to close the delivery")
	}
	engineer := b.as(auth.Engineer)
	if r = b.get("/deliveries/2026-1140/close", engineer); !strings.Contains(r.body, "1 machine that is still expected becomes retired") {
		t.Errorf("closing does not say what becomes of the missing: %s", r.body)
	}
	if r = b.post("/deliveries/2026-1140/close", engineer, "note", "ran out"); r.StatusCode != http.StatusSeeOther || strings.Join(c.asked, "") != "engineer close 2026-1140 ran out" {
		t.Errorf("closing = %d, asked %q", r.StatusCode, c.asked)
	}
	if r = b.get("/deliveries/nothing", engineer); r.StatusCode != http.StatusNotFound {
		t.Errorf("a delivery that is not there = %d, want 404", r.StatusCode)
	}
}
