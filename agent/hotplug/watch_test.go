package hotplug

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// kernel is a fake of inserting modules: each takes its time, and the order of
// the ends is kept.
type kernel struct {
	took  map[string]time.Duration
	mu    sync.Mutex
	ended []string
}

func (k *kernel) insert(path string) error {
	time.Sleep(k.took[moduleName(path)]) // in the bubble's own time
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = append(k.ended, moduleName(path))
	return nil
}

func (k *kernel) has(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Contains(strings.Join(k.ended, " "), name)
}

func sysWith(modaliases ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i, a := range modaliases {
		m["bus/pci/devices/0000:00:0"+string(rune('0'+i))+".0/modalias"] = &fstest.MapFile{Data: []byte(a + "\n")}
	}
	return m
}

const (
	nicAlias  = "pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00"
	nvmeAlias = "pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02"
	bmcAlias  = "acpi:IPI0001:"
)

func start(t *testing.T, k *kernel, sys fs.FS) (*Watcher, chan Event) {
	t.Helper()
	events := make(chan Event)
	w := NewWatcher(sys, modules(t, k.insert), events, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return w, events
}

func TestDevicesComeToRestWithoutWaitingForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kernel{took: map[string]time.Duration{"e1000e": time.Second, "ipmi_si": time.Minute}}
		began := time.Now()
		sys := sysWith(bmcAlias, nicAlias, nvmeAlias)
		sys["devices/system/cpu/modalias"] = &fstest.MapFile{Data: []byte("cpu:type:x86,ven0000fam0006mod008F:feature:,0000,0001,00E0,00E7,\n")}
		w, _ := start(t, k, sys)
		<-w.Rest()
		if took := time.Since(began); took < time.Second || took > time.Second+2*quiet {
			t.Errorf("at rest after %v, want just after the NIC's driver", took)
		}
		if !k.has("e1000e") || !k.has("nvme") || k.has("ipmi_si") {
			t.Errorf("loaded %q, want NIC and disk but not yet the BMC", k.ended)
		}
		time.Sleep(2 * time.Minute)
		if !k.has("ipmi_devintf") || !k.has("coretemp") {
			t.Errorf("loaded %q, want ipmi_devintf after its driver, and the processors' sensors", k.ended)
		}
	})
}

func TestADiskThatComesWithANewBusIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kernel{took: map[string]time.Duration{"sd_mod": 3 * time.Second}}
		w, events := start(t, k, sysWith())
		events <- Event{Action: "add", Subsystem: "scsi", Modalias: "scsi:t-0x00"}
		<-w.Rest()
		if !k.has("sd_mod") {
			t.Error("at rest before the disk's driver was loaded")
		}
		events <- Event{Action: "add", Subsystem: "block"}
		<-w.Rest() // told again, as there is news
	})
}

func TestAnNVMeControllerThatStartsIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := tree(t.TempDir())
		sys.set(t, "class/nvme/nvme0/state", "connecting\n")
		w, _ := start(t, &kernel{}, os.DirFS(string(sys)))
		time.Sleep(10 * time.Second)
		select {
		case <-w.Rest():
			t.Fatal("at rest while a controller is connecting")
		default:
		}
		sys.set(t, "class/nvme/nvme0/state", "live\n")
		<-w.Rest()
	})
}

func TestAnOverrunLooksAtEverythingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, sys := &kernel{}, tree(t.TempDir())
		w, events := start(t, k, os.DirFS(string(sys)))
		<-w.Rest()
		sys.set(t, "bus/pci/devices/0000:00:09.0/modalias", nicAlias)
		events <- Event{}
		synctest.Wait()
		if !k.has("e1000e") {
			t.Errorf("loaded %q after lost events, want the NIC's driver", k.ended)
		}
	})
}

// tree is a folder that stands for /sys and whose files change.
type tree string

func (d tree) set(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(string(d), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte("add@/devices/pci0000:00/0000:00:03.0\x00ACTION=add\x00DEVPATH=/devices/pci0000:00\x00SUBSYSTEM=pci\x00MODALIAS=pci:v1\x00"))
	f.Add([]byte("libudev\x00\xfe\xed\xca\xfe"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, ok := parseEvent(b); ok && e.Action == "" {
			t.Errorf("parseEvent(%q) accepted an event without an action", b)
		}
	})
}
