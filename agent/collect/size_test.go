package collect

import (
	"encoding/json"
	"fmt"
	"testing"

	"firstlight/agent/report"
)

// TestTheLargestReport is of a server with 24 disks in an enclosure and eight
// interfaces, each of which says all that it can. The appliance takes 256 KiB.
func TestTheLargestReport(t *testing.T) {
	const most = 64 << 10
	root, live := loadLive(t, "testdata/synthetic-two-socket.machine")
	recorded := &recorder{seen: map[string]string{}}
	r := Machine{Root: root, Contents: fakeContents, Link: fakeLink, Door: recorded.door(live), BMC: recorded.bmc(live.BMC)}.Collect()
	disk, nic, used := r.Disks[len(r.Disks)-1], r.NICs[0], 100
	disk.Slot = "Slot 24"
	disk.Health = &report.Health{
		Source: "nvme", Says: []string{"it predicts its own failure: attribute 5 (reallocated sectors) is at 3, and its limit is 36"}, Hours: 1 << 20, Celsius: 50,
		Used: &used, Spare: &used, SpareLimit: 10, MediaErrors: 1 << 40, Reallocated: 1 << 31, Pending: 1 << 31, Uncorrectable: 1 << 31,
	}
	for i := range 8 {
		disk.Contents = append(disk.Contents, report.Content{Device: fmt.Sprintf("sdx%d", i), Kind: "filesystem", Type: "ext4", Label: "a label of some length", Bytes: 1 << 40, Used: 1 << 39})
	}
	nic.Neighbour = &report.Neighbour{Chassis: "52:54:00:00:00:01", ChassisKind: "mac", Port: "Ethernet31", PortKind: "name", System: "sw3.lon6.example.net", SystemText: "Example Network OS 4.30 on a switch of 48 ports"}
	r.Disks, r.NICs = nil, nil
	for range 24 {
		r.Disks = append(r.Disks, disk)
	}
	for range 8 {
		r.NICs = append(r.NICs, nic)
	}
	b, err := json.Marshal(r)
	if err != nil || len(b) > most {
		t.Errorf("the report has %d bytes (%v), want at most %d", len(b), err, most)
	}
	t.Logf("%d bytes", len(b))
}
