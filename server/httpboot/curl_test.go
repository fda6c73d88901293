package httpboot

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// curl runs the real client and gives what it printed.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "curl", append([]string{"-sS", "--noproxy", "*"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("curl %v: %v: %s", args, err, out)
	}
	return string(out)
}

func needCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: make deps")
	}
}

func TestCurlResumesWhatBrokeOff(t *testing.T) {
	needCurl(t)
	s, st := door(t)
	base, _ := serving(t, s)
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, content(imageBytes)[:400_000], 0o600); err != nil {
		t.Fatal(err)
	}
	if status := curl(t, "-C", "-", "-o", file, "-w", "%{http_code} %{size_download}", base+"/boot/images/debian-12"); status != "206 648593" {
		t.Errorf("curl -C - says %s, want 206 and the missing 648593 bytes", status)
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, content(imageBytes)) {
		t.Errorf("%d bytes, %v; want the image", len(got), err)
	}
	until(t, "the resumption is noted", func() bool { return strings.Contains(st.noted(), "GET debian-12 → 206 bytes=400000- 648593") })
}

func TestCurlAsksAsMachinesDo(t *testing.T) {
	needCurl(t)
	s, _ := door(t)
	base, _ := serving(t, s)
	image := base + "/boot/images/debian-12"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"the first bytes", []string{"-r", "0-3", image}, string(content(4))},
		{"the last bytes", []string{"-r", "-4", image}, string(content(imageBytes)[imageBytes-4:])},
		{"beyond the end", []string{"-r", "9999999-", "-o", os.DevNull, "-w", "%{http_code}", image}, "416"},
		{"head", []string{"-I", "-o", os.DevNull, "-w", "%{http_code} %header{content-length} %header{accept-ranges} %header{etag}", image}, `200 1048593 bytes "9f3c-1048593"`},
		{"not modified", []string{"-H", `If-None-Match: "9f3c-1048593"`, "-o", os.DevNull, "-w", "%{http_code}", image}, "304"},
		{"a way out of the folder", []string{"--path-as-is", "-o", os.DevNull, "-w", "%{http_code}", base + "/boot/images/..%2f..%2f..%2fetc%2fpasswd"}, "404"},
		{"another way out", []string{"--path-as-is", "-L", "-o", os.DevNull, "-w", "%{http_code}", base + "/boot/images/../../../etc/passwd"}, "404"},
	} {
		if got := curl(t, tt.args...); got != tt.want {
			t.Errorf("%s: curl %v = %q, want %q", tt.name, tt.args, got, tt.want)
		}
	}
}
