package httpboot

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
)

// TestFiles holds answers against RFC 9110 §13 and §14, for the boot image that
// lies in the binary and the OS image that lies on disk.
func TestFiles(t *testing.T) {
	s, _ := door(t)
	for _, file := range []struct {
		path string
		size int
	}{{"/boot/amd64/vmlinuz", 5000}, {"/boot/loaders/snponly.efi", 300}, {"/boot/images/debian-12", imageBytes}} {
		etag := call{method: "HEAD", target: file.path}.do(s).Header.Get("ETag")
		n := file.size
		last := fmt.Sprintf("%d-%d", n-10, n-1)
		for _, tt := range []struct {
			name        string
			method      string
			header      map[string]string
			status      int
			first, size int // of the body within the file
			length      int // Content-Length
		}{
			{"whole", "GET", nil, 200, 0, n, n},
			{"head", "HEAD", nil, 200, 0, 0, n},
			{"the first bytes", "GET", map[string]string{"Range": "bytes=0-9"}, 206, 0, 10, 10},
			{"bytes in the middle", "GET", map[string]string{"Range": "bytes=100-149"}, 206, 100, 50, 50},
			{"the last bytes by number", "GET", map[string]string{"Range": "bytes=" + last}, 206, n - 10, 10, 10},
			{"the last bytes as a suffix", "GET", map[string]string{"Range": "bytes=-7"}, 206, n - 7, 7, 7},
			{"an open end", "GET", map[string]string{"Range": fmt.Sprintf("bytes=%d-", n-3)}, 206, n - 3, 3, 3},
			{"an end beyond the file", "GET", map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", n-5, n+99)}, 206, n - 5, 5, 5},
			{"a suffix longer than the file", "GET", map[string]string{"Range": fmt.Sprintf("bytes=-%d", n+1)}, 206, 0, n, n},
			{"a start beyond the file", "GET", map[string]string{"Range": fmt.Sprintf("bytes=%d-", n)}, 416, 0, -1, -1},
			{"a range that is none", "GET", map[string]string{"Range": "bytes=9-1"}, 416, 0, -1, -1},
			{"head of a range", "HEAD", map[string]string{"Range": "bytes=0-9"}, 206, 0, 0, 10},
			{"a range of the same file", "GET", map[string]string{"Range": "bytes=4-7", "If-Range": etag}, 206, 4, 4, 4},
			{"a range of another file gives the whole", "GET", map[string]string{"Range": "bytes=4-7", "If-Range": `"other"`}, 200, 0, n, n},
			{"not modified", "GET", map[string]string{"If-None-Match": etag}, 304, 0, 0, -1},
			{"not modified, one of several", "GET", map[string]string{"If-None-Match": `"x", ` + etag}, 304, 0, 0, -1},
			{"modified", "GET", map[string]string{"If-None-Match": `"x"`}, 200, 0, n, n},
			{"the wrong file", "GET", map[string]string{"If-Match": `"x"`}, 412, 0, 0, -1},
		} {
			t.Run(file.path+" "+tt.name, func(t *testing.T) {
				got := call{method: tt.method, target: file.path, header: tt.header}.do(s)
				if got.StatusCode != tt.status {
					t.Fatalf("status = %d, want %d", got.StatusCode, tt.status)
				}
				if tt.status != 416 && (got.Header.Get("ETag") != etag || etag == "") {
					t.Errorf("ETag = %s, want %s", got.Header.Get("ETag"), etag)
				}
				if l := got.Header.Get("Content-Length"); tt.length >= 0 && l != strconv.Itoa(tt.length) {
					t.Errorf("Content-Length = %s, want %d", l, tt.length)
				}
				if tt.status == 416 && got.Header.Get("Content-Range") == "" && tt.name == "a start beyond the file" {
					t.Error("416 does not say how large the file is")
				}
				if tt.size >= 0 && bodyOf(t, got) != string(content(n)[tt.first:tt.first+tt.size]) {
					t.Errorf("body is not bytes %d to %d", tt.first, tt.first+tt.size)
				}
			})
		}
	}
}

func TestSeveralRangesComeInOneAnswer(t *testing.T) {
	s, st := door(t)
	got := call{method: "GET", target: "/boot/images/debian-12", header: map[string]string{"Range": "bytes=0-3,10-13"}}.do(s)
	body := bodyOf(t, got)
	if got.StatusCode != 206 || !bytes.Contains([]byte(got.Header.Get("Content-Type")), []byte("multipart/byteranges")) {
		t.Errorf("status %d, type %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	for _, part := range []string{"bytes 0-3/", "bytes 10-13/", string(content(14)[10:])} {
		if !bytes.Contains([]byte(body), []byte(part)) {
			t.Errorf("body lacks %q", part)
		}
	}
	if want := "GET debian-12 → 206 bytes=0-3,10-13 "; !bytes.Contains([]byte(st.noted()), []byte(want)) {
		t.Errorf("noted %q, want %q", st.noted(), want)
	}
}

func TestTheTimelineSaysWhatLeft(t *testing.T) {
	s, st := door(t)
	for _, header := range []map[string]string{nil, {"Range": "bytes=0-9"}, {"If-None-Match": `"9f3c-1048593"`}, {"Range": "bytes=9999999-"}} {
		call{method: "GET", target: "/boot/images/debian-12", header: header}.do(s)
	}
	call{method: "HEAD", target: "/boot/images/debian-12"}.do(s)
	if want := "GET debian-12 → 200 1048593; GET debian-12 → 206 bytes=0-9 10"; st.noted() != want {
		t.Errorf("noted %q, want %q and nothing of HEAD, 304 and 416", st.noted(), want)
	}
}

func TestETagsNameTheBytes(t *testing.T) {
	a, _ := door(t)
	b, st := door(t, func(c *Config, _ *site) { c.BootImages = nil })
	st.images["debian-12"].SHA256 = "other"
	for _, path := range []string{"/boot/loaders/snponly.efi", "/boot/images/debian-12"} {
		one := call{method: "HEAD", target: path}.do(a).Header.Get("ETag")
		two := call{method: "HEAD", target: path}.do(b).Header.Get("ETag")
		if same := path == "/boot/loaders/snponly.efi"; (one == two) != same {
			t.Errorf("%s has ETags %s and %s, want them equal: %v", path, one, two, same)
		}
	}
}
