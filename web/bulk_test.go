package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"firstlight/server/auth"
)

func TestManyMachinesAreChangedOnceItWasRead(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Engineer)
	const path = "/change?q=hardwarename%3DMQ0010"
	b.get("/machines?q=hardwarename%3DMQ0010", cookie).shows(t, http.StatusOK, `href="/change?q=hardwarename%3DMQ0010"`)
	b.get(path, cookie).shows(t, http.StatusOK, "Change 1 machine", `name="expected" value="1"`)
	read := func(r reply) string {
		t.Helper()
		m := regexp.MustCompile(`name="read" value="([0-9a-f]+)"`).FindStringSubmatch(r.body)
		if m == nil {
			t.Fatalf("the page does not say what it showed: %s", r.body)
		}
		return m[1]
	}
	first := b.post(path, cookie, "expected", "1", "role", "web")
	first.shows(t, http.StatusOK, "changes: role", "MQ0010")
	if len(c.asked) > 0 {
		t.Errorf("it was done before it was read: %v", c.asked)
	}
	if r := b.post(path, cookie, "expected", "1", "role", "web", "read", read(first)); r.StatusCode != http.StatusSeeOther || len(c.asked) != 1 || !strings.Contains(c.asked[0], "map[role:web]") {
		t.Errorf("read and sent = %d, asked %v", r.StatusCode, c.asked)
	}
	b.post(path, cookie, "expected", "1", "role", "db", "read", read(first)).shows(t, http.StatusOK, "changes: role")
	b.post(path, cookie, "expected", "1", "role", "no").shows(t, http.StatusOK, "Another team owns it.", "1 machine would be refused")
	// What is ticked among the fields that are emptied goes; a value beside it is
	// one of the two too many.
	emptied := b.post(path, cookie, "expected", "1", "empty", "pool")
	emptied.shows(t, http.StatusOK, "changes: pool", `name="empty" value="pool" checked`)
	if r := b.post(path, cookie, "expected", "1", "empty", "pool", "read", read(emptied)); r.StatusCode != http.StatusSeeOther || !strings.Contains(c.asked[len(c.asked)-1], "map[pool:]") {
		t.Errorf("emptied = %d, asked %v", r.StatusCode, c.asked)
	}
	b.post(path, cookie, "expected", "1", "empty", "role", "role", "web").shows(t, http.StatusUnprocessableEntity, "either this, or the field among those that are emptied")
	// A lock takes a boot's answer away: that is read as well.
	locked := b.post(path, cookie, "expected", "1", "lock", "lock", "why", "power work")
	locked.shows(t, http.StatusOK, "changes: lock", "it changes the answer for 1 of 8212 boots", `name="seen"`)
	for path, want := range map[string]string{"/change?q=": "picks all machines", "/change?q=rak%3Dr1": "cannot be read", "/change?q=hardwarename%3Dnobody": "picks 0 machines"} {
		b.get(path, cookie).shows(t, http.StatusConflict, want)
	}
	if r := b.get("/machines?q=hardwarename%3DMQ0010", b.as(auth.Viewer)); strings.Contains(r.body, "/change?q=") {
		t.Error("a viewer is offered to change machines")
	}
}
