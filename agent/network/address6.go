package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"firstlight/agent/patience"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	// boundDAD is how long the kernel may look whether somebody else has an
	// address: a second, unless the NIC sees its link late.
	boundDAD = 5 * time.Second
	pollDAD  = 100 * time.Millisecond
	// lookAgain is how often an address that the kernel keeps is looked for.
	lookAgain = time.Minute
)

// settled waits until the NIC has an address of the wanted kind that nobody else
// has (RFC 4862 §5.4).
func settled(ctx context.Context, nic string, wanted func(netip.Addr) bool) error {
	ctx, cancel := context.WithTimeout(ctx, boundDAD)
	defer cancel()
	for {
		all, err := addresses6(nic)
		if err != nil {
			return err
		}
		for _, a := range all {
			switch address := addressOf(a); {
			case !wanted(address):
			case a.Flags&unix.IFA_F_DADFAILED != 0:
				return fmt.Errorf("%s is another's, too", address)
			case a.Flags&unix.IFA_F_TENTATIVE == 0:
				return nil
			}
		}
		if patience.Wait(ctx, pollDAD) != nil {
			return ctx.Err()
		}
	}
}

// autoconfigured finds an address that the kernel made of an advertised prefix.
// The kernel also makes its lifetime longer, so that looking again is enough.
func autoconfigured(nic string, now time.Time) (*lease, bool) {
	all, err := addresses6(nic)
	if err != nil {
		return nil, false
	}
	for _, a := range all {
		if !addressOf(a).IsGlobalUnicast() || a.Flags&(unix.IFA_F_PERMANENT|unix.IFA_F_TENTATIVE|unix.IFA_F_DEPRECATED|unix.IFA_F_TEMPORARY) != 0 {
			continue
		}
		bits, _ := a.Mask.Size()
		l := &lease{nic: nic, since: now, prefix: netip.PrefixFrom(addressOf(a), bits), length: 2 * lookAgain, t1: lookAgain, kernel: true}
		l.renew = func(context.Context, bool) (*lease, error) {
			if l, found := autoconfigured(nic, time.Now()); found {
				return l, nil
			}
			return nil, fmt.Errorf("%w: no router advertises its prefix any more", errRefused)
		}
		return l, true
	}
	return nil, false
}

func addresses6(nic string) ([]netlink.Addr, error) {
	link, err := netlink.LinkByName(nic)
	if err != nil {
		return nil, fmt.Errorf("addresses of %s: %w", nic, err)
	}
	all, err := netlink.AddrList(link, netlink.FAMILY_V6)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) { // what changed meanwhile comes next time
		return nil, fmt.Errorf("addresses of %s: %w", nic, err)
	}
	return all, nil
}

func addressOf(a netlink.Addr) netip.Addr {
	address, _ := netip.AddrFromSlice(a.IP)
	return address
}
