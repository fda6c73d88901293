package operate

import (
	"firstlight/server/frame"
	"firstlight/server/machine"
)

// Packets gives the last DHCP packets of a machine, or of a MAC that nobody
// knows, the oldest first: what it sent, what it was sent by us, and what other
// servers sent that was heard.
func (d *Desk) Packets(ref string) ([]frame.Packet, error) {
	var macs []machine.MAC
	m, err := d.find(ref)
	if err == nil {
		for _, n := range m.NICs {
			macs = append(macs, n.MAC)
		}
		return d.Config.Packets(macs...), nil
	}
	mac, bad := machine.ParseMAC(ref)
	if bad != nil {
		return nil, err
	}
	return d.Config.Packets(mac), nil
}

// OtherServers gives the DHCP servers that were heard beside ours within the
// last hour.
func (d *Desk) OtherServers() []machine.DHCPServer { return d.Others() }
