package hotplug

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Insert returns a function that hands a file below dir to the kernel. A
// module that is there already, or a driver whose device is not (ENODEV, as
// ipmi_si says on a machine without a BMC), is no failure.
//
// A kernel that takes modules without a signature is given them without: to check
// one guards nothing there, not even this program, and keeps an emulated core busy
// for a tenth of a second. Where Secure Boot locked the kernel, the first module
// is refused so, and it and all others are handed over whole.
func Insert(dir string) func(path string) error {
	var whole atomic.Bool
	return func(path string) error {
		path = filepath.Join(dir, path)
		if !whole.Load() {
			module, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			err = unix.InitModule(unsigned(module), "")
			if !refused(err) {
				return there(err)
			}
			whole.Store(true)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return there(unix.FinitModule(int(f.Fd()), "", 0))
	}
}

func there(err error) error {
	if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// refused tells the answers of a kernel that wants signatures (kernel/module/signing.c),
// or a file that has them (security/integrity/ima/ima_main.c).
func refused(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EKEYREJECTED) || errors.Is(err, unix.ENOKEY)
}

// Of a signed module's end (include/linux/module_signature.h): the signature, how
// long it is in the last four bytes of a header, and a text.
const (
	signed          = "~Module signature appended~\n"
	signatureHeader = 12
)

// unsigned is a module without its signature, or the same if it has none.
func unsigned(module []byte) []byte {
	body, ok := bytes.CutSuffix(module, []byte(signed))
	if !ok || len(body) < signatureHeader {
		return module
	}
	size := uint64(binary.BigEndian.Uint32(body[len(body)-4:]))
	body = body[:len(body)-signatureHeader]
	if size > uint64(len(body)) {
		return module
	}
	return body[:uint64(len(body))-size]
}
