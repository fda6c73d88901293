package collect

import (
	"errors"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"firstlight/agent/passthrough"
	"firstlight/agent/smart/smarttest"
)

// well is an NVMe disk that is asked for its health, and nothing else.
type well struct{ passthrough.Door }

func (well) Admin(_ passthrough.Admin, data []byte) error {
	copy(data, smarttest.NVMe{Kelvin: 304, Spare: 100, SpareLimit: 10}.Log())
	return nil
}

func TestDisksAreAskedHowTheyAre(t *testing.T) {
	root := fstest.MapFS{"sys/bus/pci/slots/4/address": {Data: []byte("0000:5e:00\n")}}
	for name, at := range map[string]string{
		"nvme0n1": "../devices/pci0000:5d/0000:5d:02.0/0000:5e:00.0/nvme/nvme0/nvme0n1",
		"nvme1n1": "../devices/pci0000:5d/0000:5d:03.0/0000:5f:00.0/nvme/nvme1/nvme1n1",
		"vda":     "../devices/pci0000:00/0000:00:05.0/virtio1/block/vda",
	} {
		root["sys/block/"+name] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(at)}
		root["sys"+at[2:]+"/size"] = &fstest.MapFile{Data: []byte("2048\n")}
		root["sys"+at[2:]+"/device/model"] = &fstest.MapFile{Data: []byte("M\n")}
	}
	var open atomic.Int32
	door := func(disk string) (passthrough.Door, func(), error) {
		if disk != "nvme0n1" {
			return nil, nil, errors.New("no such device")
		}
		open.Add(1)
		return well{}, func() { open.Add(-1) }, nil
	}
	r := Machine{Root: root, Door: door}.Collect()
	if len(r.Disks) != 3 || r.Disks[0].Health == nil || r.Disks[0].Health.Celsius != 31 || r.Disks[1].Health != nil || r.Disks[2].Health != nil {
		t.Errorf("Disks = %+v, want the health of the first alone", r.Disks)
	}
	if r.Disks[0].Slot != "slot 4" || r.Disks[1].Slot != "" {
		t.Errorf("slots are %q and %q, want slot 4 and none", r.Disks[0].Slot, r.Disks[1].Slot)
	}
	if !slices.Contains(r.Missing, "health") || open.Load() != 0 {
		t.Errorf("Missing = %q with %d doors open, want health, and none", r.Missing, open.Load())
	}
	r = Machine{Root: root}.Collect()
	if slices.Contains(r.Missing, "health") {
		t.Error("health is missed where nobody can ask for it")
	}
}

func TestTheSlotOfAnEnclosure(t *testing.T) {
	root := fstest.MapFS{
		"sys/block/sda/size": {Data: []byte("2048\n")}, "sys/block/sda/device/model": {Data: []byte("M\n")},
		"sys/block/sda/device/enclosure_device:Slot 04/slot": {Data: []byte("4\n")},
	}
	if got := (Machine{Root: root}).Collect().Disks[0].Slot; got != "Slot 04" {
		t.Errorf("Slot = %q, want what the enclosure calls it", got)
	}
}
