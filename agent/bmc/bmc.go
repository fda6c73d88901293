// Package bmc asks the management controller of this very machine for its
// address and its users, over the in-band interface of IPMI, and makes a user on it
// where an order says so.
//
// Read only ever reads. Control promises to touch no user but the one that it is
// told of, and to read back what it wrote; no password is ever in an error or in a
// log. Packages agent/facts and agent/pid1 import it. Commands are of the IPMI 2.0
// specification, revision 1.1.
package bmc

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"firstlight/agent/report"
)

// Network functions, commands and parameters (tables 22, 23 and appendix G).
const (
	netApp       = 0x06
	netTransport = 0x0C

	getDeviceID    = 0x01
	getChannelInfo = 0x42
	getLANConfig   = 0x02

	paramAddress = 3
	paramSource  = 4
	paramMAC     = 5
	paramMask    = 6
	paramGateway = 12

	mediumLAN = 4
)

// sender sends one command and returns the answer behind its completion code.
type sender func(netfn, command byte, data ...byte) ([]byte, error)

// Read asks the BMC behind a device, usually /dev/ipmi0. A machine without one
// is not an error: the answer is then nil.
func Read(device string) (*report.BMC, error) {
	d, err := open(device)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask the BMC: %w", err)
	}
	defer d.close()
	return read(d.send)
}

func read(send sender) (*report.BMC, error) {
	id, err := send(netApp, getDeviceID)
	if err != nil {
		return nil, fmt.Errorf("ask the BMC who it is: %w", err)
	}
	if len(id) < 4 {
		return nil, fmt.Errorf("ask the BMC who it is: %d bytes instead of 4 or more", len(id))
	}
	b := &report.BMC{Source: "ipmi", Firmware: fmt.Sprintf("%d.%02x", id[2]&0x7F, id[3])} // minor is BCD
	channel, ok := lanChannel(send)
	if !ok {
		return b, nil
	}
	if a, err := send(netTransport, getLANConfig, channel, paramAddress, 0, 0); err == nil && len(a) >= 5 {
		if addr := netip.AddrFrom4([4]byte(a[1:5])); !addr.IsUnspecified() {
			b.Address = addr.String()
		}
	}
	if m, err := send(netTransport, getLANConfig, channel, paramMAC, 0, 0); err == nil && len(m) >= 7 {
		b.MAC = net.HardwareAddr(m[1:7]).String()
	}
	if s, err := send(netTransport, getLANConfig, channel, paramSource, 0, 0); err == nil && len(s) >= 2 {
		b.Mode = modes[s[1]&0x0F]
	}
	b.Users, _ = users(send, channel) // many BMCs have none to tell of
	return b, nil
}

// modes are the sources of an address (table 23-4, parameter 4).
var modes = map[byte]string{1: "static", 2: "dhcp", 3: "firmware", 4: "other"}

// lanChannel finds the first channel that is a network. It is 1 nearly
// everywhere, and 8 on some; BMCs that do not tell are asked on 1.
func lanChannel(send sender) (byte, bool) {
	told := false
	for channel := byte(1); channel <= 11; channel++ {
		info, err := send(netApp, getChannelInfo, channel)
		if err != nil || len(info) < 2 {
			continue
		}
		told = true
		if info[1]&0x7F == mediumLAN {
			return channel, true
		}
	}
	return 1, !told
}
