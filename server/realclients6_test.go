package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"golang.org/x/sys/unix"

	"firstlight/server/virtualrack/netns/netnstest"
)

// TestDHCPv6 asks the whole appliance for an address of IPv6, kills it, and locks
// its database: I-05, as by IPv4.
func TestDHCPv6(t *testing.T) {
	appliance, client := hosts(t)
	appliance.Address("boot0", "2001:db8:12::1/64")
	path := writeAppliance(t, func(s string) string {
		return strings.Replace(s, "\nrules:", "\n  - {name: boot6, prefix: '2001:db8:12::/64', ranges: ['2001:db8:12::100-2001:db8:12::1ff'], policy: register, lease: 1h}\nrules:", 1)
	})
	running := startAppliance(t, appliance, path)
	running.Await("ready")
	client.AwaitLinkLocal("eth0")
	appliance.AwaitLinkLocal("boot0")
	c := &client6{t: t, host: client, id: &dhcpv6.DUIDUUID{UUID: [16]byte{1}}}

	first, address := c.ask(dhcpv6.MessageTypeSolicit, dhcpv6.OptClientArchType(16), &dhcpv6.OptVendorClass{EnterpriseNumber: 343, Data: [][]byte{[]byte("HTTPClient:Arch:00016")}})
	if first == nil || address.ValidLifetime != time.Hour || first.Options.BootFileURL() != "http://[2001:db8:12::1]:80/boot/loaders/snponly.efi" {
		t.Fatalf("the appliance says %v, want an address for an hour and the loader's URL", first)
	}
	running.Signal(syscall.SIGKILL)
	running = startAppliance(t, appliance, path)
	running.Await("ready")
	server := dhcpv6.OptServerID(first.Options.ServerID())
	if _, again := c.ask(dhcpv6.MessageTypeRenew, server, ia6(address)); again == nil || !again.IPv6Addr.Equal(address.IPv6Addr) || again.ValidLifetime != time.Hour {
		t.Fatalf("after a restart it renews %v, was %v", again, address)
	}
	r := &realClients{client: client, socket: filepath.Join(filepath.Dir(path), "state", "firstlight.sock")}
	var leases struct {
		Items []struct{ Address, Subnet string }
	}
	if err := json.Unmarshal([]byte(r.api("/leases")), &leases); err != nil || len(leases.Items) != 1 || leases.Items[0].Address != address.IPv6Addr.String() {
		t.Errorf("the API lists %+v, %v", leases, err)
	}

	unlock := lockDatabase(t, filepath.Join(filepath.Dir(path), "state", "serverdb.sqlite"))
	if _, rest := c.ask(dhcpv6.MessageTypeRenew, server, ia6(address)); rest == nil || rest.ValidLifetime >= time.Hour || rest.ValidLifetime < 50*time.Minute {
		t.Errorf("while the database is locked a renewal says %v, want what is left", rest)
	}
	unlock()
	if _, whole := c.ask(dhcpv6.MessageTypeRenew, server, ia6(address)); whole == nil || whole.ValidLifetime != time.Hour {
		t.Errorf("after the lock's end a renewal says %v, want a whole lease", whole)
	}
}

// TestAnApplianceWithIPv6Alone starts where no interface has an IPv4 address, and
// serves: an address, the loader's URL, and what stands behind it.
func TestAnApplianceWithIPv6Alone(t *testing.T) {
	t.Parallel()
	netnstest.Need(t, "curl")
	appliance, client := netnstest.New(t), netnstest.New(t)
	appliance.QuickIPv6()
	client.QuickIPv6()
	appliance.Cable("boot0", client, "eth0", "52:54:00:12:34:56")
	appliance.Address("boot0", "2001:db8:12::1/64")
	client.Address("eth0", "2001:db8:12::50/64")
	path := writeAppliance(t, func(s string) string {
		return s[:strings.Index(s, "\n")] + `
interfaces: [{name: boot0}]
people: {listen: "127.0.0.1:8443"}
site: {name: lon6, domain: lon6.example}
subnets: [{name: boot6, prefix: "2001:db8:12::/64", ranges: ["2001:db8:12::100-2001:db8:12::1ff"], policy: register, lease: 1h}]
`
	})
	startAppliance(t, appliance, path).Await("ready")
	client.AwaitLinkLocal("eth0")
	c := &client6{t: t, host: client, id: &dhcpv6.DUIDUUID{UUID: [16]byte{1}}}
	const loader = "http://[2001:db8:12::1]:80/boot/loaders/snponly.efi"
	r, address := c.ask(dhcpv6.MessageTypeSolicit, dhcpv6.OptClientArchType(16), &dhcpv6.OptVendorClass{EnterpriseNumber: 343, Data: [][]byte{[]byte("HTTPClient:Arch:00016")}})
	if r == nil || address == nil || r.Options.BootFileURL() != loader {
		t.Fatalf("the appliance says %v, want an address and the loader's URL", r)
	}
	if out := client.Run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://[2001:db8:12::1]/boot/entry.ipxe"); out != "200" {
		t.Errorf("the script's entry answers %q, want 200", out)
	}
}

// client6 asks on eth0 of a host.
type client6 struct {
	t    *testing.T
	host *netnstest.Host
	id   dhcpv6.DUID
}

func ia6(a *dhcpv6.OptIAAddress) dhcpv6.Option {
	return &dhcpv6.OptIANA{Options: dhcpv6.IdentityOptions{Options: dhcpv6.Options{&dhcpv6.OptIAAddress{IPv6Addr: a.IPv6Addr}}}}
}

// ask gives the answer to a message, and the address in it; nil is silence.
func (c *client6) ask(kind dhcpv6.MessageType, opts ...dhcpv6.Option) (m *dhcpv6.Message, a *dhcpv6.OptIAAddress) {
	c.t.Helper()
	out := &dhcpv6.Message{MessageType: kind, TransactionID: dhcpv6.TransactionID{1, 2, byte(kind)}}
	out.AddOption(dhcpv6.OptClientID(c.id))
	for _, o := range opts {
		out.AddOption(o)
	}
	if kind == dhcpv6.MessageTypeSolicit {
		out.AddOption(&dhcpv6.OptIANA{})
		out.AddOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit})
	}
	b := make([]byte, 1500)
	n := 0
	err := c.host.Do(func() error {
		conn, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp6", "[::]:546")
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.WriteTo(out.ToBytes(), &net.UDPAddr{IP: net.ParseIP("ff02::1:2"), Port: 547, Zone: "eth0"}); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(time.Now().Add(6 * time.Second)); err != nil {
			return err
		}
		n, _, err = conn.ReadFrom(b)
		return err
	})
	var late net.Error
	if errors.As(err, &late) && late.Timeout() || errors.Is(err, unix.EAGAIN) {
		return nil, nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if m, err = dhcpv6.MessageFromBytes(b[:n]); err != nil {
		c.t.Fatal(err)
	}
	for _, ia := range m.Options.IANA() {
		for _, one := range ia.Options.Addresses() {
			if one.ValidLifetime > 0 {
				a = one
			}
		}
	}
	return m, a
}
