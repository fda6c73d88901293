package virtualrack

import (
	"net/netip"
	"testing"

	"firstlight/server/machine"
)

func TestEveryMachineIsSomebodyElse(t *testing.T) {
	macs, bmcs, serials := map[machine.MAC]bool{}, map[netip.Addr]bool{bmcUplink: true}, map[string]bool{}
	for n := 1; n <= maxEach; n++ {
		for _, id := range []identity{fullIdentity(n), lightIdentity(n)} {
			if macs[id.mac] || macs[id.bmcMAC] || bmcs[id.bmc] || serials[id.serial] {
				t.Fatalf("machine %d shares a mark with another: %+v", n, id)
			}
			macs[id.mac], macs[id.bmcMAC], bmcs[id.bmc], serials[id.serial] = true, true, true, true
			if !bmcNetwork.Contains(id.bmc) {
				t.Fatalf("the BMC of machine %d is %s, want it in %s", n, id.bmc, bmcNetwork)
			}
		}
	}
}

func TestNetworksBehindRelaysAreApart(t *testing.T) {
	for n := 1; n < maxRelayed; n++ {
		before, p := RelayedNetwork(n-1), RelayedNetwork(n)
		if before.Overlaps(p) || !relayed.Contains(p.Addr()) || p != p.Masked() {
			t.Fatalf("network %d is %s after %s, want the next in %s", n, p, before, relayed)
		}
	}
}
