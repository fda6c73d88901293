package hotplug

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	depIndex = `kernel/net/e1000e.ko: kernel/ptp/ptp.ko kernel/pps/pps-core.ko
kernel/ptp/ptp.ko: kernel/pps/pps-core.ko
kernel/pps/pps-core.ko:
kernel/nvme/nvme.ko: kernel/nvme/nvme-core.ko
kernel/nvme/nvme-core.ko:
kernel/char/ipmi_si.ko: kernel/char/ipmi_msghandler.ko
kernel/char/ipmi_devintf.ko: kernel/char/ipmi_msghandler.ko
kernel/char/ipmi_msghandler.ko:
kernel/scsi/sd_mod.ko:
kernel/hwmon/coretemp.ko:
`
	aliasIndex = `# Aliases extracted from modules themselves.
alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e
alias pci:v*d*sv*sd*bc01sc08i02* nvme
alias acpi*:IPI0*:* ipmi_si
alias cpu:type:x86,ven*fam*mod*:feature:*00E0* coretemp
alias scsi:t-0x00* sd_mod
alias virtio:d00000001v* virtio_net
alias dmi:bvn*:svnExample/Maker:* example
`
)

func modules(t *testing.T, insert func(string) error) *Modules {
	t.Helper()
	m, err := ReadModules(fstest.MapFS{
		"modules.dep":   {Data: []byte(depIndex)},
		"modules.alias": {Data: []byte(aliasIndex)},
	}, insert)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"a", "a", true},
		{"a", "b", false},
		{"a*", "a", true},
		{"*", "anything/at:all", true},
		{"a*c*e", "abcde", true},
		{"a*c*e", "abcd", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"v[0-9A-F]", "vB", true},
		{"v[0-9A-F]", "vG", false},
		{"v[14-6]x", "v5x", true},
		{"v[14-6]x", "v2x", false},
		{"v[", "v[", false},
		{"usb:v05ACp*d*dc*[0-3]", "usb:v05ACp1d2dc3", true},
		{"dmi:*bd*/2019:*", "dmi:bvnX:bd04/01/2019:svnY:", true},
		{strings.Repeat("a*", 30) + "b", strings.Repeat("a", 60), false},
	} {
		if got := glob(test.pattern, test.s); got != test.want {
			t.Errorf("glob(%q, %q) = %v, want %v", test.pattern, test.s, got, test.want)
		}
	}
}

func TestMatch(t *testing.T) {
	m := modules(t, nil)
	for in, want := range map[string][]string{
		"pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00": {"e1000e"},
		"pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02": {"nvme"},
		"pci:v00001234d00001111sv00001AF4sd00001100bc03sc00i00": nil,
		"acpi:IPI0001:":                       {"ipmi_si"},
		"dmi:bvnSeaBIOS:svnExample/Maker:pn:": {"example"},
		"virtio:d00000001v00001AF4":           {"virtio_net"},
		"":                                    nil,
	} {
		if diff := cmp.Diff(want, m.Match(in)); diff != "" {
			t.Errorf("Match(%q) differs (-want +got):\n%s", in, diff)
		}
	}
}

func TestLoadPutsDependenciesFirstAndOnce(t *testing.T) {
	var mu sync.Mutex
	var got []string
	m := modules(t, func(path string) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, path)
		return nil
	})
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			if err := m.Load("e1000e"); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	want := []string{"kernel/pps/pps-core.ko", "kernel/ptp/ptp.ko", "kernel/net/e1000e.ko"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inserted (-want +got):\n%s", diff)
	}
	if err := m.Load("virtio_net"); err != nil || len(got) != 3 {
		t.Errorf("Load of a module that is built in = %v and %d files, want no error and no file", err, len(got)-3)
	}
}

func TestLoadNamesWhatFailed(t *testing.T) {
	m := modules(t, func(path string) error {
		if strings.Contains(path, "pps") {
			return errors.New("exec format error")
		}
		return nil
	})
	err := m.Load("e1000e")
	if want := "load e1000e: load pps_core: exec format error"; err == nil || err.Error() != want {
		t.Errorf("Load = %v, want %s", err, want)
	}
}

func TestReadModulesWantsBothIndexes(t *testing.T) {
	_, err := ReadModules(fstest.MapFS{"modules.dep": {}}, nil)
	if err == nil || !strings.Contains(err.Error(), "modules.alias") {
		t.Errorf("ReadModules without modules.alias = %v, want an error that names it", err)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("pci:v*d[0-9]?", "pci:v1d23")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 100 || len(s) > 100 {
			return
		}
		if glob(pattern, s) && !glob(pattern+"*", s+"x") {
			t.Errorf("glob(%q, %q) but not with a star for what follows", pattern, s)
		}
		if !strings.ContainsAny(pattern, "*?[") && glob(pattern, s) != (pattern == s) {
			t.Errorf("glob(%q, %q) = %v", pattern, s, pattern != s)
		}
	})
}

func TestModuleName(t *testing.T) {
	got := []string{moduleName("kernel/a/snd-hda-intel.ko"), moduleName("x.ko.xz"), moduleName("plain")}
	if want := []string{"snd_hda_intel", "x", "plain"}; !slices.Equal(got, want) {
		t.Errorf("moduleName = %q, want %q", got, want)
	}
}
