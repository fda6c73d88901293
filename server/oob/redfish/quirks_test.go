package redfish_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/redfish"
)

// picky is a BMC that judges a PATCH of its machine by its own taste and keeps
// the If-Match headers that it saw.
type picky struct {
	etag   func(reads int) string
	accept func(ifMatch string) int // status
	reads  int
	seen   []string
	boot   string
}

func (p *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case path == root:
		_, _ = io.WriteString(w, aRoot)
	case path == root+"/Systems":
		_, _ = io.WriteString(w, aList)
	case r.Method == http.MethodPatch:
		match := r.Header.Get("If-Match")
		p.seen = append(p.seen, match)
		status := p.accept(match)
		if status < 300 {
			p.boot = `"BootSourceOverrideEnabled":"Once","BootSourceOverrideTarget":"Pxe"`
		}
		w.WriteHeader(status)
	default:
		p.reads++
		w.Header().Set("ETag", p.etag(p.reads))
		_, _ = fmt.Fprintf(w, `{"@odata.id":"/s/1","Boot":{%s}}`, p.boot)
	}
}

func TestPreconditionsAreMetInAsFewRequestsAsItTakes(t *testing.T) {
	steady := func(int) string { return `"a"` }
	restless := func(reads int) string { return fmt.Sprintf("%q", fmt.Sprint(reads)) }
	tests := []struct {
		name   string
		etag   func(int) string
		accept func(string) int
		want   []string // If-Match of each PATCH
		fails  bool
	}{
		{"a BMC that takes the ETag gets one", steady, func(m string) int { return pick(m == `"a"`, 204, 412) }, []string{`"a"`}, false},
		{"one whose resource changed meanwhile gets the newer ETag", restless, func(m string) int { return pick(m == `"3"`, 204, 412) }, []string{`"2"`, `"3"`}, false},
		{"one that refuses every If-Match gets none", steady, func(m string) int { return pick(m == "", 204, 412) }, []string{`"a"`, `"a"`, ""}, false},
		{"one that demands what it did not give gets a star", func(int) string { return "" }, func(m string) int { return pick(m == "*", 204, 428) }, []string{"", "*"}, false},
		{"one that takes no weak ETag gets a star", func(int) string { return `W/"1"` }, func(m string) int { return pick(m == "*", 204, 428) }, []string{`W/"1"`, "*"}, false},
		{"one that refuses everything is given up", steady, func(string) int { return 412 }, []string{`"a"`, `"a"`, ""}, true},
		{"one that is busy is asked once", steady, func(string) int { return 503 }, []string{`"a"`}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &picky{etag: test.etag, accept: test.accept}
			c, err := redfish.Dial(t.Context(), stranger(t, p.ServeHTTP))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close(t.Context()) }()
			if err := c.SetNextBoot(t.Context(), oob.BootNetwork); (err != nil) != test.fails {
				t.Errorf("SetNextBoot(network) = %v, want an error: %v", err, test.fails)
			}
			if got := strings.Join(p.seen, " | "); got != strings.Join(test.want, " | ") {
				t.Errorf("PATCHes had If-Match %q, want %q", p.seen, test.want)
			}
		})
	}
}

func pick(good bool, yes, no int) int {
	if good {
		return yes
	}
	return no
}

func TestTheBootModeIsKeptWhereItFallsBack(t *testing.T) {
	r := start(t, bmcsim.Options{Profile: bmcsim.Supermicro()})
	c := r.dial(t, r.config())
	for _, dev := range []oob.BootDevice{oob.BootNetwork, oob.BootDisk, oob.BootNormal} {
		if err := c.SetNextBoot(t.Context(), dev); err != nil {
			t.Fatalf("SetNextBoot(%q) = %v, want no error", dev, err)
		}
		if got := r.bmc.NextBootMode(); got != "UEFI" {
			t.Errorf("after SetNextBoot(%q) the boot mode is %q, want UEFI as before", dev, got)
		}
	}
}
