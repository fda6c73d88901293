package initramfs

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestFirmwareIsSaidByDriver(t *testing.T) {
	_, summary := pack(t)
	want := []Firmware{
		{Driver: "bnx2x", Package: "firmware-bnx2x", Files: []string{"bnx2x/bnx2x-e2-7.13.21.0.fw"}},
		{Driver: "ice", Package: "firmware-intel-misc", Files: []string{"intel/ice/ddp/ice.pkg"}},
	}
	if diff := cmp.Diff(want, summary.Firmware); diff != "" {
		t.Errorf("firmware differs (-want +got):\n%s", diff)
	}
}

func TestFirmwareThatIsNotThereStopsTheBuild(t *testing.T) {
	tests := []struct {
		name   string
		change func(given map[string][]byte, trees map[string]fs.FS)
		says   string
	}{
		{"a driver that no list has", func(given map[string][]byte, _ map[string]fs.FS) {
			given["drivers/net/ethernet/new/shiny.ko"] = module(t, "depends=", "firmware=shiny/a.bin", "firmware=shiny/b.bin")
		}, "shiny names shiny/a.bin, shiny/b.bin: say in firmware.go"},
		{"the package has it no longer", func(_ map[string][]byte, trees map[string]fs.FS) {
			trees["firmware-intel-misc"] = fstest.MapFS{}
		}, "of ice: firmware-intel-misc has it not"},
		{"the package was not unpacked", func(_ map[string][]byte, trees map[string]fs.FS) {
			delete(trees, "firmware-bnx2x")
		}, "of bnx2x: package firmware-bnx2x was not unpacked"},
		{"the driver asks for a newer version", func(given map[string][]byte, _ map[string]fs.FS) {
			given["drivers/net/ethernet/broadcom/bnx2x/bnx2x.ko"] = module(t, "depends=", "firmware=bnx2x/bnx2x-e2-8.0.0.0.fw")
		}, `none of them as "bnx2x/*-7.13.21.0.fw": correct firmware.go`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			given, trees := cards(t), firmwareTrees()
			test.change(given, trees)
			_, err := WriteBase(t.Context(), io.Discard, kernel(t, tree(given)), trees)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("WriteBase() = %v, want an error that says %q", err, test.says)
			}
		})
	}
}

// README and the notice tell an operator what firmware there is, and NOTICE of
// which package.
func TestFirmwareIsDocumented(t *testing.T) {
	readme, notice := read(t, "../../../README.md"), read(t, "../NOTICE")
	for driver, fate := range without {
		if line := "| `" + driver + "` | " + fate + " |"; !strings.Contains(readme, line) {
			t.Errorf("README.md lacks the line %q", line)
		}
	}
	for _, s := range supplies {
		if !strings.Contains(readme, "`"+s.driver+"`") {
			t.Errorf("README.md does not name %s among the drivers whose firmware is carried", s.driver)
		}
		i := strings.Index(notice, "Package: "+s.pkg+"\n")
		if i < 0 {
			t.Errorf("NOTICE lacks %s", s.pkg)
			continue
		}
		entry, _, _ := strings.Cut(notice[i:], "\n\n")
		_, drivers, _ := strings.Cut(entry, "Drivers: ")
		drivers, _, _ = strings.Cut(drivers, "\n")
		if !slices.Contains(strings.Split(drivers, ", "), s.driver) {
			t.Errorf("NOTICE names %q as the drivers of %s, want %s among them", drivers, s.pkg, s.driver)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
