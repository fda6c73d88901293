package smart

import (
	"errors"
	"testing"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
	"firstlight/agent/smart/smarttest"

	"github.com/google/go-cmp/cmp"
)

func TestNVMe(t *testing.T) {
	for _, tt := range []struct {
		name string
		log  smarttest.NVMe
		want report.Health
	}{
		{"new", smarttest.NVMe{Kelvin: 303, Spare: 100, SpareLimit: 10}, report.Health{Celsius: 30, Used: new(0), Spare: new(100), SpareLimit: 10}},
		{"worn", smarttest.NVMe{Kelvin: 318, Spare: 40, SpareLimit: 10, Used: 104, Hours: 41234, MediaErrors: 3}, report.Health{Celsius: 45, Used: new(104), Spare: new(40), SpareLimit: 10, Hours: 41234, MediaErrors: 3}},
		{"its spare is gone", smarttest.NVMe{Warning: 1, Spare: 3, SpareLimit: 10}, report.Health{Used: new(0), Spare: new(3), SpareLimit: 10, Says: []string{"its spare blocks are at 3 %, and its limit is 10 %"}}},
		{"it is hot", smarttest.NVMe{Warning: 2, Kelvin: 363}, report.Health{Celsius: 90, Used: new(0)}},
		{"it is read-only, and unreliable", smarttest.NVMe{Warning: 0x0C}, report.Health{Used: new(0), Says: []string{
			"it says that it is no longer reliable, for errors of its media or of itself", "it can only be read any more",
		}}},
		{"more hours than there are", smarttest.NVMe{Hours: 1<<64 - 1}, report.Health{Used: new(0), Hours: 1<<63 - 1}},
	} {
		tt.want.Source = "nvme"
		if got, err := decodeNVMe(tt.log.Log()); err != nil || !cmp.Equal(*got, tt.want) {
			t.Errorf("%s (%v):\n%s", tt.name, err, cmp.Diff(&tt.want, got))
		}
	}
	if _, err := decodeNVMe(make([]byte, 511)); err == nil {
		t.Error("a log that is cut passes for one")
	}
}

// The numbers are those of disks whose smartctl output people have shown.
func TestATA(t *testing.T) {
	turning := []smarttest.Attribute{
		{ID: 1, Value: 83, Limit: 44, Prefail: true, Raw: 190211032},
		{ID: 5, Value: 100, Limit: 10, Prefail: true, Raw: 8},
		{ID: 9, Value: 55, Raw: 39862 | 77<<32},
		{ID: 187, Value: 98, Raw: 2},
		{ID: 190, Value: 68, Limit: 45, Raw: 32},
		{ID: 194, Value: 32, Raw: 0x001400000020 | 17<<16},
		{ID: 197, Value: 100, Raw: 16},
		{ID: 198, Value: 100, Raw: 1},
	}
	for _, tt := range []struct {
		name       string
		all        []smarttest.Attribute
		fails      bool
		rotational bool
		want       report.Health
	}{
		{"one that turns", turning, false, true, report.Health{Hours: 39862, Celsius: 32, Reallocated: 8, MediaErrors: 2, Pending: 16, Uncorrectable: 1}},
		{"one that does not", []smarttest.Attribute{{ID: 177, Value: 1}, {ID: 231, Value: 97}}, false, false, report.Health{Used: new(3)}},
		{"a life of more than all", []smarttest.Attribute{{ID: 233, Value: 200}}, false, false, report.Health{}},
		{"a temperature for a life", []smarttest.Attribute{{ID: 231, Value: 30}}, false, true, report.Health{}},
		{"a limit is reached", []smarttest.Attribute{{ID: 5, Value: 3, Limit: 36, Prefail: true, Raw: 1987}}, true, true, report.Health{
			Reallocated: 1987, Says: []string{"it predicts its own failure: attribute 5 (reallocated sectors) is at 3, and its limit is 36"},
		}},
		{"a limit that is only of age", []smarttest.Attribute{{ID: 9, Value: 1, Limit: 10}}, false, true, report.Health{}},
		{"a limit of tests", []smarttest.Attribute{{ID: 3, Value: 253, Limit: 254, Prefail: true}}, false, true, report.Health{}},
		{"it fails and does not say by what", []smarttest.Attribute{{ID: 5, Value: 100, Limit: 36, Prefail: true}}, true, true, report.Health{Says: []string{"it predicts its own failure"}}},
	} {
		tt.want.Source = "ata"
		values, limits := smarttest.ATA(tt.all...)
		if got, err := decodeATA(values, limits, tt.fails, tt.rotational); err != nil || !cmp.Equal(*got, tt.want) {
			t.Errorf("%s (%v):\n%s", tt.name, err, cmp.Diff(&tt.want, got))
		}
	}
	values, limits := smarttest.ATA(turning...)
	values[3]++
	if _, err := decodeATA(values, limits, false, true); err == nil {
		t.Error("values whose checksum is wrong pass")
	}
}

// door answers each command as told.
type door struct {
	passthrough.Door
	nvme []byte
	ata  map[byte][]byte // by feature; ECh is who it is
	page map[byte][]byte
	err  error // of what it does not know
}

func (d door) Admin(_ passthrough.Admin, data []byte) error {
	copy(data, d.nvme)
	return d.err
}

