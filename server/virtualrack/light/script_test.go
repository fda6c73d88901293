package light

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/machine"
)

// The scripts are the golden files of the templates that the appliance renders.
func TestScriptsLeadWhereIPXEWouldGo(t *testing.T) {
	bios := Spec{Serial: "A B", UUID: "582a12a6-865a-5574-bd63-92ade43e532a", MAC: machine.MAC{2, 0x4c, 0x54, 0, 0, 1}}
	uefi := bios
	uefi.UEFI = true
	for _, test := range []struct {
		name, file string
		on         Spec
		check      func(outcome) bool
	}{
		{"the entry script asks with the machine's identity", "entry.ipxe", bios, func(o outcome) bool {
			return strings.Contains(o.chain, "?mac=02-4c-54-00-00-01&uuid=582a12a6-865a-5574-bd63-92ade43e532a&serial=A+B&asset=&platform=pcbios&")
		}},
		{"a UEFI machine says so", "entry.ipxe", uefi, func(o outcome) bool { return strings.Contains(o.chain, "&platform=efi&buildarch=x86_64") }},
		{"overlays come after the initramfs", "agent-overlays.ipxe", bios, func(o outcome) bool {
			return len(o.initramfs) == 3 && strings.HasSuffix(o.initramfs[0], "/initramfs") && strings.HasSuffix(o.initramfs[2], "/overlay-cxgb4")
		}},
		{"the agent's script names kernel, initramfs and arguments", "agent.ipxe", bios, func(o outcome) bool {
			return strings.HasSuffix(o.kernel, "/vmlinuz") && len(o.initramfs) == 1 && strings.HasSuffix(o.initramfs[0], "/initramfs") &&
				strings.Contains(o.cmdline, " console=ttyS0,115200 ") && o.chain == "" && !o.disk
		}},
		{"a BIOS machine boots its disk", "disk.ipxe", bios, func(o outcome) bool { return o.disk && o.chain == "" && o.kernel == "" }},
		{"a UEFI machine leaves for its disk", "disk.ipxe", uefi, func(o outcome) bool { return o.disk && o.chain == "" }},
		{"one that waits pauses and asks again", "wait.ipxe", bios, func(o outcome) bool {
			return o.pause == 15*time.Second && strings.HasSuffix(o.chain, "/boot/entry.ipxe")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../../ipxe/script/testdata", test.file))
			if err != nil {
				t.Fatal(err)
			}
			o, err := interpret(string(text), test.on.settings())
			if err != nil || !test.check(o) {
				t.Errorf("interpret(%s) = %+v, %v", test.file, o, err)
			}
		})
	}
}

func TestScriptsThatLeadNowhereAreErrors(t *testing.T) {
	for _, text := range []string{"", "#!ipxe\n", "#!ipxe\necho ${uuid", "kernel http://a/b\n"} {
		if o, err := interpret(text, nil); err == nil {
			t.Errorf("interpret(%q) = %+v, want an error", text, o)
		}
	}
}

func TestExpandLeavesOutWhatIsNotSet(t *testing.T) {
	got := expand("a=${x}&b=${y}&c=${", map[string]string{"x": "1"})
	if diff := cmp.Diff("a=1&b=&c=", got); diff != "" {
		t.Errorf("expand differs (-want +got):\n%s", diff)
	}
}

func FuzzInterpret(f *testing.F) {
	f.Add("#!ipxe\nchain http://${a}/x ||\nsleep 5\nkernel http://b c=${d}\nboot")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := interpret(text, map[string]string{"a": "1"})
		if err == nil && o.chain == "" && !o.disk && o.kernel == "" && !strings.Contains(text, "boot") && !strings.Contains(text, "chain") {
			t.Errorf("interpret(%q) = %+v without an error, and leads nowhere", text, o)
		}
	})
}
