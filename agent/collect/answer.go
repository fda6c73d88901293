package collect

import (
	"bytes"
	"errors"
	"fmt"

	"firstlight/agent/bmc"
	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

// Live is what answers where no file tells: disks below the block layer, and the BMC.
// What is nil is not asked.
type Live struct {
	Door func(disk string) (passthrough.Door, func(), error)
	BMC  bmc.Sender
}

// door is Live's, with a note of each answer.
func (r *recorder) door(live Live) func(string) (passthrough.Door, func(), error) {
	if live.Door == nil {
		return nil
	}
	return func(disk string) (passthrough.Door, func(), error) {
		d, done, err := live.Door(disk)
		if err != nil {
			return nil, nil, err
		}
		return recordedDoor{d, disk, r}, done, nil
	}
}

func (r *recorder) bmc(send bmc.Sender) func() (*report.BMC, error) {
	if send == nil {
		return nil
	}
	return func() (*report.BMC, error) {
		return bmc.Ask(func(netfn, command byte, data ...byte) ([]byte, error) {
			b, err := send(netfn, command, data...)
			if err == nil { // a refusal is as good as no answer
				r.answer(ipmiName(netfn, command, data), "ok", b)
			}
			return b, err
		})
	}
}

// Names of questions: who is asked, by which command.
func ipmiName(netfn, command byte, data []byte) string {
	return fmt.Sprintf("ipmi0/%02x-%02x-%x", netfn, command, data)
}

func adminName(disk string, c passthrough.Admin) string {
	return fmt.Sprintf("%s/nvme-%02x-%x-%x-%x", disk, c.Opcode, c.Namespace, c.CDW10, c.CDW11)
}

func scsiName(disk string, c passthrough.SCSI) string { return fmt.Sprintf("%s/scsi-%x", disk, c.CDB) }

// recordedDoor notes what a disk answers, and what it refuses. What the kernel refuses
// is left out.
type recordedDoor struct {
	passthrough.Door
	disk string
	to   *recorder
}

// Admin implements passthrough.Door.
func (d recordedDoor) Admin(c passthrough.Admin, data []byte) error {
	err := d.Door.Admin(c, data)
	var status passthrough.Status
	switch {
	case err == nil:
		d.to.answer(adminName(d.disk, c), "ok", data)
	case errors.As(err, &status):
		d.to.answer(adminName(d.disk, c), "status", []byte{byte(status >> 8), byte(status)})
	}
	return err
}

// SCSI implements passthrough.Door.
func (d recordedDoor) SCSI(c passthrough.SCSI, data []byte) error {
	err := d.Door.SCSI(c, data)
	var sense passthrough.Sense
	switch {
	case err == nil:
		d.to.answer(scsiName(d.disk, c), "ok", data)
	case errors.As(err, &sense):
		d.to.answer(scsiName(d.disk, c), "sense", sense)
	}
	return err
}

// answer leaves out the zeros at the end, of which most answers are.
func (r *recorder) answer(name, how string, b []byte) {
	value := how
	if b = bytes.TrimRight(r.hide(b), "\x00"); len(b) > 0 {
		value += fmt.Sprintf(":%x", b)
	}
	r.note(name, "answer", value)
}
