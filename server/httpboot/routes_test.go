package httpboot

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/boot"
)

// TestRoutesAreTheseAndNoMore holds every route, and what it asks for, against
// a list of its own: who adds one has to say here that anybody may call it.
func TestRoutesAreTheseAndNoMore(t *testing.T) {
	want := []string{
		"public GET /boot/entry.ipxe",
		"public GET /grub/grub.cfg",
		"public GET /boot/script",
		"public GET /boot/{architecture}/{name}",
		"public GET /boot/loaders/{name}",
		"public GET /boot/images/{name}",
		"token POST /agent/v1/enrol",
		"session POST /agent/v1/report",
		"session GET /agent/v1/order",
		"session POST /agent/v1/redeem",
		"session POST /agent/v1/progress",
		"session POST /agent/v1/result",
		"session POST /agent/v1/crash",
		"session GET /agent/v1/stream",
		"session POST /agent/v1/log",
		"single POST /home/v1/{token}",
	}
	var got []string
	for _, r := range routes {
		got = append(got, string(r.access)+" "+r.pattern)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes differ (-want +got):\n%s", diff)
	}
}

// TestEveryRouteAsksForWhatItSays calls each route as nobody. G-01: an agent that
// has not enrolled is served by one route alone, that by which it enrols.
func TestEveryRouteAsksForWhatItSays(t *testing.T) {
	s, st := door(t)
	st.fail = boot.ErrRefused // no token is right
	fill := strings.NewReplacer("{architecture}/{name}", "amd64/vmlinuz", "loaders/{name}", "loaders/snponly.efi", "images/{name}", "images/debian-12", "{token}", "guessed", "/script", "/script?mac=52-54-00-00-00-01")
	for _, r := range routes {
		method, path, _ := strings.Cut(r.pattern, " ")
		path = fill.Replace(path)
		want := http.StatusUnauthorized
		if r.access == public {
			want = http.StatusOK
		}
		if got := (call{method: method, target: path, body: "{}"}).do(s); got.StatusCode != want {
			t.Errorf("%s %s as nobody = %d, want %d for a %s route", method, path, got.StatusCode, want, r.access)
		}
	}
}

func TestWhatIsNoRouteIsRefused(t *testing.T) {
	s, _ := door(t)
	for _, tt := range []struct {
		method, target string
		want           int
	}{
		{"GET", "/", 404},
		{"GET", "/metrics", 404},
		{"GET", "/api/v1/machines", 404},
		{"GET", "/boot/", 404},
		{"GET", "/boot/loaders/", 404},
		{"GET", "/boot/loaders/undionly.kpxe", 404},
		{"GET", "/boot/loaders/sub/snponly.efi", 404},
		{"POST", "/boot/script", 405},
		{"PUT", "/boot/images/debian-12", 405},
		{"DELETE", "/boot/images/debian-12", 405},
		{"GET", "/agent/v1/report", 405},
		{"GET", "/home/v1/token", 405},
		{"GET", "/boot/images/plan9", 404},
		{"GET", "/boot/images/lost", 404},
		{"GET", "/boot/images/escaped", 404},
		{"GET", "/boot/images/debian.raw.zst", 404},
		{"GET", "/boot/images/..%2f..%2fetc%2fpasswd", 404},
		{"GET", "/boot/images/%2e%2e", 404},
		{"GET", "/boot/images/%00", 404},
		{"GET", "/boot/loaders/..%2fvmlinuz", 404},
		{"GET", "/boot/loaders/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404},
		{"GET", "/boot/images/../../etc/passwd", 307},
		{"GET", "//boot//amd64/vmlinuz", 307},
	} {
		got := call{method: tt.method, target: tt.target}.do(s)
		if body := bodyOf(t, got); got.StatusCode != tt.want || strings.Contains(body, "root:") {
			t.Errorf("%s %s = %d %q, want %d", tt.method, tt.target, got.StatusCode, body, tt.want)
		}
	}
}

// FuzzPath asks for any path, as nobody: what comes is a file that is served, a
// refusal or the way to the same path written plainly, and never a fault.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"/boot/entry.ipxe", "/boot/loaders/snponly.efi", "/boot/images/debian-12", "/boot/images/..%2f..%2fetc%2fpasswd", "//boot/../x",
		"/home/v1/guessed", "/agent/v1/order", "/boot/loaders/\x00", "*", "/boot/images/debian-12/", "/boot/script?mac=1",
	} {
		f.Add("GET", path, "bytes=0-9,5-")
	}
	s, st := door(f)
	st.fail = boot.ErrRefused
	f.Fuzz(func(t *testing.T, method, path, ranges string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://h", nil)
		if err != nil {
			return // no client can send it
		}
		if r.URL, err = url.ParseRequestURI(path); err != nil {
			return
		}
		r.Body, r.RemoteAddr = http.NoBody, "127.0.0.1:1024"
		r.Header.Set("Range", ranges)
		got := answer(s, r)
		body := bodyOf(t, got)
		if got.StatusCode >= 500 || strings.Contains(body, "root:") || got.StatusCode/100 == 3 && strings.HasPrefix(got.Header.Get("Location"), "//") {
			t.Errorf("%s %q = %d %.200q, %q", method, path, got.StatusCode, body, got.Header.Get("Location"))
		}
	})
}

func TestAMissingFileSaysWhatToDo(t *testing.T) {
	s, _ := door(t, func(c *Config, _ *site) { c.BootImages = map[string]BootImage{"arm64": {Files: c.Loaders}} })
	got := bodyOf(t, call{method: "GET", target: "/boot/arm64/vmlinuz"}.do(s))
	if !strings.Contains(got, "make build puts the boot files into it") {
		t.Errorf("GET /boot/arm64/vmlinuz = %s, want the remedy", got)
	}
	if diff := cmp.Diff([]string{"arm64/vmlinuz", "arm64/initramfs"}, s.MissingFiles()); diff != "" {
		t.Errorf("MissingFiles() differs (-want +got):\n%s", diff)
	}
	got = bodyOf(t, call{method: "GET", target: "/boot/images/lost"}.do(s))
	if !strings.Contains(got, "its file lost.raw.zst is missing in the image folder") {
		t.Errorf("GET of an image without file = %s", got)
	}
}
