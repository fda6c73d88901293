package storm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
	"firstlight/server/virtualrack/light"
)

// perRack is how many machines a rack has, behind one relay.
const perRack = 40

// vendor and product of the machines, for rules to match.
const (
	vendor  = "QEMU"
	product = "VR-STORM"
)

// node is one machine in its rack unit.
type node struct {
	light.Spec
	number  int        // from 0
	relay   netip.Addr // of its rack
	replies chan *dhcpv4.DHCPv4
}

// newNode makes the machine of a number behind a relay. Every second one is a
// BIOS.
func newNode(number int, relay netip.Addr) *node {
	serial := serialOf(number)
	return &node{
		Spec: light.Spec{
			Serial: serial, UUID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(serial)).String(), Vendor: vendor, Product: product,
			UEFI: number%2 == 1, MAC: macOf(number),
		},
		number: number, relay: relay,
		replies: make(chan *dhcpv4.DHCPv4, 4),
	}
}

// serialOf is the serial number of a machine.
func serialOf(number int) string { return fmt.Sprintf("ST%05d", number+1) }

// macOf is a locally administered address with the machine's number in it.
func macOf(number int) (mac machine.MAC) {
	binary.BigEndian.PutUint32(mac[2:], uint32(number))
	mac[0], mac[1], mac[2] = 0x02, 0x53, 0x54
	return mac
}

// Stages of a boot, in their order.
const (
	stageFirmware = iota // DHCP of the firmware, DISCOVER to ACK
	stageLoader          // the boot loader by TFTP
	stageIPXE            // DHCP of the loader
	stageScript          // from its first script to the end of the last
	stages
)

var stageNames = [stages]string{"firmware DHCP", "loader (TFTP)", "iPXE DHCP", "scripts (HTTP)"}

// course is how a boot went: how long each stage took, and which one failed.
type course struct {
	took    [stages]time.Duration
	retries [stages]int
	bytes   int64
	lease   lease // what iPXE got
	failed  int   // the stage, where err is set
	err     error // nil: it was served
}

func (c *course) total() (all time.Duration) {
	for _, d := range c.took {
		all += d
	}
	return all
}

// boot goes from power-on to the script that names a system or the disk.
func (w *wires) boot(ctx context.Context, n *node) (c course) {
	var l lease
	for stage, do := range [stages]func() (int, error){
		stageFirmware: func() (retries int, err error) { l, retries, err = w.dhcp(ctx, n, n.Firmware()); return retries, err },
		stageLoader: func() (int, error) {
			bytes, retries, err := w.fetch(ctx, n, l)
			c.bytes += bytes
			return retries, err
		},
		stageIPXE: func() (retries int, err error) {
			l, retries, err = w.dhcp(ctx, n, n.Loader())
			c.lease = l
			return retries, err
		},
		stageScript: func() (int, error) { return w.scripts(ctx, n, l) },
	} {
		began := time.Now()
		c.retries[stage], c.err = do()
		if c.took[stage] = time.Since(began); c.err != nil {
			c.failed = stage
			return c
		}
	}
	return c
}

// errSilence is a reason of its own: all of its kind are one row.
var errSilence = errors.New("nobody answered")

// wait ends with a message from c, or false once the time is over.
func wait[T any](ctx context.Context, c <-chan T, until time.Time) (got T, ok bool) {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case got = <-c:
		return got, true
	case <-t.C:
	case <-ctx.Done():
	}
	return got, false
}
