package passthrough

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl pins data, to which the structure at arg points.
func (k kernel) ioctl(number uintptr, arg unsafe.Pointer, data []byte) (int, error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	if len(data) > 0 {
		pins.Pin(&data[0])
	}
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, k.file.Fd(), number, uintptr(arg))
	runtime.KeepAlive(data)
	runtime.KeepAlive(k.file)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
