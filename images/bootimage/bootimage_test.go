package bootimage

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func image(t *testing.T, change func(*Manifest, fstest.MapFS)) (Manifest, fs.FS) {
	t.Helper()
	m := Manifest{
		Version: "6.12.1-amd64", Package: "linux-image-6.12.1-amd64_6.12.1-1_amd64.deb", Architecture: "amd64", Modules: 2,
		Files: []File{
			{Name: Kernel, Size: 3, Unpacked: 3, SHA256: "aa"},
			{Name: Initramfs, Size: 4, Unpacked: 40, SHA256: "bb"},
		},
	}
	dir := fstest.MapFS{Kernel: {Data: []byte("ker")}, Initramfs: {Data: []byte("init")}}
	change(&m, dir)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	dir[ManifestFile] = &fstest.MapFile{Data: data}
	return m, dir
}

func TestAWholeBootImageIsRead(t *testing.T) {
	want, dir := image(t, func(*Manifest, fstest.MapFS) {})
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Read differs (-want +got):\n%s", diff)
	}
	if got.Size() != 7 {
		t.Errorf("Size() = %d, want 7", got.Size())
	}
}

func TestADamagedBootImageIsRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Manifest, fstest.MapFS)
		says   string
	}{
		{"the initramfs is missing", func(_ *Manifest, d fstest.MapFS) { delete(d, Initramfs) }, "run make build"},
		{"the kernel is cut", func(_ *Manifest, d fstest.MapFS) { d[Kernel].Data = []byte("k") }, "vmlinuz has 1 bytes, its manifest says 3"},
		{"the manifest names one file", func(m *Manifest, _ fstest.MapFS) { m.Files = m.Files[:1] }, "does not name"},
		{"the files are exchanged", func(m *Manifest, _ fstest.MapFS) { slices.Reverse(m.Files) }, "does not name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, dir := image(t, test.change)
			if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Read() = %v, want an error that says %q", err, test.says)
			}
		})
	}
	t.Run("nothing was built", func(t *testing.T) {
		if _, err := Read(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "run make build") {
			t.Errorf("Read(empty) = %v, want the remedy", err)
		}
	})
	t.Run("the manifest is no JSON", func(t *testing.T) {
		if _, err := Read(fstest.MapFS{ManifestFile: {Data: []byte("{")}}); err == nil || !strings.Contains(err.Error(), "parse bootimage.json") {
			t.Errorf("Read(broken) = %v, want an error that names the file", err)
		}
	})
}

func TestEachArchitectureHasItsImage(t *testing.T) {
	under := func(all fstest.MapFS, folder, architecture string) {
		_, one := image(t, func(m *Manifest, _ fstest.MapFS) { m.Architecture = architecture })
		for name, file := range one.(fstest.MapFS) {
			all[folder+"/"+name] = file
		}
	}
	all := fstest.MapFS{"README": {Data: []byte("no image")}}
	if got, err := ReadAll(all); len(got) != 0 || err != nil {
		t.Errorf("ReadAll() of none = %v, %v, want none and no error", got, err)
	}
	under(all, "amd64", "amd64")
	under(all, "arm64", "arm64")
	if got, err := ReadAll(all); err != nil || len(got) != 2 || got["arm64"].Architecture != "arm64" {
		t.Errorf("ReadAll() = %v, %v, want two", got, err)
	}
	under(all, "arm64", "amd64")
	if got, err := ReadAll(all); err == nil || !strings.Contains(err.Error(), "folder arm64 holds one for amd64") || len(got) != 1 {
		t.Errorf("ReadAll() of an amd64 image under arm64 = %v, %v, want a refusal of it alone", got, err)
	}
	delete(all, "arm64/vmlinuz")
	if got, err := ReadAll(all); err == nil || !strings.Contains(err.Error(), "arm64: read boot image: run make build") || len(got) != 1 {
		t.Errorf("ReadAll() of half an image = %v, %v, want a refusal of it alone", got, err)
	}
}

func TestTheLastConsoleIsTheOneABMCRecords(t *testing.T) {
	for architecture, want := range map[string]string{"amd64": "console=ttyS0,115200", "arm64": "console=tty0"} {
		last := ""
		for _, arg := range KernelArgs(architecture) {
			if strings.HasPrefix(arg, "console=") {
				last = arg
			}
		}
		if last != want {
			t.Errorf("last console of KernelArgs(%s) = %q, want %q", architecture, last, want)
		}
	}
}
