package boottest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/images/bootimage"
	"firstlight/ipxe/script"
)

// long skips what takes minutes.
func long(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		t.Skip("SKIPPED: it " + why + "; FIRSTLIGHT_LONG=1 (make test-long) does it")
	}
}

const minutes = "waits for a watchdog of a minute on an emulated machine, for three in all"

// watchdogScript boots the agent on a machine whose serial line takes the
// kernel's commands, and whose kernel stands still after a panic.
func watchdogScript(w io.Writer, base string) error {
	return script.Agent(w, script.IPXE, script.AgentValues{
		Base: base, Machine: "ams1-web-7", Reason: "available", Architecture: "amd64",
		Args: append(bootimage.KernelArgs("amd64"), "sysrq_always_enabled", "panic=0", "firstlight.server="+base, "firstlight.token=t", "firstlight.name=ams1-web-7"),
	})
}

// watched is a machine that runs: its console line by line, and its serial line.
type watched struct {
	*testing.T
	lines chan string // closed when QEMU ends
	keys  io.Writer
	qmp   net.Conn
	said  *bufio.Scanner // by QEMU itself
	log   strings.Builder
}

// watch starts a machine with a hardware watchdog. QEMU ends when the machine is
// reset.
func (m machine) watch(t *testing.T) *watched {
	t.Helper()
	runtime.LockOSThread() // as in run
	t.Cleanup(runtime.UnlockOSThread)
	ctx, cancel := context.WithTimeout(bounded(t), 4*patience)
	socket := filepath.Join(t.TempDir(), "qmp")
	args := append(m.arguments(t), "-device", "i6300esb", "-action", "watchdog=reset", "-qmp", "unix:"+socket+",server=on,wait=off")
	qemu := child(ctx, "qemu-system-x86_64", args...)
	qemu.Stderr = t.Output()
	keys, err := qemu.StdinPipe()
	console, err2 := qemu.StdoutPipe()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if err := qemu.Start(); err != nil {
		t.Fatalf("start QEMU: %v; run make deps", err)
	}
	w := &watched{T: t, lines: make(chan string, 4096), keys: keys}
	t.Cleanup(func() {
		cancel()
		for range w.lines { // until the console is closed
		}
		_ = qemu.Wait() // it was killed, or its end was waited for
	})
	go func() {
		defer close(w.lines)
		for in := bufio.NewScanner(console); in.Scan(); {
			w.lines <- in.Text()
		}
	}()
	w.until("iPXE") // by then the socket is there
	if w.qmp, err = (&net.Dialer{}).DialContext(ctx, "unix", socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.qmp.Close() })
	w.said = bufio.NewScanner(w.qmp)
	w.tell("qmp_capabilities", nil)
	return w
}

// until reads the console until all texts were seen, in any order.
func (w *watched) until(texts ...string) {
	w.Helper()
	for line := range w.lines {
		fmt.Fprintln(&w.log, line)
		texts = slices.DeleteFunc(texts, func(text string) bool { return strings.Contains(line, text) })
		if len(texts) == 0 {
			return
		}
	}
	w.Fatalf("the machine ended and never said %q; console:\n%s", texts, printable(w.log.String()))
}

// end waits for the machine's reset, and fails if it comes later.
func (w *watched) end(within time.Duration) {
	w.Helper()
	for late := time.After(within); ; {
		select {
		case line, more := <-w.lines:
			if !more {
				return
			}
			fmt.Fprintln(&w.log, line)
		case <-late:
			w.Fatalf("the machine was not reset within %v; console:\n%s", within, printable(w.log.String()))
		}
	}
}

// tell has QEMU do something, and waits until that is done.
func (w *watched) tell(command string, arguments map[string]any) {
	w.Helper()
	b, err := json.Marshal(struct {
		Execute   string         `json:"execute"`
		Arguments map[string]any `json:"arguments,omitempty"`
	}{command, arguments})
	if err == nil {
		_, err = w.qmp.Write(b)
	}
	if err != nil {
		w.Fatalf("QEMU takes no %s: %v", command, err)
	}
	for w.said.Scan() {
		switch line := w.said.Text(); {
		case strings.Contains(line, `"error"`):
			w.Fatalf("QEMU refuses %s: %s", command, line)
		case strings.Contains(line, `"return"`):
			return
		}
	}
	w.Fatalf("QEMU ended at %s: %v", command, w.said.Err())
}

