package boottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"firstlight/agent/report"
)

// planted is what all disks are full of, each sector with a number of its own.
const planted = "PLANTED SECRET "

// patterned makes a disk that is full of the pattern, and gives its contents.
func patterned(t *testing.T, size int64) (path string, content []byte) {
	t.Helper()
	for n := int64(0); n < size; n += 64 {
		content = fmt.Appendf(content, "%s%-49d", planted, n)
	}
	// One partition of the old scheme, of 4096 sectors from 2048 on.
	copy(content[446:], []byte{0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 16, 0, 0})
	clear(content[462:510])
	copy(content[510:], []byte{0x55, 0xaa})
	path = filepath.Join(t.TempDir(), "disk.raw")
	write(t, path, content)
	return path, content
}

// erasing is an appliance that orders an erase and then a reboot.
type erasing struct {
	plan report.ErasePlan

	mu      sync.Mutex
	results []report.Result
	reports []report.Report
	steps   []string
}

func (d *erasing) routes(mux *http.ServeMux) {
	handle(mux, "report", func(r report.Report) any {
		d.reports = append(d.reports, r)
		return report.Welcome{Name: "ams1-web-7", Status: "recycling", Sentence: "Waits for its order."}
	}, &d.mu)
	handle(mux, "redeem", func(report.Redeem) any { return d.plan }, &d.mu)
	handle(mux, "progress", func(p report.Progress) any {
		d.steps = append(d.steps, fmt.Sprintf("%s %s %d/%d", p.Step, p.Message, p.Done, p.Total))
		return struct{}{}
	}, &d.mu)
	handle(mux, "result", func(r report.Result) any { d.results = append(d.results, r); return struct{}{} }, &d.mu)
	mux.HandleFunc("GET /agent/v1/order", func(w http.ResponseWriter, r *http.Request) {
		o := report.Order{ID: "1", Action: report.ActionErase, Token: token, Sentence: "Erases 4 disks."}
		if r.URL.Query().Get("seen") != "" {
			o = report.Order{ID: "2", Action: report.ActionReboot, Sentence: "Restarts."}
		}
		_ = json.NewEncoder(w).Encode(o)
	})
}

// emulated is a disk of the test's machine.
type emulated struct {
	serial string
	bytes  int64
	drive  string // its device's arguments, but for the drive and the serial
	kept   bool   // the plan does not name it
	method string
}

// The sizes differ because the namespaces of a controller have one serial.
var emulatedDisks = []emulated{
	{diskSerial, 32 << 20, "", false, report.EraseOverwrite}, // IDE, which each machine has
	{"NVME-1", 40 << 20, "nvme-ns,bus=nvm,nsid=1", false, report.EraseFormat},
	{"NVME-1", 24 << 20, "nvme-ns,bus=nvm,nsid=2", true, ""},
	{"SCSI-1", 36 << 20, "scsi-hd,bus=vs.0", false, report.EraseOverwrite},
	{"SCSI-2", 28 << 20, "scsi-hd,bus=vs.0", true, ""},
	{"BLK-1", 20 << 20, "virtio-blk-pci", false, report.EraseOverwrite},
}

// TestAMachineErasesItsDisks reads afterwards what is in the files: nothing of the
// pattern on the disks that the plan names, and all of it on the others.
func TestAMachineErasesItsDisks(t *testing.T) {
	needs(t)
	long(t, "boots a machine of six disks, which takes a minute")
	d := &erasing{}
	a := serve(t, buildImage(t, "firstlight/cmd/firstlight-agent"), installScript)
	d.routes(a.mux)
	m := machine{bootfile: a.base + "/first", resets: true, times: 3, more: []string{"-device", "nvme,id=nvm,serial=NVME-1", "-device", "virtio-scsi-pci,id=vs"}}
	paths, before := make([]string, len(emulatedDisks)), make([][]byte, len(emulatedDisks))
	for i, e := range emulatedDisks {
		paths[i], before[i] = patterned(t, e.bytes)
		if !e.kept {
			d.plan.Disks = append(d.plan.Disks, report.Target{Serial: e.serial, Bytes: uint64(e.bytes)})
		}
		if i == 0 {
			m.disk = paths[i]
			continue
		}
		id := fmt.Sprintf("e%d", i)
		device := e.drive + ",drive=" + id
		if !strings.HasPrefix(e.drive, "nvme-ns") {
			device += ",serial=" + e.serial
		}
		m.more = append(m.more, "-drive", "if=none,id="+id+",format=raw,file="+paths[i], "-device", device)
	}
	m.boot(t, "Erases 4 disks.", "serial="+diskSerial+" security=false", "Erased; waits for what comes next.", "leaves to=reboot")
	for i, e := range emulatedDisks {
		now, err := os.ReadFile(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case e.kept && !bytes.Equal(now, before[i]):
			t.Errorf("the disk %s (%s) is not in the plan and has changed", e.serial, e.drive)
		case !e.kept && (bytes.Contains(now, []byte("PLANT")) || len(bytes.Trim(now, "\x00")) > 0):
			t.Errorf("the disk %s (%s) still holds %.80q", e.serial, e.drive, bytes.Trim(now, "\x00"))
		}
	}
	d.check(t)
}

// checkHealth wants of QEMU's IDE disk its SMART, of NVMe its log, which tells no
// spare, and nothing of the others.
func checkHealth(t *testing.T, r report.Report) {
	t.Helper()
	for _, d := range r.Disks {
		got := report.Health{}
		if d.Health != nil {
			got = *d.Health
		}
		if want := map[string]string{"sata": "ata", "nvme": "nvme"}[d.Transport]; got.Source != want || want != "" && (got.Celsius == 0 || len(got.Says) > 0 || got.Pending > 0) {
			t.Errorf("the health of %s (%s) is %+v", d.Serial, d.Transport, got)
		}
		t.Logf("%s (%s): %+v", d.Serial, d.Transport, got)
	}
}

func (d *erasing) check(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.results) != 2 || !d.results[0].OK || len(d.results[0].Erased) != 4 || len(d.reports) < 2 {
		t.Fatalf("%d reports, results %+v; steps %q", len(d.reports), d.results, d.steps)
	}
	t.Logf("told: %q", d.steps)
	checkHealth(t, d.reports[0])
	got := d.results[0].Erased
	for _, e := range emulatedDisks {
		if e.kept {
			continue
		}
		one := got[0]
		got = got[1:]
		if !one.OK || one.Method != e.method || !one.Whole || one.Fill != "00" || one.Disk.Serial != e.serial {
			t.Errorf("%s: %+v, want it erased by %s and read back wholly", e.serial, one, e.method)
		}
		t.Logf("%+v", one)
	}
	for n, r := range []report.Report{d.reports[0], d.reports[len(d.reports)-1]} {
		for _, disk := range r.Disks {
			erased := n > 0 && slices.Contains(d.plan.Disks, report.Target{Serial: disk.Serial, Bytes: disk.Bytes})
			if table := len(disk.Contents) > 0 && disk.Contents[0].Kind == "partition-table"; table == erased || erased && len(disk.Contents) > 0 {
				t.Errorf("report %d: %s (%s) has %+v", n, disk.Name, disk.Serial, disk.Contents)
			}
		}
	}
}
