package dhcp

import (
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

func TestPacketsOfAnExchange(t *testing.T) {
	m := newMemory(lab())
	now := epoch
	s := serverOver(t, m, func() time.Time { now = now.Add(time.Millisecond); return now })
	offer, _ := ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, pxeUEFI...)))
	address := offer.YourIPAddr.String()
	ask(t, s, incoming(packetOf(dhcpv4.MessageTypeRequest, join(pxeUEFI, []opt{toServer("10.80.12.1"), wants(address)})...)))
	broken := incoming(packetOf(dhcpv4.MessageTypeDiscover))
	broken.size, broken.arrived = 200, now
	s.handle(t.Context(), broken)
	stranger := machine.MAC{2, 0, 0, 0, 0, 1}
	ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, fromMAC(stranger))))

	var lines []string
	for _, p := range s.Packets(testMAC) {
		lines = append(lines, p.From.String()+" > "+p.To.String()+" "+p.Text)
	}
	want := []string{
		"0.0.0.0:68 > 255.255.255.255:67 DISCOVER, class PXEClient:Arch:00007:UNDI:003016",
		"10.80.12.1:67 > 10.80.12.100:68 OFFER, gives 10.80.12.100, server 10.80.12.1, class PXEClient, boots snponly.efi",
		"0.0.0.0:68 > 255.255.255.255:67 REQUEST, asks for 10.80.12.100, server 10.80.12.1, class PXEClient:Arch:00007:UNDI:003016",
		"10.80.12.1:67 > 10.80.12.100:68 ACK, gives 10.80.12.100, server 10.80.12.1, class PXEClient, boots snponly.efi",
		"0.0.0.0:68 > 255.255.255.255:67 200 bytes that are not DHCP",
	}
	got := strings.ReplaceAll(strings.Join(lines, "\n"), address, "10.80.12.100")
	if got != strings.Join(want, "\n") {
		t.Errorf("packets:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	if got := len(s.Packets(testMAC, stranger)); got != len(want)+2 {
		t.Errorf("of both clients there are %d packets, want %d", got, len(want)+2)
	}
}
