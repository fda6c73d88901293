package bmc

import "firstlight/agent/report"

// Sender sends a command to a BMC, and gives the answer behind its completion code.
type Sender = sender

// Ask asks whoever answers a Sender, as Read asks a device.
func Ask(send Sender) (*report.BMC, error) { return read(send) }

// Open opens a device for Ask. One that is not there is fs.ErrNotExist.
func Open(device string) (Sender, func(), error) {
	d, err := open(device)
	if err != nil {
		return nil, nil, err
	}
	return d.send, d.close, nil
}
