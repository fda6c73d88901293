package ipxe

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoaderForArchitecture(t *testing.T) {
	tests := []struct {
		name         string
		architecture uint16
		want         string
	}{
		{"a BIOS machine gets the UNDI loader", 0, "undionly.kpxe"},
		{"an x64 UEFI machine gets the firmware's own driver", 7, "snponly.efi"},
		{"an x64 UEFI machine with the code of RFC 4578 gets the same", 9, "snponly.efi"},
		{"an arm64 UEFI machine gets the arm64 loader", 11, "ipxe-arm64.efi"},
		{"an x64 UEFI machine booting by HTTP gets the same as by TFTP", 16, "snponly.efi"},
		{"an arm64 UEFI machine booting by HTTP gets the same as by TFTP", 19, "ipxe-arm64.efi"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := LoaderFor(test.architecture)
			if err != nil || got != test.want {
				t.Errorf("LoaderFor(%d) = %q, %v, want %q", test.architecture, got, err, test.want)
			}
		})
	}
}

func TestLoaderForArchitectureWithout(t *testing.T) {
	for _, architecture := range []uint16{1, 6, 10, 15, 18, 27, 65535} {
		if got, err := LoaderFor(architecture); !errors.Is(err, ErrNoLoader) {
			t.Errorf("LoaderFor(%d) = %q, %v, want ErrNoLoader", architecture, got, err)
		}
	}
}

func TestMissingLoaderNamesTheRemedy(t *testing.T) {
	_, err := loaderIn(fstest.MapFS{}, architectures, 7)
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNoLoader) {
		t.Fatalf("loaderIn(empty, 7) = %v, want fs.ErrNotExist", err)
	}
	for _, part := range []string{"snponly.efi", "run make build", "architecture 7"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("loaderIn(empty, 7) = %q, want it to name %q", err, part)
		}
	}
}

func TestEmbeddedLoadersAreThePinnedOnes(t *testing.T) {
	sums := pinned(t)
	for _, name := range []string{UndionlyKPXE, SNPOnlyEFI, AMD64EFI, ARM64EFI, ShimEFI, GRUBEFI} {
		data, err := fs.ReadFile(Loaders(), name)
		if err != nil {
			t.Fatalf("read embedded loader: %v; run ipxe/fetch", err)
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != sums[name] {
			t.Errorf("SHA-256 of %s = %s, want %s", name, got, sums[name])
		}
	}
}

func TestNoticeNamesThePinnedVersions(t *testing.T) {
	notice, err := fs.ReadFile(Loaders(), "NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ipxe", "shim-signed", "grub-efi-amd64-signed"} {
		version := pinned(t)["# "+name]
		if version == "" || !strings.Contains(string(notice), "\nPackage: "+name+", version "+version+"\n") {
			t.Errorf("NOTICE does not name the version %q that loaders.sum has of %s", version, name)
		}
	}
}

func TestSignedLoaders(t *testing.T) {
	for _, architecture := range []uint16{7, 9, 16} {
		if got, err := SignedFor(architecture); err != nil || got != "shimx64.efi" {
			t.Errorf("SignedFor(%d) = %q, %v, want shimx64.efi", architecture, got, err)
		}
	}
	for _, architecture := range []uint16{0, 11, 20} {
		if got, err := SignedFor(architecture); !errors.Is(err, ErrNoLoader) {
			t.Errorf("SignedFor(%d) = %q, %v, want ErrNoLoader", architecture, got, err)
		}
	}
}

// pinned reads loaders.sum: SHA-256 by file name, and versions by "# package".
func pinned(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.Open("loaders.sum")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sums := make(map[string]string)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, version, ok := strings.Cut(lines.Text(), ": "); ok {
			sums[name] = version
		} else if sum, name, ok := strings.Cut(lines.Text(), "  "); ok {
			sums[name] = sum
		}
	}
	return sums
}
