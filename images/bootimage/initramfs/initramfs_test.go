package initramfs

import (
	"bytes"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/u-root/u-root/pkg/cpio"
)

// pack writes both archives, one after the other, as a boot image has them.
func pack(t *testing.T) ([]byte, Summary) {
	t.Helper()
	var out bytes.Buffer
	summary, err := WriteBase(t.Context(), &out, kernel(t, tree(cards(t))), firmwareTrees())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WriteAgent(t.Context(), &out, module(t, "an=agent"), "amd64"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), summary
}

// contents are the files of an archive.
func contents(t *testing.T, packed []byte) map[string]string {
	t.Helper()
	r, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(plain)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, record := range records {
		if record.FileSize == 0 {
			continue
		}
		content, err := io.ReadAll(io.NewSectionReader(record, 0, int64(record.FileSize)))
		if err != nil {
			t.Fatal(err)
		}
		files[record.Name] = string(content)
	}
	return files
}

// Go's maps have another order each time, and cores differ between machines.
func TestEqualInputsGiveEqualBytes(t *testing.T) {
	want, said := pack(t)
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	for i := range 8 {
		runtime.GOMAXPROCS(1 + i%4)
		got, again := pack(t)
		if !bytes.Equal(got, want) {
			t.Fatalf("build %d differs from the first", i+2)
		}
		if diff := cmp.Diff(said, again); diff != "" {
			t.Fatalf("build %d says something else of itself (-first +this):\n%s", i+2, diff)
		}
	}
}

func TestTheArchiveHoldsWhatIsWanted(t *testing.T) {
	packed, summary := pack(t)
	files := contents(t, packed)
	const dir, net = "lib/modules/" + version + "/", "kernel/drivers/net/ethernet/"
	if want := net + "intel/ice/ice.ko: kernel/net/core/libeth.ko\n"; !strings.Contains(files[dir+"modules.dep"], want) {
		t.Errorf("modules.dep lacks %q:\n%s", want, files[dir+"modules.dep"])
	}
	for path, want := range map[string]string{
		dir + net + "intel/ice/ice.ko":             string(cards(t)["drivers/net/ethernet/intel/ice/ice.ko"]),
		dir + net + "dec/tulip/tulip.ko":           "", // unwanted
		dir + "kernel/drivers/net/wireless/ath.ko": "", // nobody asked for it
		"lib/firmware/intel/ice/ddp/ice.pkg":       "the pipeline of ice",
		"lib/firmware/bnx2x/bnx2x-e2-7.13.21.0.fw": "new",
		"lib/firmware/bnx2x/bnx2x-e2-7.13.15.0.fw": "", // what the driver tries second
	} {
		if files[path] != want {
			t.Errorf("%s holds %q, want %q", path, files[path], want)
		}
	}
	if summary.Modules != 5 || !slices.Equal(summary.Without, []string{"cassini"}) {
		t.Errorf("it says %d modules, no firmware for %q; want 5, cassini", summary.Modules, summary.Without)
	}
}

// The firmware of a rare card is in its overlay, and nowhere else.
func TestRareFirmwareIsInAnOverlay(t *testing.T) {
	packed, summary := pack(t)
	if len(summary.Overlays) != 1 || summary.Overlays[0].Driver != "bna" || !slices.Equal(summary.Overlays[0].PCI, []string{"1657:0014"}) {
		t.Fatalf("the overlays are %+v, want one of bna for 1657:0014", summary.Overlays)
	}
	const firmware = "lib/firmware/ctfw-3.2.5.1.bin"
	if _, here := contents(t, packed)[firmware]; here {
		t.Error("the archive holds what lies in an overlay")
	}
	if over := contents(t, summary.Overlays[0].Packed); over[firmware] != "of bna" || len(over) != 1 {
		t.Errorf("the overlay of bna holds %v, want its firmware alone", over)
	}
}

func TestADriverThatTheKernelLostIsNamed(t *testing.T) {
	files := tree(cards(t))
	builtIn := files[modules+"modules.builtin"]
	builtIn.Data = bytes.ReplaceAll(builtIn.Data, []byte("kernel/drivers/scsi/hpsa.ko\n"), nil)
	_, err := WriteBase(t.Context(), io.Discard, kernel(t, files), firmwareTrees())
	if err == nil || !strings.Contains(err.Error(), "has nothing at drivers/scsi/hpsa") {
		t.Errorf("WriteBase() of a kernel without hpsa = %v, want the rule", err)
	}
}
