package network

import (
	"net"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

var epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func testLease(t *testing.T, modifiers ...dhcpv4.Modifier) *lease {
	t.Helper()
	ack, err := dhcpv4.New(append(modifiers, dhcpv4.WithYourIP(net.IPv4(10, 0, 0, 7)), dhcpv4.WithNetmask(net.CIDRMask(24, 32)))...)
	if err != nil {
		t.Fatal(err)
	}
	return lease4("eth0", &nclient4.Lease{ACK: ack}, epoch)
}

func TestWhenALeaseIsRenewed(t *testing.T) {
	hour := dhcpv4.WithLeaseTime(3600)
	quarter := dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionRenewTimeValue, []byte{0, 0, 3, 132})) // 900 s
	never := dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionRenewTimeValue, []byte{0, 0, 255, 255}))
	for _, test := range []struct {
		name  string
		opts  []dhcpv4.Modifier
		now   time.Duration
		tried bool
		want  time.Duration
		ok    bool
	}{
		{"at half the lease", []dhcpv4.Modifier{hour}, 0, false, 30 * time.Minute, true},
		{"when the server says", []dhcpv4.Modifier{hour, quarter}, 0, false, 15 * time.Minute, true},
		{"at half the lease when the server says nonsense", []dhcpv4.Modifier{hour, never}, 0, false, 30 * time.Minute, true},
		{"at once when checking the address took longer", []dhcpv4.Modifier{hour}, 45 * time.Minute, false, 0, true},
		{"after half of what is left when it failed", []dhcpv4.Modifier{hour}, 30 * time.Minute, true, 15 * time.Minute, true},
		{"not more often than each minute", []dhcpv4.Modifier{hour}, 3500 * time.Second, true, time.Minute, true},
		{"once more at the very end", []dhcpv4.Modifier{hour}, 3590 * time.Second, true, 10 * time.Second, true},
		{"never after the end", []dhcpv4.Modifier{hour}, time.Hour, true, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := momentsOf(testLease(t, test.opts...)).next(epoch.Add(test.now), test.tried)
			if got != test.want || ok != test.ok {
				t.Errorf("next = %v, %v; want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestWhoseTurnItIs(t *testing.T) {
	link := func(mac string, flags uint32) netlink.Link {
		hw, err := net.ParseMAC(mac)
		if err != nil {
			t.Fatal(err)
		}
		return &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "eth0", HardwareAddr: hw, RawFlags: flags}}
	}
	const booted, other = "52:54:00:aa:00:01", "52:54:00:aa:00:02"
	for _, test := range []struct {
		name  string
		link  netlink.Link
		first string
		want  bool
	}{
		{"the NIC that booted", link(booted, unix.IFF_LOWER_UP), "52:54:00:AA:00:01", true},
		{"another while that one is tried alone", link(other, unix.IFF_LOWER_UP), booted, false},
		{"another once all may try", link(other, unix.IFF_LOWER_UP), "", true},
		{"the NIC that booted without a cable", link(booted, unix.IFF_UP), booted, false},
	} {
		if got := turn(test.link, test.first); got != test.want {
			t.Errorf("%s: turn = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPrefix(t *testing.T) {
	if got := testLease(t).prefix.String(); got != "10.0.0.7/24" {
		t.Errorf("prefix = %s, want 10.0.0.7/24", got)
	}
}
