// Package hotplug finds the machine's devices and loads the kernel modules that
// they ask for, those for storage and network before all others, and tells when
// the devices have come to rest.
//
// It does udev's part of booting: a modalias of each device is matched with
// modules.alias, and what the new drivers bring to light is matched again.
// Nothing in it waits a fixed time for a device: it follows the kernel's
// events. Package agent/pid1 imports it; it imports nothing of ours.
package hotplug

import (
	"context"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// quiet is how long no device may come before the devices are at rest. What
// drivers probe is waited for by finit_module itself (kernel/module/main.c:
// async_synchronize_full); left are the disks that drivers announce from work
// queues, which come within milliseconds of one another.
const quiet = 200 * time.Millisecond

// workers bounds the modules loaded at the same time. Loading is mostly
// waiting for hardware.
const workers = 8

// Watcher follows devices.
type Watcher struct {
	sys     fs.FS
	modules *Modules
	events  <-chan Event
	log     *slog.Logger
	rest    chan struct{}
	seen    map[string]bool // modaliases handled
	urgent  []string        // modules waiting to be loaded, storage and network
	later   []string        // the others
	running map[bool]int    // by urgency
	done    chan bool       // a worker ended, with the urgency of what it did
	news    bool            // something came since the last rest
	loaded  chan struct{}   // closed once
	all     func()          // closes it
}

// NewWatcher makes a Watcher over sys, which is /sys, and the kernel's events.
func NewWatcher(sys fs.FS, modules *Modules, events <-chan Event, log *slog.Logger) *Watcher {
	loaded := make(chan struct{})
	return &Watcher{
		sys: sys, modules: modules, events: events, log: log,
		rest: make(chan struct{}, 1), seen: map[string]bool{}, running: map[bool]int{},
		done: make(chan bool, workers), news: true,
		loaded: loaded, all: sync.OnceFunc(func() { close(loaded) }),
	}
}

// Rest receives a value whenever storage and network devices have come to rest
// after there was news of them: once after the start, and again for what is
// plugged in or found later. Modules of other devices are not waited for.
func (w *Watcher) Rest() <-chan struct{} { return w.rest }

// Loaded is closed when the devices have come to rest for the first time and the
// modules of all others that were found are loaded, too.
func (w *Watcher) Loaded() <-chan struct{} { return w.loaded }

// Run loads modules until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	w.lookAtAll()
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		w.start()
		if !w.news && len(w.later) == 0 && w.running[true]+w.running[false] == 0 {
			w.all()
		}
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.events:
			if !ok {
				w.events = nil
				continue
			}
			if w.event(e) {
				timer.Reset(quiet)
			}
		case urgent := <-w.done:
			w.running[urgent]--
			if urgent {
				timer.Reset(quiet)
			}
		case <-timer.C:
			if !w.atRest() {
				timer.Reset(quiet)
			}
		}
	}
}

// event handles one event and says whether it is news of what is reported:
// disks, NICs, or a BMC that can be asked now.
func (w *Watcher) event(e Event) bool {
	if e.Action == "" {
		w.lookAtAll()
		return true
	}
	if e.Modalias != "" && e.Action == "add" {
		w.want(e.Modalias)
	}
	switch e.Subsystem {
	case "block", "net", "nvme", "scsi", "ipmi":
		if e.Action == "add" || e.Action == "remove" || e.Subsystem == "block" {
			w.news = true
			return true
		}
	}
	return false
}

// lookAtAll asks every device on every bus, for those that came before we
// listened. Memory blocks and CPUs are devices too, thousands of them on a
// large server. None has a module of its own that matters here; what all CPUs are
// has, such as their sensors and their memory controllers'.
func (w *Watcher) lookAtAll() {
	if b, err := fs.ReadFile(w.sys, "devices/system/cpu/modalias"); err == nil {
		w.want(strings.TrimSpace(string(b)))
	}
	buses, _ := fs.ReadDir(w.sys, "bus")
	for _, bus := range buses {
		if bus.Name() == "memory" || bus.Name() == "cpu" {
			continue
		}
		devices, _ := fs.ReadDir(w.sys, "bus/"+bus.Name()+"/devices")
		for _, d := range devices {
			b, err := fs.ReadFile(w.sys, "bus/"+bus.Name()+"/devices/"+d.Name()+"/modalias")
			if err == nil {
				w.want(strings.TrimSpace(string(b)))
			}
		}
	}
}

