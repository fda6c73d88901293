package bmc

import (
	"fmt"
	"net"
	"net/netip"

	"firstlight/agent/report"
)

const (
	setChannelAccess = 0x40
	getChannelAccess = 0x41
	setLANConfig     = 0x01

	stored, now = 0x40, 0x80 // what survives the BMC's restart, and what holds at once

	alwaysOn = 2 // mode of a channel (table 22-33)
)

// openChannel lets the network's channel take log-ins at any time, where it does
// not: some are delivered shut.
func openChannel(send sender, channel byte) error {
	for _, which := range []byte{stored, now} {
		is, err := send(netApp, getChannelAccess, channel, which)
		if err != nil || len(is) < 2 {
			continue // it has no such setting
		}
		limit := is[1] & 0x0F
		if is[0]&0x07 == alwaysOn && limit >= administrator {
			continue
		}
		if limit < administrator {
			limit = administrator
		}
		if _, err := send(netApp, setChannelAccess, channel, which|is[0]&0x38|alwaysOn, which|limit); err != nil {
			return fmt.Errorf("let the BMC's network take log-ins: %w", err)
		}
	}
	return nil
}

// setNetwork sets how the BMC gets its address, and reads it back.
func setNetwork(send sender, channel byte, n *report.BMCNetwork) error {
	if n == nil {
		return nil
	}
	set := func(parameter byte, data ...byte) error {
		if _, err := send(netTransport, setLANConfig, append([]byte{channel, parameter}, data...)...); err != nil {
			return fmt.Errorf("set parameter %d of the BMC's network: %w", parameter, err)
		}
		is, err := send(netTransport, getLANConfig, channel, parameter, 0, 0)
		if err != nil || len(is) < 1+len(data) || string(is[1:1+len(data)]) != string(data) {
			return fmt.Errorf("the BMC took parameter %d of its network and shows % x", parameter, is)
		}
		return nil
	}
	if n.DHCP {
		return set(paramSource, 2)
	}
	address, err := netip.ParsePrefix(n.Address)
	if err != nil || !address.Addr().Is4() {
		return fmt.Errorf("the plan's address %q is none of IPv4 with a prefix length", n.Address)
	}
	if err := set(paramSource, 1); err != nil {
		return err
	}
	ip := address.Addr().As4()
	if err := set(paramAddress, ip[:]...); err != nil {
		return err
	}
	if err := set(paramMask, net.CIDRMask(address.Bits(), 32)...); err != nil {
		return err
	}
	if n.Gateway == "" {
		return nil
	}
	gateway, err := netip.ParseAddr(n.Gateway)
	if err != nil || !gateway.Is4() {
		return fmt.Errorf("the plan's gateway %q is no address of IPv4", n.Gateway)
	}
	ip = gateway.As4()
	return set(paramGateway, ip[:]...)
}
