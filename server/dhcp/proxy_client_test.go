package dhcp

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"

	"firstlight/server/virtualrack/netns/netnstest"
)

// besideDnsmasq is a network with dnsmasq, which gives addresses, a server of
// ours, and a client.
func besideDnsmasq(t *testing.T, change func(*memory)) (s *Server, m *memory, client *netnstest.Host) {
	t.Helper()
	netnstest.Need(t, "dnsmasq", "udhcpc", "ip")
	ours, theirs, client := netnstest.New(t), netnstest.New(t), netnstest.New(t)
	ours.Cable("to-client", client, "eth0", testMAC.String())
	ours.Cable("to-dnsmasq", theirs, "eth0", "52:54:00:12:34:99")
	ours.Bridge("br0", "to-client", "to-dnsmasq")
	ours.Address("br0", "10.80.12.1/24")
	theirs.Address("eth0", "10.80.12.9/24")
	dnsmasq := theirs.Start("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--port=0", "--pid-file=",
		"--dhcp-leasefile="+t.TempDir()+"/leases", "--dhcp-range=10.80.12.30,10.80.12.39,1h", "--no-ping", "--user=root")
	dnsmasq.Await("DHCP, IP range")
	m = newMemory(lab())
	change(m)
	return serveOn(t, ours, m), m, client
}

// A system gets its address from the server that gives them, and nothing of it
// is ours.
func TestUdhcpcBesideAnotherServerGetsItsAddressThere(t *testing.T) {
	t.Parallel()
	_, m, client := besideDnsmasq(t, proxied)
	out := udhcpcOnce(t, client)
	if !strings.Contains(out, "ip=10.80.12.3") || !strings.Contains(out, "router=10.80.12.9") {
		t.Errorf("udhcpc said:\n%s", out)
	}
	if texts := m.texts(); len(texts) > 0 {
		t.Errorf("rows = %q, want none", texts)
	}
}

// A UEFI machine goes the long way: an offer of an address, one of a boot
// server, the address, then port 4011.
func TestUEFIBesideAnotherServerAsksPort4011(t *testing.T) {
	t.Parallel()
	_, m, client := besideDnsmasq(t, proxied)
	var c *nclient4.Client
	if err := client.Do(func() (err error) { c, err = nclient4.New("eth0"); return err }); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	offer := func(proxy bool) *dhcpv4.DHCPv4 {
		p := packetOf(discover, pxeUEFI...)
		r, err := c.SendAndRead(ctx, nclient4.DefaultServers, p, func(r *dhcpv4.DHCPv4) bool {
			return r.MessageType() == offered && r.YourIPAddr.IsUnspecified() == proxy
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	boot := offer(true)
	if boot.ClassIdentifier() != "PXEClient" || boot.BootFileName != "" {
		t.Errorf("the proxy offers\n%s", boot.Summary())
	}
	l, err := c.RequestFromOffer(ctx, offer(false), pxeUEFI...)
	if err != nil {
		t.Fatal(err)
	}
	client.Address("eth0", l.ACK.YourIPAddr.String()+"/24")
	if ack := askBootServer(t, client, boot.ServerIdentifier(), l.ACK.YourIPAddr); ack.BootFileName != "snponly.efi" {
		t.Errorf("port 4011 says\n%s", ack.Summary())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if got := m.heard[addrOf(l.ACK.YourIPAddr)]; got != testMAC {
		t.Errorf("%s is heard to be of %s", l.ACK.YourIPAddr, got)
	}
}

// askBootServer asks port 4011 from port 68 of an address.
func askBootServer(t *testing.T, client *netnstest.Host, server, own net.IP) *dhcpv4.DHCPv4 {
	t.Helper()
	var answer []byte
	err := client.Do(func() error {
		conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: own, Port: clientPort}, &net.UDPAddr{IP: server, Port: bootPort})
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.Write(packetOf(request, join(pxeUEFI, []opt{ciaddr(own.String())})...).ToBytes()); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return err
		}
		b := make([]byte, maxPacket)
		n, err := conn.Read(b)
		answer = b[:n]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := dhcpv4.FromBytes(answer)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
