package hotplug

import "testing"

// What can lead to a disk or to the network comes first.
func TestUrgent(t *testing.T) {
	for modalias, want := range map[string]bool{
		"pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00": true,
		"pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02": true,
		"pci:v00001077d00002261sv00001077sd000002BCbc0Csc04i00": true, // Fibre Channel
		"pci:v00008086d0000A12Fsv00008086sd00007270bc0Csc03i30": false,
		"virtio:d00000001v00001AF4":                             true,
		"virtio:d00000008v00001AF4":                             true,
		"virtio:d00000004v00001AF4":                             false, // random numbers
		"scsi:t-0x00":                                           true,
		"scsi:t-0x05":                                           false,
		"acpi:IPI0001:":                                         false,
	} {
		if got := urgent(modalias); got != want {
			t.Errorf("urgent(%s) = %v, want %v", modalias, got, want)
		}
	}
}
