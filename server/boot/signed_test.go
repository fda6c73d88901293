package boot

import (
	"testing"

	"firstlight/server/machine"
)

func TestSigned(t *testing.T) {
	reported := func(on bool) *machine.Machine { return &machine.Machine{Observed: machine.Observed{SecureBoot: on}} }
	for name, tt := range map[string]struct {
		platform string
		known    Known
		want     bool
	}{
		"nobody knows":                              {"efi", Known{}, false},
		"the subnet says so":                        {"efi", Known{SecureBoot: true}, true},
		"its agent said so":                         {"efi", Known{Machine: reported(true)}, true},
		"its agent said that it is off":             {"efi", Known{Machine: reported(false)}, false},
		"the subnet says so, and its agent did not": {"efi", Known{SecureBoot: true, Machine: reported(false)}, true},
		"BIOS runs no signed loader":                {"bios", Known{SecureBoot: true, Machine: reported(true)}, false},
	} {
		if why := Signed(Request{Platform: tt.platform}, tt.known); (why != "") != tt.want {
			t.Errorf("%s: Signed() = %q, want one: %v", name, why, tt.want)
		}
	}
}
