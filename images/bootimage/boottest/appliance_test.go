package boottest

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"firstlight/ipxe"
	"firstlight/ipxe/script"
)

// appliance is a stand-in for the server: it gives every machine one script and
// remembers who asked.
type appliance struct {
	mux    *http.ServeMux
	base   string // as machines on QEMU's user network reach it
	mu     sync.Mutex
	asked  []url.Values
	served []string
}

// serve starts the stand-in. decide writes the script of the machine; image is
// the folder of the boot image.
func serve(t *testing.T, image string, decide func(w io.Writer, base string) error) *appliance {
	t.Helper()
	mux := http.NewServeMux()
	a := &appliance{mux: mux}
	answer := func(path string, write func(io.Writer) error) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			if err := write(&body); err != nil {
				t.Errorf("write %s: %v", path, err)
			}
			a.note(r)
			_, _ = w.Write(body.Bytes())
		})
	}
	answer(script.EntryPath, func(w io.Writer) error { return script.Entry(w, script.IPXE, script.EntryValues{Base: a.base}) })
	answer(script.ScriptPath, func(w io.Writer) error { return decide(w, a.base) })
	mux.HandleFunc("GET /boot/", func(w http.ResponseWriter, r *http.Request) {
		a.note(r)
		http.ServeFile(w, r, filepath.Join(image, filepath.Base(r.URL.Path)))
	})
	mux.Handle("GET /loaders/", http.StripPrefix("/loaders", http.FileServerFS(ipxe.Loaders())))
	mux.HandleFunc("GET /first", a.first)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	// 10.0.2.2 is the host on QEMU's user network.
	a.base = strings.Replace(server.URL, "127.0.0.1", "10.0.2.2", 1)
	return a
}

// first hands the iPXE of QEMU's card our own loader, which asks for the same
// file name, for the user network's DHCP server knows one only. They differ by
// the version they name: QEMU 7.2 of Debian 12 brings iPXE 1.0.0.
func (a *appliance) first(w http.ResponseWriter, r *http.Request) {
	next := a.base + "/loaders/" + ipxe.UndionlyKPXE
	if strings.HasPrefix(r.UserAgent(), "iPXE/1.21.1") {
		next = a.base + script.EntryPath
		a.note(r)
	}
	_, _ = io.WriteString(w, "#!ipxe\nchain --replace --autofree "+next+"\n")
}

func (a *appliance) note(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served = append(a.served, r.URL.Path)
	if r.URL.Path == script.ScriptPath {
		a.asked = append(a.asked, r.URL.Query())
	}
}

// checkIdentity compares what the machine said about itself with what QEMU was
// told to give it.
func (a *appliance) checkIdentity(t *testing.T, platform string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.asked) != 1 {
		t.Fatalf("the machine asked %d times for its script, want once; served %q", len(a.asked), a.served)
	}
	for key, want := range map[string]string{
		"mac": "52-54-00-00-00-07", "uuid": "4c4c4544-0000-1000-8000-000000000007",
		"serial": "SN 7/42", "platform": platform, "buildarch": "x86_64",
		"card": "01:1a:f4:10:00", // virtio
	} {
		got := a.asked[0].Get(key)
		if key == "card" && platform == "pcbios" {
			want = "01:80:86:10:0e" // e1000
		}
		if key == "buildarch" && platform == "pcbios" {
			want = "i386" // BIOS runs 32-bit programs
		}
		if got != want {
			t.Errorf("%s in the request for the script = %q, want %q", key, got, want)
		}
	}
}

// tftpFolder holds the EFI loader and the script that it looks for beside itself
// before it asks DHCP: the user network's DHCP server would name the loader again.
func tftpFolder(t *testing.T, a *appliance) string {
	t.Helper()
	dir := t.TempDir()
	loader, err := fs.ReadFile(ipxe.Loaders(), ipxe.SNPOnlyEFI)
	if err != nil {
		t.Fatalf("read loader: %v; run ipxe/fetch", err)
	}
	write(t, filepath.Join(dir, ipxe.SNPOnlyEFI), loader)
	write(t, filepath.Join(dir, "autoexec.ipxe"),
		[]byte("#!ipxe\ndhcp\nchain --replace --autofree "+a.base+script.EntryPath+"\n"))
	return dir
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
