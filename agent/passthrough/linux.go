package passthrough

import (
	"fmt"
	"os"
	"time"
	"unsafe"
)

// On is the door of an open block device. It lives as long as the file does.
func On(f *os.File) Door { return kernel{f} }

type kernel struct{ file *os.File }

// Numbers of ioctls (linux/nvme_ioctl.h, scsi/sg.h).
const (
	nvmeID    = 0x4E40
	nvmeAdmin = 0xC0484E41
	sgIO      = 0x2285
)

// nvmeCommand is struct nvme_passthru_cmd.
type nvmeCommand struct {
	opcode, flags          uint8
	_                      uint16
	namespace              uint32
	cdw2, cdw3             uint32
	metadata, address      uint64
	metadataBytes, bytes   uint32
	cdw10, cdw11           uint32
	cdw12, cdw13           uint32
	cdw14, cdw15           uint32
	milliseconds, answered uint32
}

// Admin implements Door.
func (k kernel) Admin(c Admin, data []byte) error {
	cmd := nvmeCommand{
		opcode: c.Opcode, namespace: c.Namespace, cdw10: c.CDW10, cdw11: c.CDW11, bytes: uint32(len(data)), milliseconds: milliseconds(c.Within),
	}
	// The kernel takes an address as a number: data must not move or go meanwhile.
	if len(data) > 0 {
		cmd.address = uint64(uintptr(unsafe.Pointer(&data[0])))
	}
	status, err := k.ioctl(nvmeAdmin, unsafe.Pointer(&cmd), data)
	if err != nil {
		return err
	}
	if status != 0 {
		return Status(status & 0x7ff)
	}
	return nil
}

// Namespace implements Door.
func (k kernel) Namespace() (uint32, error) {
	n, err := k.ioctl(nvmeID, nil, nil)
	if err != nil {
		return 0, fmt.Errorf("ask for the namespace's number: %w", err)
	}
	return uint32(n), nil
}

// sgHeader is struct sg_io_hdr of 64-bit machines.
type sgHeader struct {
	interfaceID, direction  int32
	cdbBytes, senseRoom     uint8
	vectors                 uint16
	bytes                   uint32
	data, cdb, sense        unsafe.Pointer
	milliseconds, flags     uint32
	pack                    int32
	user                    unsafe.Pointer
	status, masked, message uint8
	senseBytes              uint8
	host, driver            uint16
	residual                int32
	duration, info          uint32
}

// SCSI implements Door.
func (k kernel) SCSI(c SCSI, data []byte) error {
	const none, out, in, checkCondition, driverSense = -1, -2, -3, 0x02, 0x08
	sense := make([]byte, 252)
	h := sgHeader{
		interfaceID: 'S', direction: none, cdbBytes: uint8(len(c.CDB)), senseRoom: uint8(len(sense)), bytes: uint32(len(data)),
		cdb: unsafe.Pointer(&c.CDB[0]), sense: unsafe.Pointer(&sense[0]), milliseconds: milliseconds(c.Within),
	}
	if len(data) > 0 {
		h.data, h.direction = unsafe.Pointer(&data[0]), in
		if c.Out {
			h.direction = out
		}
	}
	if _, err := k.ioctl(sgIO, unsafe.Pointer(&h), data); err != nil {
		return err
	}
	switch {
	case h.status == checkCondition || h.driver&driverSense != 0 && h.senseBytes > 0:
		return Sense(sense[:min(int(h.senseBytes), len(sense))])
	case h.status != 0 || h.host != 0:
		return fmt.Errorf("the command did not arrive: SCSI status %02xh, host %02xh, driver %02xh", h.status, h.host, h.driver)
	}
	return nil
}

func milliseconds(d time.Duration) uint32 { return uint32(min(d.Milliseconds(), 1<<32-1)) }
