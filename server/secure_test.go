package server

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"firstlight/ipxe"
	"firstlight/server/ca"
	"firstlight/server/config"
)

func securing(t *testing.T, loaders fs.FS) *Appliance {
	t.Helper()
	a := &Appliance{Options: Options{
		Config: &config.Config{State: t.TempDir(), HTTPPort: 80, HTTPSPort: 443}, Loaders: loaders, Log: slog.New(slog.DiscardHandler),
	}}
	if err := a.openSecure(); err != nil {
		t.Fatal(err)
	}
	return a
}

// After a roll-over loaders of both roots lie side by side, the new ones are
// handed out, and what was forgotten is gone.
func TestLoadersAreKeyedForEveryRoot(t *testing.T) {
	if _, err := fs.Stat(ipxe.Loaders(), ipxe.SNPOnlyEFI); err != nil {
		t.Skipf("SKIPPED: %v: make build; nothing was tested", err)
	}
	a := securing(t, ipxe.Loaders())
	first := a.secure.keyed[ipxe.SNPOnlyEFI]
	b, err := ca.ReadBoot(a.Config.State)
	if err != nil {
		t.Fatal(err)
	}
	b, err = b.Roll(a.Config.State)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{6, 3} {
		if err := a.openSecure(); err != nil {
			t.Fatal(err)
		}
		there, err := os.ReadDir(filepath.Join(a.Config.State, keyedFolder))
		if err != nil || len(there) != want || len(a.secure.names) != want {
			t.Errorf("%d loaders of %d names, %v; want %d", len(there), len(a.secure.names), err, want)
		}
		if now, err := a.loader(7, false); err != nil || now == first || now != ipxe.KeyedName(ipxe.SNPOnlyEFI, b.Roots()[0]) {
			t.Errorf("UEFI is given %s, %v; want that of the new root", now, err)
		}
		if b, err = b.Forget(a.Config.State); err != nil {
			t.Fatal(err)
		}
	}
	if bios, err := a.loader(0, true); err != nil || bios != ipxe.UndionlyKPXE {
		t.Errorf("BIOS is given %s, %v", bios, err)
	}
}

// Loaders that are not as expected leave machines to the stock ones over HTTP,
// and the health says so.
func TestLoadersThatCannotBeKeyed(t *testing.T) {
	a := securing(t, fstest.MapFS{ipxe.SNPOnlyEFI: {Data: []byte("another build")}})
	state, text := a.probeSecure(t.Context())
	if a.secure.on() || len(a.secure.names) > 0 || string(state) != "failed" || !strings.Contains(text, "key the boot loader snponly.efi") {
		t.Errorf("on %v with %q; health %s, %q", a.secure.on(), a.secure.names, state, text)
	}
}
