package api

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

var (
	packetsAt = time.Date(2026, 11, 26, 22, 0, 0, 0, time.UTC)
	rogueMAC  = machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x99}
)

// somePackets gives one for each interface that is asked for.
func somePackets(all ...machine.MAC) (packets []frame.Packet) {
	for range all {
		packets = append(packets, frame.Packet{
			At: packetsAt, From: netip.MustParseAddrPort("0.0.0.0:68"), To: netip.MustParseAddrPort("255.255.255.255:67"), Payload: []byte("whole"), Text: "DISCOVER",
		})
	}
	return packets
}

func otherServers() []machine.DHCPServer {
	return []machine.DHCPServer{{
		Address: netip.MustParseAddr("10.80.12.9"), MAC: rogueMAC, Interface: "eth1", Subnet: "lab", First: packetsAt, Last: packetsAt, Count: 1,
		Client: machine.MAC{2}, Offered: netip.MustParseAddr("10.80.12.30"),
	}}
}

func TestPackets(t *testing.T) {
	b := newBench(t)
	b.add(1)
	for _, ref := range []string{"FL1", "52-54-00-00-00-C8"} {
		got := read[List[Packet]](b, b.get("/machines/"+ref+"/packets"), http.StatusOK)
		if len(got.Items) == 0 || got.Items[0] != (Packet{At: packetsAt, From: "0.0.0.0:68", To: "255.255.255.255:67", Text: "DISCOVER"}) {
			t.Errorf("packets of %s = %+v", ref, got)
		}
	}
	file := b.get("/machines/FL1/packets.pcap")
	if magic := "\xd4\xc3\xb2\xa1"; file.StatusCode != http.StatusOK || !strings.HasPrefix(file.body, magic) {
		t.Errorf("the file = %d %.40q", file.StatusCode, file.body)
	}
	if r := b.get("/machines/nobody/packets.pcap"); r.StatusCode != http.StatusNotFound {
		t.Errorf("packets of nobody = %d %s", r.StatusCode, r.body)
	}
}

func TestDHCPServers(t *testing.T) {
	b := newBench(t)
	got := read[List[DHCPServer]](b, b.get("/dhcp-servers"), http.StatusOK)
	if len(got.Items) != 1 || got.Items[0].Address != "10.80.12.9" || got.Items[0].MAC != "52:54:00:12:34:99" || got.Items[0].Expected {
		t.Errorf("servers = %+v", got)
	}
}