// want queues the modules for a modalias.
func (w *Watcher) want(modalias string) {
	if w.seen[modalias] {
		return
	}
	w.seen[modalias] = true
	for _, name := range w.modules.Match(modalias) {
		if urgent(modalias) {
			w.urgent = append(w.urgent, name)
		} else {
			w.later = append(w.later, name)
		}
	}
}

// urgent says whether a device can lead to a disk or to the network: PCI's
// class 01 (storage), 02 (network) and 0C04 (Fibre Channel), and the buses that
// such devices open.
func urgent(modalias string) bool {
	bus, rest, _ := strings.Cut(modalias, ":")
	switch bus {
	case "virtio": // network, block and SCSI: not what gives entropy
		return strings.HasPrefix(rest, "d00000001") || strings.HasPrefix(rest, "d00000002") || strings.HasPrefix(rest, "d00000008")
	case "vmbus", "xen", "nvme", "mmc":
		return true
	case "scsi": // disks alone: not the optical drive that a BMC offers
		return strings.HasPrefix(rest, "t-0x00") || strings.HasPrefix(rest, "t-0x14")
	case "pci":
		return strings.Contains(rest, "bc01") || strings.Contains(rest, "bc02") || strings.Contains(rest, "bc0Csc04")
	}
	return false
}

// start lets workers load what is queued; other devices' modules begin when
// nothing urgent is left to begin.
func (w *Watcher) start() {
	for w.running[true]+w.running[false] < workers && len(w.urgent) > 0 {
		w.load(w.urgent[0], true)
		w.urgent = w.urgent[1:]
	}
	for w.running[true] == 0 && len(w.urgent) == 0 && w.running[false] < workers && len(w.later) > 0 {
		w.load(w.later[0], false)
		w.later = w.later[1:]
	}
}

func (w *Watcher) load(name string, urgent bool) {
	w.running[urgent]++
	go func() {
		if !urgent {
			stepBack()
		}
		if err := w.modules.Load(name); err != nil {
			w.log.Warn("module not loaded", "error", err)
		}
		if c := companion(name); c != "" {
			if err := w.modules.Load(c); err != nil {
				w.log.Warn("module not loaded", "error", err)
			}
		}
		w.done <- urgent
	}()
}

// stepBack gives the calling goroutine a thread, until both end, that runs where
// no other wants to: checking a module's signature keeps a core busy, and the
// first report shall not wait for the drivers of what it does not name.
func stepBack() {
	runtime.LockOSThread()
	const last = 19
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, last) // without it they share the cores
}

// companion names a module that no device asks for but that makes another one
// useful: without ipmi_devintf there is no /dev/ipmi0.
func companion(name string) string {
	switch moduleName(name) {
	case "ipmi_si", "ipmi_ssif":
		return "ipmi_devintf"
	}
	return ""
}

// atRest tells the waiting side once nothing moves any more.
func (w *Watcher) atRest() bool {
	if !w.news {
		return true
	}
	if len(w.urgent) > 0 || w.running[true] > 0 || w.controllersBusy() {
		return false
	}
	w.news = false
	select {
	case w.rest <- struct{}{}:
	default: // the last one was not fetched yet, which says the same
	}
	return true
}

// controllersBusy says whether an NVMe controller is still starting: it lists
// its disks from a work queue when it is "live" (drivers/nvme/host/sysfs.c).
// One that never gets there is "dead" after its own time-out.
func (w *Watcher) controllersBusy() bool {
	controllers, _ := fs.ReadDir(w.sys, "class/nvme")
	for _, c := range controllers {
		b, err := fs.ReadFile(w.sys, "class/nvme/"+c.Name()+"/state")
		state := strings.TrimSpace(string(b))
		if err == nil && (state == "new" || state == "connecting" || state == "resetting") {
			return true
		}
	}
	return false
}
