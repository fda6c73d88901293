package virtualrack

import (
	"fmt"
	"time"

	"firstlight/agent/lldp"
	"firstlight/agent/report"
)

// The rack's switches as they call themselves by LLDP. A QEMU machine hears its
// own on its cable, a light one is told.
const (
	switchName    = "sw1"
	switchChassis = "02:4c:54:ff:00:01"
	switchEvery   = 2 * time.Second // 30 s on a real switch, which nobody waits for here
	lightSwitch   = "sw2"
)

// portName is that of the n-th port, from 0.
func portName(n int) string { return fmt.Sprintf("Ethernet%d", n+1) }

// announce has the switch say on a tap which of its ports that is.
func (r *Rack) announce(tap string, n int) error {
	return r.network.Announce(tap, lldp.EtherType, lldp.Group, switchEvery, lldp.Build(report.Neighbour{
		Chassis: switchChassis, ChassisKind: lldp.KindMAC, Port: portName(n), PortKind: lldp.KindName,
		System: switchName, SystemText: "the virtual rack's switch", Management: bmcUplink.String(),
	}, 4*switchEvery))
}
