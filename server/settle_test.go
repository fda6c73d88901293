package server

import (
	"net/netip"
	"testing"
)

func TestTentative(t *testing.T) {
	const table = "20010db8001200000000000000000001 02 40 00 c0    boot0\n" +
		"20010db8001200000000000000000002 02 40 00 80    boot0\n" +
		"00000000000000000000000000000001 01 80 10 80       lo\n"
	for address, want := range map[string]bool{"2001:db8:12::1": true, "2001:db8:12::2": false, "10.80.12.1": false} {
		if got := tentative(table, []netip.Addr{netip.MustParseAddr(address)}); got != want {
			t.Errorf("%s is tentative: %v, want %v", address, got, want)
		}
	}
}
