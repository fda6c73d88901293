package virtualrack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/qemu"
)

// start racks up and takes down with the test, which fails if anything is left.
func start(t *testing.T, s virtualrack.Spec) *virtualrack.Rack {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Sockets have short names only; t.TempDir() is as long as the test's.
	if s.Dir == "" {
		if s.Dir, err = os.MkdirTemp("", "rack"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(s.Dir) })
	}
	s.Program = program
	r, err := virtualrack.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(s.Dir, "firstlight.log"))
			t.Logf("firstlight.log ends with:\n%s", log[max(0, len(log)-3000):])
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		onlyLoopback(t)
	})
	return r
}

func onlyLoopback(t *testing.T) {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if name := l.Attrs().Name; name != "lo" {
			t.Errorf("interface %s is left over", name)
		}
	}
}

// web asks the appliance over its socket, as root of its host.
func web(r *virtualrack.Rack) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", r.Socket())
		},
	}}
}

func metrics(ctx context.Context, r *virtualrack.Rack) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://rack/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := web(r).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// statuses asks the appliance's metrics how many machines there are of each.
func statuses(ctx context.Context, r *virtualrack.Rack) (map[string]int, error) {
	b, err := metrics(ctx, r)
	count := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^firstlight_machines\{status="(\w+)"\} (\d+)$`).FindAllSubmatch(b, -1) {
		n := 0
		_ = json.Unmarshal(m[2], &n)
		count[string(m[1])] = n
	}
	return count, err
}

// watchFaults asks the metrics until ctx ends whether a boot shows a fault, and
// gives the first. That a boot is slow beside other work is no fault.
func watchFaults(ctx context.Context, r *virtualrack.Rack) string {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		body, err := metrics(ctx, r)
		if found := regexp.MustCompile(`(?m)^firstlight_boot_faults\{.*level="certain".*$`).Find(body); err == nil && found != nil {
			return string(found)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ""
		}
	}
}

// await waits, within the bound, until as many machines have the status.
func await(t *testing.T, r *virtualrack.Rack, bound time.Duration, want map[machine.Status]int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := statuses(ctx, r)
		met := err == nil
		for status, n := range want {
			met = met && got[string(status)] == n
		}
		if met {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("after %s the machines are %v (%v), want %v; the first one's console: %q", bound, got, err, want, r.Machines()[0].ConsoleTail(12))
		}
	}
}

func powerOn(t *testing.T, machines []*virtualrack.Machine) {
	t.Helper()
	errs := make(chan error)
	for _, m := range machines {
		go func() { errs <- m.PowerOn(t.Context()) }()
	}
	for range machines {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestALightMachineGoesFromUnknownToInUse(t *testing.T) {
	r := start(t, virtualrack.Spec{Light: 1, Rules: []machine.Rule{
		{Name: "all", Accept: true, Site: "rack", Role: "light", Image: light.ImageName},
	}})
	m := r.Machines()[0]
	if n := m.LightDisk().Written(); n != 0 {
		t.Fatalf("%d bytes are on its disk before its first boot", n)
	}
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.InUse: 1})
	if _, err := m.Console().Wait(t.Context(), 0, regexp.MustCompile(`^rack-light-1 login:`)); err != nil {
		t.Errorf("the installed system's name is not ServerDb's: %v", err)
	}
	if n := m.LightDisk().Written(); n < 4<<20 {
		t.Errorf("%d bytes were written to its disk, want the whole image", n)
	}
	if m.BMC.Counts().PowerOns != 1 {
		t.Errorf("its BMC counts %+v, want one power-on: ours", m.BMC.Counts())
	}
	// In use, it netboots and gets its local disk.
	disk := m.LightDisk().Sum()
	mark := m.Console().Mark()
	if err := m.PowerOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	powerOn(t, r.Machines())
	if _, err := m.Console().Wait(t.Context(), mark, regexp.MustCompile(`^rack-light-1 login:`)); err != nil {
		t.Error(err)
	}
	if m.LightDisk().Sum() != disk {
		t.Error("the disk of a machine in use changed over a reboot")
	}
}

// TestTheIdentifyLightIsSeenInTheRack asks for the light of two machines whose
// BMCs have different properties for it.
func TestTheIdentifyLightIsSeenInTheRack(t *testing.T) {
	r := start(t, virtualrack.Spec{Light: 2, Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "light"}}})
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: 2})
	for _, m := range r.Machines() {
		tell(t, r, m, "light", `{"action":"blink"}`)
		if !m.Indicator().On() {
			t.Errorf("the light of %s is %q, want it on", m.Name, m.Indicator())
		}
	}
	for _, m := range r.Machines() {
		tell(t, r, m, "light", `{"action":"off"}`)
		if got := m.BMC.Counts(); m.Indicator() != oob.IndicatorOff || got.LightChanges != 2 || got.PowerOns != 1 {
			t.Errorf("the light of %s is %q and its BMC counts %+v, want it off after 2 changes and no more power-ons", m.Name, m.Indicator(), got)
		}
	}
}

// tell sends a verb with its order to the appliance.
func tell(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine, verb, order string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://rack/api/v1/machines/"+m.Name+"/"+verb, strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web(r).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s of %s = %d %s, %v", verb, order, m.Name, resp.StatusCode, body, err)
	}
}

// TestARepairedMachineIsCheckedByWhatItReports goes from broken to available
// with a machine that has to report before it is.
func TestARepairedMachineIsCheckedByWhatItReports(t *testing.T) {
	r := start(t, virtualrack.Spec{Light: 1, Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "light"}}})
	m := r.Machines()[0]
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: 1})
	tell(t, r, m, "broken", `{"reason":"memory","note":"DIMM B2"}`)
	tell(t, r, m, "repair", `{"disks":"keep"}`)
	if err := m.PowerOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	tell(t, r, m, "repaired", `{}`)
	await(t, r, time.Minute, map[machine.Status]int{machine.Registered: 1})
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: 1})
	if n := m.LightDisk().Written(); n != 0 {
		t.Errorf("%d bytes were written to the disk of a machine that was repaired, want none", n)
	}
}

func TestAMachineThatNoRuleAcceptsKeepsItsDisk(t *testing.T) {
	r := start(t, virtualrack.Spec{Light: 1, Rules: []machine.Rule{}})
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Held: 1})
	if n := r.Machines()[0].LightDisk().Written(); n != 0 {
		t.Errorf("%d bytes were written to the disk of a held machine, want none", n)
	}
}

// TestTwoHundredLightMachinesAtOnce is as many healthy boots, and half as many
// again into what was installed, of which no fault may be named.
func TestTwoHundredLightMachinesAtOnce(t *testing.T) {
	n, bound := 200, 2*time.Minute
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		n, bound = 500, 5*time.Minute
	}
	r := start(t, virtualrack.Spec{Light: n})
	began := time.Now()
	named := make(chan string, 1)
	ctx, over := context.WithCancel(t.Context())
	go func() { named <- watchFaults(ctx, r) }()
	powerOn(t, r.Machines())
	await(t, r, bound, map[machine.Status]int{machine.InUse: n / 2, machine.Available: n / 2})
	over()
	if fault := <-named; fault != "" {
		t.Errorf("a healthy boot shows a fault: %s", fault)
	}
	t.Logf("%d machines powered on, registered, and half of them installed and home, in %s", n, time.Since(began).Round(10*time.Millisecond))
}

func TestTheApplianceIsKilledWhileMachinesInstall(t *testing.T) {
	const n = 10
	r := start(t, virtualrack.Spec{Light: n, Rules: []machine.Rule{
		{Name: "all", Accept: true, Site: "rack", Role: "light", Image: light.ImageName},
	}})
	powerOn(t, r.Machines())
	// Firmware that finds nobody goes on to its disk, and stops there: it is agents
	// that wait for an appliance.
	for _, m := range r.Machines() {
		if _, err := m.Console().Wait(t.Context(), 0, regexp.MustCompile("the agent: ")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Appliance().Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, r, 2*time.Minute, map[machine.Status]int{machine.InUse: n})
}

func TestABMCPowersAQEMUMachine(t *testing.T) {
	if err := qemu.Missing(qemu.BIOS); err != nil {
		t.Skip(err)
	}
	r := start(t, virtualrack.Spec{Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS}}})
	m := r.Machines()[0]
	if m.Running() {
		t.Error("the machine has power before anybody pressed its button")
	}
	powerOn(t, r.Machines())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := m.Console().Wait(ctx, 0, regexp.MustCompile("iPXE")); err != nil {
		t.Fatal(err)
	}
	if err := m.PowerOff(ctx); err != nil || m.Running() {
		t.Errorf("PowerOff() = %v, and it runs: %v; want it off", err, m.Running())
	}
	if got := m.BMC.Counts(); got.PowerOns != 1 || got.PowerOffs != 1 {
		t.Errorf("the BMC counts %+v, want one power-on and one power-off", got)
	}
	if info, err := os.Stat(m.DiskPath()); err != nil || info.Size() != 8<<30 {
		t.Errorf("its disk is %v, %v; want 8 GiB", info, err)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	program, _ := os.Executable()
	for _, test := range []struct {
		name string
		spec virtualrack.Spec
		want string
	}{
		{"light machines over HTTPS", virtualrack.Spec{Dir: t.TempDir(), Program: program, Light: 1, HTTPS: true}, "they read no certificates"},
		{"no machines", virtualrack.Spec{Dir: t.TempDir(), Program: program}, "a rack without machines"},
		{"no appliance", virtualrack.Spec{Dir: t.TempDir(), Program: "/nowhere/firstlight", Light: 1}, "build it with: make build"},
		{"too many", virtualrack.Spec{Dir: t.TempDir(), Program: program, Light: 1e6}, "at most 20000"},
		{"an appliance that ends at once", virtualrack.Spec{Dir: t.TempDir(), Program: "/bin/false", Light: 1}, "ended at its start"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := virtualrack.Start(t.Context(), test.spec)
			if err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
				t.Errorf("Start() = %v, want it to say %q", fmt.Sprint(err), test.want)
			}
			onlyLoopback(t)
		})
	}
}
