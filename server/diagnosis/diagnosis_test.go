package diagnosis

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// exchanges are the rows of packages dhcp and dhcp6, by their own tests of them.
func exchanges(t testing.TB) map[string][]journal.Event {
	t.Helper()
	var all map[string][]journal.Event
	for _, dir := range []string{"dhcp", "dhcp6"} {
		text, err := os.ReadFile("../" + dir + "/testdata/exchanges.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// story makes rows, one after the other.
type story struct {
	t    testing.TB
	dhcp map[string][]journal.Event
	now  time.Time
	rows []journal.Event
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

// exchange is one with a name of package dhcp's.
func (s *story) exchange(name string) {
	rows, ok := s.dhcp[name]
	if !ok {
		s.t.Fatalf("package dhcp has no exchange %q", name)
	}
	first, end := rows[0].At, s.now
	for _, r := range rows {
		r.At = s.now.Add(r.At.Sub(first))
		r.Details = maps.Clone(r.Details)
		end = r.At.Add(r.Duration)
		if !r.LastAt.IsZero() {
			r.LastAt = end
		}
		s.rows = append(s.rows, r)
	}
	s.now = end
}

func (s *story) add(e journal.Event) {
	e.At = s.now
	s.rows = append(s.rows, e)
	s.now = s.now.Add(e.Duration)
}

func (s *story) file(name string, came journal.Outcome, n int64, took time.Duration) {
	s.add(journal.Event{
		Source: journal.Files, Text: "GET " + name, Bytes: n, Duration: took,
		Details: map[string]string{journal.DetailFile: name, journal.DetailOutcome: string(came)},
	})
}

func (s *story) sent(name string) { s.file(name, journal.Sent, 1<<20, time.Second) }

func (s *story) script(target string) {
	s.add(journal.Event{Source: journal.Boot, Text: "Decided " + target, Details: map[string]string{"stage": "script", "target": target}})
}

func (s *story) says(source journal.Source, text string, details ...string) {
	e := journal.Event{Source: source, Text: text}
	for i := 0; i+1 < len(details); i += 2 {
		e.Details = map[string]string{details[i]: details[i+1]}
	}
	s.add(e)
}

func (s *story) power(on string) { s.says(journal.BMC, "Power "+on, journal.DetailPower, on) }

func (s *story) report() {
	s.says(journal.Agent, "Reported 9.0 s after kernel start", "boot", "b1")
}

// loads boots as far as iPXE.
func (s *story) loads() {
	s.exchange("firmware gets an address")
	s.wait(time.Second)
	s.sent("snponly.efi")
}

// grub boots as far as GRUB's first configuration. Its lists of modules, which it
// has within, it looks for in vain.
func (s *story) grub() {
	told("shimx64.efi")(s)
	s.sent("shimx64.efi")
	s.file("revocations_sbat.efi", journal.Missing, 0, 0)
	s.sent("grubx64.efi")
	s.file("grub/x86_64-efi/command.lst", journal.Missing, 0, 0)
	s.sent("grub/grub.cfg")
}

// scripted boots as far as the script.
func (s *story) scripted(target string) {
	s.loads()
	s.wait(3 * time.Second)
	s.exchange("iPXE gets an address")
	s.wait(time.Second)
	s.script(target)
}

// kernel boots as far as the agent's image.
func (s *story) kernel() {
	s.scripted("agent")
	s.sent("vmlinuz")
	s.sent("initramfs")
}

func (s *story) whole() {
	s.kernel()
	s.wait(20 * time.Second)
	s.report()
}

func tell(t testing.TB, dhcp map[string][]journal.Event, acts ...func(*story)) *story {
	s := &story{t: t, dhcp: dhcp, now: noon}
	for _, act := range acts {
		act(s)
	}
	return s
}

func wait(d time.Duration) func(*story)   { return func(s *story) { s.wait(d) } }
func exchange(name string) func(*story)   { return func(s *story) { s.exchange(name) } }
func power(on string) func(*story)        { return func(s *story) { s.power(on) } }
func sent(name string) func(*story)       { return func(s *story) { s.sent(name) } }
func scripted(target string) func(*story) { return func(s *story) { s.scripted(target) } }

// told is firmware that gets an address and is told this loader.
func told(name string) func(*story) {
	return func(s *story) {
		s.exchange("firmware gets an address")
		r := &s.rows[len(s.rows)-1]
		r.Details = maps.Clone(r.Details)
		r.Details["boots"] = name
	}
}

func broken(name string, n int64) func(*story) {
	return func(s *story) { s.file(name, journal.BrokenOff, n, 5*time.Second) }
}

func said(source journal.Source, text string, details ...string) func(*story) {
	return func(s *story) { s.says(source, text, details...) }
}

func repeat(n int, acts ...func(*story)) func(*story) {
	return func(s *story) {
		for range n {
			for _, act := range acts {
				act(s)
			}
		}
	}
}

func is(s machine.Status) *machine.Machine {
	return &machine.Machine{ID: "m", Name: "C0MPUT3", Status: s}
}

type planted struct {
	name    string
	acts    []func(*story)
	machine *machine.Machine
	servers []string
	want    Fault
	says    string // a part of the sentence
}

const cold = 7 * time.Minute // more than a firmware takes

var faults = []planted{
	{"no relay", []func(*story){power("on"), wait(cold)}, is(machine.Expected), nil, NeverHeard, "no DHCP relay"},
	{"a relay without option 82", []func(*story){exchange("bare relay")}, nil, nil, BareRelay, "relay 10.99.0.1, which adds no option 82"},
	{"a network that nobody configured", []func(*story){exchange("unknown network")}, nil, nil, NoSubnet, "no subnet of ours has the address 10.99.0.1"},
	{"a full range", []func(*story){exchange("full")}, nil, nil, RangeFull, "asked 4 times and got no address: the ranges of subnet lab are full"},
	{"a duplicate address", []func(*story){exchange("declined"), wait(time.Second)}, nil, nil, AddressTaken, "10.80.12.100 and found that another machine has it"},
	{"addresses that others have, after a restore", []func(*story){exchange("everybody answers")}, nil, nil, AddressTaken, "somebody answers from each"},
	{"a database that is away", []func(*story){exchange("database away")}, nil, nil, DatabaseAway, "database"},
	{"a rogue DHCP server that was quicker", []func(*story){exchange("taken elsewhere"), wait(time.Minute)}, nil, nil, Rogue, "another DHCP server, 10.80.12.9"},
	{"a rogue DHCP server that breaks the exchange", []func(*story){exchange("offers not taken")}, nil, []string{"10.0.0.9"}, Rogue, "4 DISCOVERs, 4 OFFERs, no REQUEST, and another server 10.0.0.9 answers on this segment"},
	{"offers that do not arrive", []func(*story){exchange("offers not taken")}, nil, nil, OffersLost, "4 DISCOVERs, 4 OFFERs, no REQUEST"},
	{"an address of another network", []func(*story){exchange("refused"), wait(time.Minute)}, nil, nil, Refused, "10.7.7.7"},
	{"an address that is refused again and again", []func(*story){repeat(3, exchange("refused"), wait(2*time.Second))}, nil, nil, Refused, "10.7.7.7"},
	{"an architecture without a loader", []func(*story){exchange("no loader")}, nil, nil, NoArchitecture, "architecture 37"},
	{"TFTP that is blocked", []func(*story){exchange("firmware gets an address"), wait(time.Minute)}, nil, nil, NoLoader, "told to load snponly.efi, and never asked"},
	{"a kernel that is not there", []func(*story){func(s *story) { s.scripted("agent") }, func(s *story) { s.file("/boot/amd64/vmlinuz.old", journal.Missing, 0, 0) }}, nil, nil, NoSuchFile, "asks for /boot/amd64/vmlinuz.old, and there is no such file"},
	{"a loader by HTTP that was not built in", []func(*story){told("http://10.80.0.1/boot/loaders/ipxe.efi"), func(s *story) { s.file("/boot/loaders/ipxe.efi", journal.Missing, 0, 0) }}, nil, nil, NoSuchFile, "is not among the files that this appliance was built with"},
	{"a boot file that somebody else names", []func(*story){exchange("firmware gets an address"), func(s *story) { s.file("pxelinux.0", journal.Missing, 0, 0) }}, nil, nil, NoSuchFile, "pxelinux.0, which is no file of ours; it was told snponly.efi"},
	{"a TFTP transfer that breaks off", []func(*story){exchange("firmware gets an address"), broken("snponly.efi", 40960), wait(30 * time.Second)}, nil, nil, LoaderBroken, "snponly.efi and broke off after 40960 bytes"},
	{"a loader for another architecture", []func(*story){exchange("firmware gets an address"), sent("undionly.kpxe"), wait(30 * time.Second)}, nil, nil, WrongLoader, "(UEFI x64) fetched undionly.kpxe"},
	{"a loader without a NIC driver", []func(*story){told("undionly.kpxe"), sent("undionly.kpxe"), wait(2 * time.Minute)}, nil, nil, NoDriver, "no driver in it"},
	{"a loader that starts the firmware anew", []func(*story){repeat(3, (*story).loads, wait(10*time.Second))}, nil, nil, LoaderLoop, "fetched snponly.efi 3 times"},
	{"Secure Boot that refuses the loader", []func(*story){(*story).loads, wait(2 * time.Minute)}, nil, nil, NotStarted, "Secure Boot refuses it"},
	{"a signed loader that was revoked", []func(*story){told("shimx64.efi"), sent("shimx64.efi"), wait(2 * time.Minute)}, nil, nil, NotStarted, "does not trust the signature"},
	{"GRUB whose HTTP is blocked", []func(*story){(*story).grub, wait(time.Minute)}, nil, nil, NoScript, "its first configuration and does not fetch its script"},
	{"a loader that takes no offer", []func(*story){(*story).loads, exchange("iPXE takes no offer")}, nil, nil, IPXENoAddress, "Its loader runs"},
	{"HTTP that is blocked", []func(*story){(*story).loads, exchange("iPXE gets an address"), wait(time.Minute)}, nil, nil, NoScript, "does not fetch its script"},
	{"another appliance's certificate", []func(*story){(*story).loads, exchange("iPXE gets an address"), said(journal.Files, "TLS failed", journal.DetailOutcome, string(journal.TLSFailed)), wait(30 * time.Second)}, nil, nil, TLSRefused, "No secure connection"},
	{"an address that is leased to another", []func(*story){(*story).loads, exchange("iPXE gets an address"), said(journal.Boot, "Script refused: its address 10.80.12.100 is leased to 52:54:00:00:00:09")}, nil, nil, ScriptRefused, "leased to 52:54:00:00:00:09"},
	{"an architecture without a boot image", []func(*story){(*story).loads, exchange("iPXE gets an address"), func(s *story) {
		s.add(journal.Event{Source: journal.Boot, Text: "Decided wait: no boot image for arm64", Details: map[string]string{"stage": "script", "target": "wait"}})
	}}, nil, nil, NoImage, "no boot image for arm64"},
	{"a script and no more", []func(*story){scripted("agent"), wait(2 * time.Minute)}, nil, nil, NoKernel, "asked for nothing more"},
	{"a kernel that breaks off", []func(*story){scripted("agent"), broken("vmlinuz", 7000000), wait(30 * time.Second)}, nil, nil, KernelBroken, "vmlinuz and broke off after 7000000 bytes"},
	{"a silent agent", []func(*story){(*story).kernel, wait(4 * time.Minute)}, is(machine.Registered), nil, SilentAgent, "the agent is silent"},
	{"a kernel that panics", []func(*story){repeat(3, (*story).kernel, wait(90*time.Second))}, nil, nil, CrashLoop, "fetched the kernel 3 times"},
	{"a report of two identities", []func(*story){(*story).kernel, wait(20 * time.Second), said(journal.Agent, "Report refused: it shows the serial of A and the UUID of B")}, nil, nil, ReportRefused, "the serial of A"},
	{"a BMC that accepts and does nothing", []func(*story){power("off"), wait(30 * time.Second), func(s *story) {
		s.add(journal.Event{Source: journal.BMC, Text: "Its BMC accepted power off at 12:00:00 UTC and says on 30 s later", Details: map[string]string{journal.DetailIgnored: "power off"}})
	}}, is(machine.Allocated), nil, BMCLies, "says on 30 s later"},
	{"a one-time boot that is not followed", []func(*story){(*story).whole, wait(time.Hour), said(journal.BMC, "Boot once from the network"), power("on"), wait(6 * time.Minute), func(s *story) {
		s.add(journal.Event{Source: journal.BMC, Text: "Its BMC accepted a one-time boot and it did not ask", Details: map[string]string{journal.DetailIgnored: journal.IgnoredOnce, journal.DetailPower: "on"}})
	}}, is(machine.Allocated), nil, OnceIgnored, "accepted a one-time boot"},
	{"a BMC that lies", []func(*story){(*story).whole, wait(time.Hour), power("off"), wait(time.Second), power("on"), wait(cold)}, is(machine.Registered), nil, BMCLies, "no boot request followed"},
	{"an image that is not the catalogue's", []func(*story){(*story).whole, said(journal.Status, "installing → installing: writes the image: has the hash 12, and 34 in the plan")}, is(machine.Installing), nil, ImageHash, "has the hash 12, and 34 in the plan"},
	{"a disk that does not boot", []func(*story){(*story).whole, said(journal.Status, "installing → configuring: image written"), repeat(3, wait(time.Minute), scripted("disk"))}, is(machine.Configuring), nil, DiskReturns, "sent to its own disk 3 times"},
	{"a boot order with the disk first", []func(*story){said(journal.BMC, "Boot once from the network"), power("on"), wait(time.Minute), exchange("a system gets an address")}, is(machine.Allocated), nil, BootedDisk, "booted its own disk"},
	{"a disk that boots though the network is first", []func(*story){power("on"), wait(time.Minute), exchange("a system gets an address")}, &machine.Machine{
		Status: machine.Available, Observed: machine.Observed{BootOrder: "network, device", BootAt: noon},
	}, nil, BootedDisk, "had first (network, device)"},
	{"a switch port that forwards late", []func(*story){exchange("late port")}, nil, nil, PortSlow, "asked for 27 s before we heard"},
	{"a clock that is wrong", []func(*story){(*story).kernel, wait(20 * time.Second), func(s *story) {
		s.add(journal.Event{Source: journal.Agent, Text: "Reported", Details: map[string]string{"boot": "b1", journal.DetailClock: "-208800h0m0s"}})
	}}, is(machine.Available), nil, WrongClock, "23 years behind"},
}

func TestPlantedFaults(t *testing.T) {
	dhcp := exchanges(t)
	named := 0
	for _, f := range faults {
		s := tell(t, dhcp, f.acts...)
		in := &Input{Now: s.now.Add(time.Second), Events: s.rows, Machine: f.machine, Servers: map[string]time.Time{}}
		for _, server := range f.servers {
			in.Servers[server] = noon
		}
		all := Of(in)
		if len(all) == 0 || all[0].Fault != f.want || !strings.Contains(all[0].Sentence, f.says) {
			t.Errorf("%s: says %s, want %s with %q", f.name, text(all), f.want, f.says)
			continue
		}
		if d := all[0]; d.Action == "" || len(d.Evidence) == 0 || d.Since.IsZero() {
			t.Errorf("%s: no action, evidence or time: %+v", f.name, d)
		}
		named++
	}
	t.Logf("%d of %d planted faults named right", named, len(faults))
}

func text(all []Diagnosis) string {
	var parts []string
	for _, d := range all {
		parts = append(parts, fmt.Sprintf("%s (%s)", d.Fault, d.Sentence))
	}
	return strings.Join(parts, "; ")
}

// Where a network is served by IPv6 alone, who boots asks by IPv4 first, or at the
// same time: that is no fault, unless it never asks by IPv6.
func TestIPv4InANetworkOfIPv6IsNoFault(t *testing.T) {
	dhcp := exchanges(t)
	inVain := func(s *story) {
		from := len(s.rows)
		s.exchange("unknown network")
		for i := range s.rows[from:] {
			delete(s.rows[from+i].Details, journal.DetailRelay)
			s.rows[from+i].Details[journal.DetailSix] = "boot6"
		}
	}
	said := func(acts ...func(*story)) (all []Diagnosis) {
		s := tell(t, dhcp, acts...)
		return slices.DeleteFunc(Of(&Input{Now: s.now, Events: s.rows, Machine: is(machine.Registered)}), slow)
	}
	for name, acts := range map[string][]func(*story){
		"firmware":        {inVain, wait(30 * time.Second)},
		"iPXE":            {(*story).loads, inVain, wait(10 * time.Second)},
		"iPXE, with both": {(*story).loads, exchange("iPXE gets an address"), inVain, wait(20 * time.Second)},
	} {
		if all := said(acts...); len(all) > 0 {
			t.Errorf("%s: %+v", name, all)
		}
	}
	if all := said(inVain, wait(sixWithin)); len(all) != 1 || all[0].Fault != NoSubnet {
		t.Errorf("who never asks by IPv6: %+v, want %s", all, NoSubnet)
	}
}

// A healthy boot is silent at each moment of it and after it, however slow: up
// to the time that a healthy machine may take for a step.
func TestNothingIsSaidOfHealthyBoots(t *testing.T) {
	dhcp := exchanges(t)
	for n := range 500 {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		upTo := func(d time.Duration) func(*story) { return wait(time.Duration(r.Int64N(int64(d)))) }
		m := is(machine.Registered)
		acts := []func(*story){
			power("on"), upTo(5 * time.Minute), exchange("firmware gets an address"), upTo(loaderWithin - 2*time.Second), sent("snponly.efi"),
			func(s *story) { s.file("autoexec.ipxe", journal.Missing, 0, 0) }, // iPXE on UEFI always asks for it
			upTo(iPXEWithin - 2*time.Second), exchange("iPXE gets an address"), upTo(scriptWithin - 2*time.Second), func(s *story) { s.script("agent") },
			upTo(kernelWithin - 2*time.Second), sent("vmlinuz"), sent("initramfs"), upTo(agentWithin - 5*time.Second), exchange("a system gets an address"), (*story).report,
		}
		if n%2 == 1 { // installed, and then in use
			acts = append(acts, upTo(time.Hour), said(journal.Agent, "Writes the image"), upTo(time.Minute), said(journal.Status, "installing → configuring: image written"),
				power("off"), power("on"), upTo(5*time.Minute), scripted("disk"), upTo(time.Minute), exchange("a system gets an address"), said(journal.System, "lon6-web-1 is up"))
		}
		s := &story{t: t, dhcp: dhcp, now: noon}
		for i, act := range acts {
			act(s)
			for _, later := range []time.Duration{0, time.Second} {
				all := Of(&Input{Now: s.now.Add(later), Events: s.rows, Machine: m})
				if all = slices.DeleteFunc(all, slow); len(all) > 0 {
					t.Fatalf("boot %d after step %d: %s", n, i, text(all))
				}
			}
		}
		m.Observed.CallAt = s.now
		if all := Of(&Input{Now: s.now.Add(6 * time.Hour), Events: s.rows, Machine: m}); len(all) > 0 {
			t.Fatalf("boot %d, hours later: %s", n, text(all))
		}
	}
}

// slow tells whether it is said that a slow machine would look the same.
func slow(d Diagnosis) bool { return d.Suspected }

// What needs minutes to be certain is told within one as a suspicion, by what is
// usual where that is known; a boot that is slower than others stays one.
func TestAWaitIsASuspicionFirst(t *testing.T) {
	dhcp := exchanges(t)
	for _, test := range []struct {
		name           string
		acts           []func(*story)
		machine        *machine.Machine
		fault          Fault
		usual          time.Duration
		quiet          time.Duration // nothing is said until then
		suspected      time.Duration
		certain        time.Duration
		says, saysLate string
	}{
		{"nothing known", []func(*story){(*story).kernel}, is(machine.Registered), SilentAgent, 0, 44 * time.Second, 45 * time.Second, agentWithin, "Waited for 45 s so far; slow machines take up to 180 s", "the agent is silent"},
		{"a quick kind", []func(*story){(*story).kernel}, is(machine.Registered), SilentAgent, 3 * time.Second, 29 * time.Second, 30 * time.Second, agentWithin, "Waited for 30 s so far; usual is 3 s", "the agent is silent"},
		{"a slow kind", []func(*story){(*story).kernel}, is(machine.Registered), SilentAgent, 2 * time.Minute, 239 * time.Second, 0, 4 * time.Minute, "", "the agent is silent"},
		{"a loader", []func(*story){(*story).loads}, nil, NotStarted, 0, 44 * time.Second, 45 * time.Second, iPXEWithin, "no driver in it", "no driver in it"},
		{"a power button", []func(*story){power("on")}, is(machine.Expected), NeverHeard, 0, 44 * time.Second, 45 * time.Second, firstWithin, "no DHCP relay", "no DHCP relay"},
		{"a server that tests its memory", []func(*story){power("on")}, is(machine.Expected), NeverHeard, 4 * time.Minute, 479 * time.Second, 0, 8 * time.Minute, "", "no DHCP relay"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := tell(t, dhcp, test.acts...)
			at := func(d time.Duration) []Diagnosis {
				return Of(&Input{Now: s.now.Add(d), Events: s.rows, Machine: test.machine, Usual: func(string) time.Duration { return test.usual }})
			}
			if all := at(test.quiet); len(all) > 0 {
				t.Errorf("after %s: %s, want nothing yet", test.quiet, text(all))
			}
			if all := at(test.suspected); test.suspected > 0 && (len(all) != 1 || all[0].Fault != test.fault || !all[0].Suspected || !strings.Contains(all[0].Sentence, test.says)) {
				t.Errorf("after %s: %+v, want %s as a suspicion with %q", test.suspected, all, test.fault, test.says)
			}
			if all := at(test.certain); len(all) != 1 || all[0].Fault != test.fault || all[0].Suspected || !strings.Contains(all[0].Sentence, test.saysLate) {
				t.Errorf("after %s: %+v, want %s for certain with %q", test.certain, all, test.fault, test.saysLate)
			}
		})
	}
}

// A fault is over when a following boot is right.
func TestARightBootEndsAFault(t *testing.T) {
	dhcp := exchanges(t)
	for _, f := range faults {
		if f.want != OnceIgnored && f.want != BootedDisk {
			continue
		}
		s := tell(t, dhcp, append(f.acts, wait(time.Minute), said(journal.BMC, "Boot once from the network"), power("on"), (*story).whole)...)
		if all := Of(&Input{Now: s.now.Add(time.Second), Events: s.rows, Machine: f.machine}); len(all) > 0 {
			t.Errorf("%s, and a right boot after it: %s", f.name, text(all))
		}
	}
}

func TestWhatIsMeantIsNoFault(t *testing.T) {
	dhcp := exchanges(t)
	for name, acts := range map[string][]func(*story){
		"a stranger on a subnet that only observes":     {exchange("observed"), wait(time.Hour)},
		"a machine that is sent to its own disk":        {scripted("disk"), wait(time.Hour)},
		"a switch that was on already":                  {(*story).whole, wait(time.Minute), power("on"), wait(time.Hour)},
		"a firmware that came through at its third try": {exchange("offers not taken"), wait(time.Second), (*story).whole},
		"an address that is refused once":               {exchange("refused"), wait(2 * time.Second), (*story).whole},
		"a boot by the signed loaders":                  {(*story).grub, wait(scriptWithin - time.Second), func(s *story) { s.script("agent") }, sent("vmlinuz"), sent("initramfs"), wait(time.Second), (*story).report, wait(time.Hour)},
		"a transfer that came again":                    {exchange("firmware gets an address"), broken("snponly.efi", 1), sent("snponly.efi"), exchange("iPXE gets an address"), func(s *story) { s.script("disk") }, wait(time.Hour)},
	} {
		s := tell(t, dhcp, acts...)
		if all := Of(&Input{Now: s.now.Add(time.Second), Events: s.rows, Machine: is(machine.Available)}); len(all) > 0 {
			t.Errorf("%s: %s", name, text(all))
		}
	}
}
