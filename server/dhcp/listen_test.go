package dhcp

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/server/virtualrack/netns/netnstest"
)

func TestListenSaysWhatStandsInTheWay(t *testing.T) {
	host, other := netnstest.Pair(t)
	host.Cable("bare0", other, "eth1", "52:54:00:12:34:57")
	plain := func(f func() error) error { return host.Do(f) }
	busy := func(f func() error) error {
		return host.Do(func() error {
			taken, err := net.ListenUDP("udp4", &net.UDPAddr{Port: serverPort})
			if err != nil {
				return err
			}
			defer taken.Close()
			return f()
		})
	}
	for _, tt := range []struct {
		name string
		how  func(func() error) error
		ifc  Interface
		want string // all of it but the kernel's word at the end
	}{
		{
			"the port is taken", busy,
			Interface{Name: "br0"},
			"listen for DHCP on br0: port 67/udp is in use: another DHCP server runs on this host (dnsmasq, isc-dhcp-server, " +
				"kea-dhcp4-server, libvirt's dnsmasq, a second firstlight); 'ss -ulpn sport = :67' names it: stop it there: ",
		},
		{
			"the interface is not there", plain,
			Interface{Name: "eth9"},
			`listen for DHCP: there is no interface "eth9" here: configure one of lo, br0, bare0`,
		},
		{
			"the interface has no address", plain,
			Interface{Name: "bare0"},
			"listen for DHCP on bare0: it has no IPv4 address, and machines need one to reach the appliance by: give it one",
		},
		{
			"the interface has no address and should have", plain,
			Interface{Name: "bare0", Address: ourServer},
			"listen for DHCP on bare0: it does not have the address 10.80.12.1, nor another IPv4 address: give it that address",
		},
		{
			"the address is another", plain,
			Interface{Name: "br0", Address: netip.MustParseAddr("10.1.1.1")},
			"listen for DHCP on br0: it does not have the address 10.1.1.1, but 10.80.12.1: correct the configuration or give it that address",
		},
		{
			"the user may not", host.Powerless,
			Interface{Name: "br0"},
			"listen for DHCP on br0: not permitted: port 67 needs CAP_NET_BIND_SERVICE and frames to machines without an address need " +
				"CAP_NET_RAW: start as the packaged systemd unit does, or as root: ",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serverOver(t, newMemory(lab()), time.Now)
			s.cfg.Interfaces = []Interface{tt.ifc}
			err := tt.how(s.Listen)
			s.close()
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Listen() = %v, want %q", err, tt.want)
			}
		})
	}
	s := serverOver(t, newMemory(lab()), time.Now)
	if err := plain(s.Listen); err != nil {
		t.Errorf("Listen() = %v on an interface that is free", err)
	}
	s.close()
}
