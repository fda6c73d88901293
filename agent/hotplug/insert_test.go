package hotplug

import (
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// sign puts a signature of so many bytes at a module's end, and says that it has
// claimed ones.
func sign(module string, bytes int, claimed uint32) string {
	header := make([]byte, signatureHeader)
	binary.BigEndian.PutUint32(header[8:], claimed)
	return module + strings.Repeat("s", bytes) + string(header) + signed
}

func TestUnsigned(t *testing.T) {
	for _, test := range []struct{ name, module, want string }{
		{"signed", sign("module", 200, 200), "module"},
		{"not signed", "module", "module"},
		{"nothing", "", ""},
		{"the text alone", signed, signed},
		{"a signature longer than the file", sign("module", 3, 1<<31), sign("module", 3, 1<<31)},
	} {
		if got := string(unsigned([]byte(test.module))); got != test.want {
			t.Errorf("unsigned of %s = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestAKernelThatWantsSignaturesIsKnownByItsAnswer(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EPERM, unix.EACCES, unix.EKEYREJECTED, unix.ENOKEY} {
		if !refused(errno) {
			t.Errorf("refused(%v) = false", errno)
		}
	}
	for _, err := range []error{nil, unix.ENOEXEC, unix.ENOMEM} {
		if refused(err) {
			t.Errorf("refused(%v) = true", err)
		}
	}
}

func FuzzUnsigned(f *testing.F) {
	f.Add([]byte(sign("module", 20, 20)))
	f.Add([]byte(signed))
	f.Fuzz(func(t *testing.T, module []byte) {
		if got := unsigned(module); !strings.HasPrefix(string(module), string(got)) {
			t.Errorf("unsigned(%q) = %q, want its beginning", module, got)
		}
	})
}