func (d door) SCSI(c passthrough.SCSI, data []byte) error {
	answer := d.page[c.CDB[2]&0x3F]
	if c.CDB[0] == 0x85 {
		if answer = d.ata[c.CDB[4]]; c.CDB[14] == 0xEC {
			answer = d.ata[0xEC]
		}
	}
	if c.CDB[0] == 0x85 && c.CDB[4] == 0xDA && answer != nil {
		return passthrough.Sense(answer)
	}
	if answer == nil {
		return d.err
	}
	copy(data, answer)
	return nil
}

var refused = passthrough.Sense{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0}

func TestRead(t *testing.T) {
	values, limits := smarttest.ATA(smarttest.Attribute{ID: 9, Value: 100, Raw: 12})
	ata := map[byte][]byte{0xEC: make([]byte, 512), 0xD0: values, 0xD1: limits, 0xDA: smarttest.Status(true)}
	sas := map[byte][]byte{
		pageExceptions:   smarttest.Page(pageExceptions, smarttest.Parameter(0, 0x5D, 0x10, 41)),
		pageTemperature:  smarttest.Page(pageTemperature, smarttest.Parameter(0, 0, 43), smarttest.Parameter(1, 0, 60)),
		pageSolidState:   smarttest.Page(pageSolidState, smarttest.Parameter(1, 0, 0, 0, 7)),
		pageScan:         smarttest.Page(pageScan, smarttest.Parameter(0, 0, 0x0F, 0x42, 0x40, 0, 3, 0, 1, 0, 0, 0, 1)),
		pageReadErrors:   smarttest.Page(pageReadErrors, smarttest.Parameter(3, 0, 0, 0, 9), smarttest.Parameter(6, 0, 0, 0, 0, 0, 0, 1, 2)),
		pageVerifyErrors: smarttest.Page(pageVerifyErrors, smarttest.Parameter(6, 5)),
	}
	sick := report.Health{Source: "scsi", Says: []string{"it predicts its own failure (sense 5d/10)"}, Celsius: 43, Used: new(7), Hours: 16666, MediaErrors: 263}
	for _, tt := range []struct {
		name, transport string
		door            door
		want            *report.Health
	}{
		{"NVMe", "nvme", door{nvme: smarttest.NVMe{Kelvin: 300}.Log()}, &report.Health{Source: "nvme", Celsius: 27, Used: new(0)}},
		{"NVMe that refuses", "nvme", door{err: passthrough.Status(2)}, nil},
		{"SATA", "sata", door{ata: ata}, &report.Health{Source: "ata", Hours: 12, Says: []string{"it predicts its own failure"}}},
		{"SATA without limits", "sata", door{ata: map[byte][]byte{0xD0: values}, err: refused}, &report.Health{Source: "ata", Hours: 12}},
		{"SATA with SMART switched off", "sata", door{err: refused}, nil},
		{"SATA on a SAS controller", "sas", door{ata: ata, err: refused}, &report.Health{Source: "ata", Hours: 12, Says: []string{"it predicts its own failure"}}},
		{"SAS", "sas", door{page: sas, err: refused}, &sick},
		{"SAS with one page", "sas", door{page: map[byte][]byte{pageExceptions: smarttest.Page(pageExceptions, smarttest.Parameter(0, 0, 0, 41))}, err: refused}, &report.Health{Source: "scsi", Celsius: 41}},
		{"a volume of a RAID", "scsi", door{err: refused}, nil},
		{"a disk that is gone", "sas", door{err: errors.New("no such device")}, nil},
	} {
		got, err := Read(tt.door, report.Disk{Transport: tt.transport, Rotational: true})
		if (err != nil) != (tt.want == nil) || !cmp.Equal(got, tt.want) {
			t.Errorf("%s (%v):\n%s", tt.name, err, cmp.Diff(tt.want, got))
		}
	}
}

func FuzzNVMe(f *testing.F) {
	f.Add(smarttest.NVMe{Warning: 0x3F, Kelvin: 300, Spare: 3, SpareLimit: 10, Used: 255, Hours: 1 << 62}.Log())
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := decodeNVMe(b); err == nil && (h.Celsius < 0 || h.Hours >= 1<<63) {
			t.Errorf("%+v", h)
		}
	})
}

func FuzzATASMART(f *testing.F) {
	values, limits := smarttest.ATA(smarttest.Attribute{ID: 5, Value: 3, Limit: 36, Prefail: true, Raw: 1987}, smarttest.Attribute{ID: 231, Value: 101})
	f.Add(values, limits, true)
	f.Fuzz(func(t *testing.T, values, limits []byte, fails bool) {
		h, err := decodeATA(values, limits, fails, false)
		if err == nil && (h.Celsius < 0 || h.Used != nil && (*h.Used < 0 || *h.Used > 100) || len(h.Says) > entries || fails && len(h.Says) == 0) {
			t.Errorf("%+v", h)
		}
	})
}

func FuzzSCSI(f *testing.F) {
	f.Add(byte(pageExceptions), smarttest.Parameter(0, 0x5D, 0x10, 41))
	f.Add(byte(pageReadErrors), smarttest.Parameter(6, 255, 255, 255, 255, 255, 255, 255, 255))
	f.Fuzz(func(t *testing.T, page byte, b []byte) {
		var h report.Health
		if decodeSCSI(&h, page, b); h.Celsius < 0 || h.Celsius > 255 {
			t.Errorf("%+v", h)
		}
	})
}
