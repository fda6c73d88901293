package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firstlight/server/boot"
	"firstlight/server/frame"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

var at = time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)

func sample() *Bundle {
	mac := machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x56}
	return &Bundle{
		Head:      Head{Version: "1.2.3", At: at, Since: at.Add(-time.Hour), About: "C0MPUT3", MAC: mac},
		Machine:   &machine.Machine{ID: "1", Name: "C0MPUT3", Status: machine.Held, NICs: []machine.NIC{{Name: "eth0", MAC: mac, Boot: true}}},
		History:   []machine.History{{ID: 1, To: machine.Registered}},
		Events:    []journal.Event{{ID: 7, At: at, MAC: mac, Source: journal.Files, Text: "TFTP pxelinux.0: \x1b[31mno\nfile", Count: 3, LastAt: at.Add(time.Second)}},
		Boot:      json.RawMessage(`{"wrong":[{"fault":"no-such-file","sentence":"It asks for pxelinux.0.","next":"Look."}]}`),
		Decisions: []Decision{{At: at, Record: &boot.Record{Request: boot.Request{MAC: mac, Platform: "efi"}, Status: machine.Held}}},
		Packets: []frame.Packet{{
			At: at, From: netip.MustParseAddrPort("0.0.0.0:68"), To: netip.MustParseAddrPort("255.255.255.255:67"), Payload: []byte("whole"), Text: "DISCOVER",
		}},
		Subnets: []*machine.Subnet{{Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Lease: time.Hour}},
		Rules:   []*machine.Rule{{Name: "web", Match: "subnet=lab"}},
	}
}

func written(t *testing.T, b *Bundle) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := Write(&file, b); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	b := sample()
	file := written(t, b)
	got, err := Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if !Is(file) || len(got.Captured) != 1 || !got.Captured[0].At.Equal(at) {
		t.Errorf("packets = %+v, want the one that was written", got.Captured)
	}
	if d := cmp.Diff(b, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Bundle{}, "Packets", "Captured", "Boot"), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Error(d)
	}
	if wrong, err := got.Wrong(); err != nil || len(wrong) != 1 || wrong[0].Fault != "no-such-file" {
		t.Errorf("wrong = %+v, %v", wrong, err)
	}
	if again := written(t, sample()); !bytes.Equal(file, again) {
		t.Error("the same bundle has other bytes the second time")
	}
}

func TestPeopleCanReadIt(t *testing.T) {
	file := written(t, sample())
	texts := unzipped(t, file)
	for name, want := range map[string]string{
		"README.txt":   "Wrong: It asks for pxelinux.0. (no-such-file)",
		"timeline.txt": "2026-11-27 03:00:00.000  files   TFTP pxelinux.0: ?[31mno?file, 3 times until 2026-11-27 03:00:01.000\n",
		"packets.txt":  "0.0.0.0:68 → 255.255.255.255:67  DISCOVER\n",
	} {
		if !strings.Contains(texts[name], want) {
			t.Errorf("%s = %q, want %q in it", name, texts[name], want)
		}
	}
}

func unzipped(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name] = string(text)
	}
	return texts
}

// zipped writes files again.
func zipped(t *testing.T, texts map[string]string) []byte {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for name, text := range texts {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestChangedBundlesAreTold(t *testing.T) {
	file := written(t, sample())
	for name, test := range map[string]struct {
		spoil func(map[string]string)
		want  string
	}{
		"a file changed":         {func(f map[string]string) { f["subnets.json"] = "[]" }, `"subnets.json" of the bundle is not what its manifest says`},
		"a file taken out":       {func(f map[string]string) { delete(f, "rules.json") }, `"rules.json" of the bundle is not what`},
		"a file added":           {func(f map[string]string) { f["evil"] = "" }, `"evil" of the bundle is not in its manifest`},
		"without a manifest":     {func(f map[string]string) { delete(f, "manifest.json") }, "cut short, or is no bundle"},
		"another archive's file": {func(f map[string]string) { clear(f); f["manifest.json"] = "[]" }, "bundle.json is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			texts := unzipped(t, file)
			test.spoil(texts)
			other := zipped(t, texts)
			if _, err := Read(bytes.NewReader(other), int64(len(other))); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Read = %v, want %q", err, test.want)
			}
		})
	}
	if _, err := Read(bytes.NewReader(file), int64(len(file)/2)); err == nil || !strings.Contains(err.Error(), "begin as a zip does and do not end as one: it is cut short") {
		t.Errorf("Read of half a file = %v", err)
	}
}

// FuzzRead gives any bytes as a bundle.
func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	if err := Write(&file, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := Read(bytes.NewReader(text), int64(len(text)))
		if err == nil && b.Format != Format {
			t.Errorf("a bundle of format %d was read", b.Format)
		}
	})
}
