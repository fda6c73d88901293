package bmc

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The driver's interface (kernel: include/uapi/linux/ipmi.h).
const (
	sendCommand    = 0x8028690D // IPMICTL_SEND_COMMAND
	receiveMessage = 0xC030690B // IPMICTL_RECEIVE_MSG_TRUNC

	systemInterface = 0x0C
	bmcChannel      = 0x0F

	patience = 5 * time.Second // the driver itself retries a busy BMC for as long
)

// refusal is a command that the BMC answered with a completion code other than 0.
type refusal struct{ netfn, command, code byte }

func (r *refusal) Error() string {
	return fmt.Sprintf("the BMC refuses %#02x/%#02x with code %#02x", r.netfn, r.command, r.code)
}

type address struct {
	kind    int32
	channel int16
	_       byte // logical unit
	_       byte
}

type message struct {
	netfn, command byte
	length         uint16
	data           *byte
}

type request struct {
	addr       *address
	addrLength uint32
	id         int
	msg        message
}

type response struct {
	kind       int32
	addr       *address
	addrLength uint32
	id         int
	msg        message
}

type device struct {
	file *os.File
	id   int
}

// open opens for reading: the driver lets a reader send commands, and nothing
// else can be written by accident (kernel: drivers/char/ipmi/ipmi_devintf.c).
func open(path string) (*device, error) {
	f, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	return &device{file: f}, nil
}

func (d *device) close() { d.file.Close() }

// send implements sender.
func (d *device) send(netfn, command byte, data ...byte) ([]byte, error) {
	d.id++
	if err := d.put(netfn, command, data); err != nil {
		return nil, fmt.Errorf("send command %#02x/%#02x: %w", netfn, command, err)
	}
	for deadline := time.Now().Add(patience); ; {
		answer, id, err := d.get(time.Until(deadline))
		switch {
		case err != nil:
			return nil, fmt.Errorf("wait for the answer to %#02x/%#02x: %w", netfn, command, err)
		case id != d.id: // to a command that was given up
			continue
		case len(answer) == 0:
			return nil, fmt.Errorf("the answer to %#02x/%#02x is empty", netfn, command)
		case answer[0] != 0:
			return nil, &refusal{netfn, command, answer[0]}
		}
		return answer[1:], nil
	}
}

func (d *device) put(netfn, command byte, data []byte) error {
	var pins runtime.Pinner
	defer pins.Unpin()
	addr := &address{kind: systemInterface, channel: bmcChannel}
	pins.Pin(addr)
	req := request{
		addr: addr, addrLength: uint32(unsafe.Sizeof(*addr)), id: d.id,
		msg: message{netfn: netfn, command: command, length: uint16(len(data))},
	}
	if len(data) > 0 {
		req.msg.data = &data[0]
		pins.Pin(req.msg.data)
	}
	return d.ioctl(sendCommand, unsafe.Pointer(&req))
}

func (d *device) get(patience time.Duration) ([]byte, int, error) {
	if err := d.await(patience); err != nil {
		return nil, 0, err
	}
	var pins runtime.Pinner
	defer pins.Unpin()
	addr, buffer := &address{}, make([]byte, 256)
	pins.Pin(addr)
	pins.Pin(&buffer[0])
	resp := response{
		addr: addr, addrLength: uint32(unsafe.Sizeof(*addr)),
		msg: message{data: &buffer[0], length: uint16(len(buffer))},
	}
	if err := d.ioctl(receiveMessage, unsafe.Pointer(&resp)); err != nil {
		return nil, 0, err
	}
	return buffer[:min(int(resp.msg.length), len(buffer))], resp.id, nil
}

// await polls by hand: the driver's files do not fit into the runtime's poller.
func (d *device) await(patience time.Duration) error {
	fds := []unix.PollFd{{Fd: int32(d.file.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(max(0, patience.Milliseconds())))
	for errors.Is(err, unix.EINTR) { // a signal of the runtime's; the wait begins anew
		n, err = unix.Poll(fds, int(max(0, patience.Milliseconds())))
	}
	if err == nil && n == 0 {
		return os.ErrDeadlineExceeded
	}
	return err
}

func (d *device) ioctl(number uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, d.file.Fd(), number, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