// sysrq gives the kernel a command, as a person at the serial line does.
func (w *watched) sysrq(key string) {
	w.Helper()
	w.tell("chardev-send-break", map[string]any{"id": "serial"})
	if _, err := io.WriteString(w.keys, key); err != nil {
		w.Fatal(err)
	}
}

// idle is an appliance that has nothing for its machine until told.
type idle struct {
	mu      sync.Mutex
	crashes []report.Crash
	reports int
	order   chan report.Order
}

func (d *idle) routes(mux *http.ServeMux) {
	enrols(mux, &d.mu)
	handle(mux, "report", func(report.Report) any {
		d.reports++
		return report.Welcome{Name: "ams1-web-7", Status: "available", Sentence: fmt.Sprintf("Life number %d waits.", d.reports)}
	}, &d.mu)
	handle(mux, "crash", func(c report.Crash) any { d.crashes = append(d.crashes, c); return struct{}{} }, &d.mu)
	handle(mux, "result", func(report.Result) any { return struct{}{} }, &d.mu)
	mux.HandleFunc("GET /agent/v1/order", func(w http.ResponseWriter, r *http.Request) {
		select {
		case o := <-d.order:
			_ = json.NewEncoder(w).Encode(o)
		case <-time.After(10 * time.Second):
			w.WriteHeader(http.StatusNoContent)
		case <-r.Context().Done():
		}
	})
}

func watchedMachine(t *testing.T) (*watched, *idle) {
	t.Helper()
	d := &idle{order: make(chan report.Order, 1)}
	a := serve(t, buildImage(t, "firstlight/cmd/firstlight-agent"), watchdogScript)
	d.routes(a.mux)
	w := machine{bootfile: a.base + "/first", disk: blankDisk(t)}.watch(t)
	w.until("watchdog armed", "Life number 1 waits.")
	return w, d
}

// A kernel that panicked and stands still is no matter of any program: only the
// hardware helps.
func TestAKernelThatHangsIsReset(t *testing.T) {
	needs(t)
	long(t, minutes)
	w, _ := watchedMachine(t)
	w.sysrq("c")
	w.until("Kernel panic")
	began := time.Now()
	w.end(3 * time.Minute)
	t.Logf("reset %v after the panic", time.Since(began).Round(time.Second))
}

// The kernel's hunt for memory ends the agent. The machine is not reset for it,
// nor while it waits for longer than its watchdog does, and it restarts as told.
func TestAnAgentThatIsKilledIsToldAndItsMachineGoesOn(t *testing.T) {
	needs(t)
	long(t, minutes)
	w, d := watchedMachine(t)
	w.sysrq("f")
	w.until("the agent ended: killed by SIGKILL", "watchdog armed", "Life number 2 waits.", "crash told")
	d.mu.Lock()
	if len(d.crashes) != 1 || d.crashes[0].End != "killed by SIGKILL" || d.crashes[0].Life != 1 || d.crashes[0].Boot == "" {
		t.Errorf("the appliance heard of %+v", d.crashes)
	}
	d.mu.Unlock()
	select {
	case <-time.After(100 * time.Second): // the watchdog would have come by now
	case <-t.Context().Done():
	}
	d.order <- report.Order{ID: "1", Action: report.ActionReboot, Sentence: "Restarts."}
	w.until("leaves to=reboot")
	w.end(30 * time.Second)
	if strings.Contains(w.log.String(), "watchdog did not stop!") && strings.LastIndex(w.log.String(), "watchdog did not stop!") > strings.LastIndex(w.log.String(), "leaves") {
		t.Error("the watchdog ran on when the machine restarted")
	}
}
