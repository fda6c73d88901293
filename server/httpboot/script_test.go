package httpboot

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

const asks = "/boot/script?mac=52-54-00-00-00-01&uuid=9b0f6c0e-0000-4000-8000-000000000001&serial=C0MPUT3&platform=pcbios"

// marks are what the script of each target, and no other, has.
var marks = map[boot.Target]string{
	boot.Disk: "boots its local disk", boot.Agent: "/boot/amd64/vmlinuz", boot.Wait: "no decision after ten minutes",
}

// TestTheScriptIsWhatDecideSays asks for every machine that there can be, and
// holds the script against Decide on the same facts.
func TestTheScriptIsWhatDecideSays(t *testing.T) {
	type known struct {
		name   string
		m      *machine.Machine
		policy machine.Policy
	}
	var table []known
	for _, st := range machine.Statuses() {
		for _, owned := range []bool{false, true} {
			for _, locked := range []bool{false, true} {
				m := &machine.Machine{ID: "m1", Name: "C0MPUT3", Status: st, Owned: owned, Sentence: "sda has data"}
				m.Flags.Locked = locked
				table = append(table, known{string(st), m, ""})
			}
		}
	}
	for _, p := range []machine.Policy{"", machine.PolicyIgnore, machine.PolicyObserve, machine.PolicyRegister} {
		table = append(table, known{"a stranger where the policy is " + string(p), nil, p})
	}
	for _, tt := range table {
		s, site := door(t)
		site.policy, site.machines[ours] = tt.policy, tt.m
		if tt.m == nil {
			delete(site.machines, ours)
		}
		want := boot.Decide(boot.Request{}, boot.Known{Machine: tt.m, Policy: tt.policy}, time.Now())
		got := call{method: "GET", target: asks}.do(s)
		body := bodyOf(t, got)
		if want.Target == boot.Ignore {
			if got.StatusCode != http.StatusNotFound || strings.HasPrefix(body, "#!ipxe") {
				t.Errorf("%s: %d %s, want no script", tt.name, got.StatusCode, body)
			}
			continue
		}
		for target, mark := range marks {
			if strings.Contains(body, mark) != (target == want.Target) {
				t.Errorf("%s: want the script for %q, got:\n%s", tt.name, want.Target, body)
			}
		}
		if got.StatusCode != http.StatusOK || !strings.HasPrefix(body, "#!ipxe\n") || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", tt.name, got.StatusCode, got.Header)
		}
		if want.Target == boot.Agent && !strings.Contains(body, " firstlight.mode="+string(want.Mode)+" ") {
			t.Errorf("%s: mode is not %s:\n%s", tt.name, want.Mode, body)
		}
		if strings.Contains(body, "firstlight.token=") != (want.Target == boot.Agent) {
			t.Errorf("%s: a boot token leaves with the agent and only with it:\n%s", tt.name, body)
		}
		if len(site.decided) != 1 || site.decided[0] != want {
			t.Errorf("%s: recorded %v, want %v", tt.name, site.decided, want)
		}
	}
}

// TestTheKernelIsOneThatTheMachineRuns asks as the loaders of each architecture.
func TestTheKernelIsOneThatTheMachineRuns(t *testing.T) {
	s, _ := door(t)
	for build, want := range map[string]string{"x86_64": "amd64", "": "amd64", "arm64": "arm64"} {
		got := bodyOf(t, call{method: "GET", target: strings.Replace(asks, "pcbios", "efi", 1) + "&buildarch=" + build}.do(s))
		for _, arch := range []string{"amd64", "arm64"} {
			for _, part := range []string{"/boot/" + arch + "/vmlinuz", "/boot/" + arch + "/initramfs", map[string]string{"amd64": "ttyS0", "arm64": "loglevel=4"}[arch]} {
				if strings.Contains(got, part) != (arch == want) {
					t.Errorf("a loader built for %q gets:\n%s\nwant the files and arguments for %s alone", build, got, want)
				}
			}
		}
	}
}

func TestWithoutABootImageTheScriptSaysWhatBringsIt(t *testing.T) {
	s, st := door(t, func(c *Config, _ *site) { delete(c.BootImages, "arm64") })
	st.noImage = true
	got := bodyOf(t, call{method: "GET", target: strings.Replace(asks, "pcbios", "efi&buildarch=arm64", 1)}.do(s))
	if !strings.Contains(got, `waits: no boot image for arm64 in this appliance. Build it with: make build ARCHES=`) || strings.Contains(got, "vmlinuz") || !strings.Contains(got, "sleep 15") {
		t.Errorf("script = %s, want one that waits, with the remedy and no kernel", got)
	}
}

func TestAMachineThatAsksHasLeftItsAgent(t *testing.T) {
	s, st := door(t)
	call{method: "GET", target: asks}.do(s)
	if len(st.calls) != 1 || st.calls[0] != "booted m1" {
		t.Errorf("calls = %v, want that m1 booted", st.calls)
	}
}

func TestWhoSpeaksForAnotherGetsNoSession(t *testing.T) {
	s, st := door(t)
	st.leases[netip.MustParseAddr("127.0.0.9")] = alien
	got := call{method: "GET", target: asks, from: "127.0.0.9"}.do(s)
	body := bodyOf(t, got)
	if got.StatusCode != http.StatusConflict || strings.Contains(body, "session") || !strings.Contains(body, "its address 127.0.0.9 is leased to 52:54:00:00:00:09") {
		t.Errorf("answer = %d %s, want a refusal with the reason", got.StatusCode, body)
	}
	if len(st.calls)+len(st.decided) != 0 || !strings.Contains(st.noted(), "Script refused") {
		t.Errorf("calls %v, decided %v, noted %q; want one row and nothing of the machine changed", st.calls, st.decided, st.noted())
	}
	// I-11: nobody of ours is in front, so that no header says who asks.
	st.leases[netip.MustParseAddr("127.0.0.8")] = ours
	for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Client-Ip"} {
		if got := (call{method: "GET", target: asks, from: "127.0.0.9", header: map[string]string{header: "127.0.0.8"}}).do(s); got.StatusCode != http.StatusConflict {
			t.Errorf("with %s it gets %d", header, got.StatusCode)
		}
	}
	st.leases[netip.MustParseAddr("127.0.0.9")] = ours
	if got := (call{method: "GET", target: asks, from: "127.0.0.9"}).do(s); got.StatusCode != http.StatusOK {
		t.Errorf("the machine itself gets %d", got.StatusCode)
	}
}

func TestTheEntryNamesTheDoorAsItWasReached(t *testing.T) {
	s, _ := door(t)
	base, _ := serving(t, s)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/boot/entry.ipxe", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example" // a stranger's word
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if body := bodyOf(t, got); !strings.Contains(body, "chain --replace --autofree "+base+"/boot/script?mac=") || strings.Contains(body, "evil") {
		t.Errorf("entry script = %s, want it to chain to %s", body, base)
	}
}

var queries = []string{
	"", "mac=", "mac=zz", "mac=52-54-00-00-00-01", "mac=52:54:00:00:00:01", "mac=52-54-00-00-00-01&mac=x", "mac=52-54-00-00-00-01&serial=%00%0a||shell",
	"mac=52-54-00-00-00-01&uuid=" + strings.Repeat("9", 9000), "mac=52-54-00-00-00-01&platform=efi&serial=é" + strings.Repeat("é", 99), "%", "mac=52-54-00-00-00-09&serial=${uuid}", ";", "mac=00-00-00-00-00-00", "mac=ff-ff-ff-ff-ff-ff",
}

func TestAQueryThatNamesNoMachineIsToldSo(t *testing.T) {
	s, _ := door(t)
	for _, q := range []string{"", "mac=", "mac=zz", "serial=C0MPUT3"} {
		got := call{method: "GET", target: "/boot/script?" + q}.do(s)
		if body := bodyOf(t, got); got.StatusCode != http.StatusBadRequest || !strings.Contains(body, "mac: ") {
			t.Errorf("GET /boot/script?%s = %d %s, want 400 that names the field", q, got.StatusCode, body)
		}
	}
}

// FuzzScriptQuery asks as strangers do. Whatever they say, the answer is a
// script of ours or a refusal, and one line stays one line.
func FuzzScriptQuery(f *testing.F) {
	for _, q := range queries {
		f.Add(q)
	}
	s, st := door(f)
	st.policy = machine.PolicyRegister
	f.Fuzz(func(t *testing.T, q string) {
		u := url.URL{Path: "/boot/script", RawQuery: q}
		if _, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), nil); err != nil {
			t.Skip("no request can carry it")
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://h/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = &u
		got := answer(s, r)
		body := bodyOf(t, got)
		switch got.StatusCode {
		case http.StatusOK:
			if !strings.HasPrefix(body, "#!ipxe\n") || strings.Contains(body, "shell") {
				t.Errorf("GET ?%q = %s", q, body)
			}
		case http.StatusBadRequest:
		default:
			t.Errorf("GET ?%q = %d %s, want a script or 400", q, got.StatusCode, body)
		}
	})
}

// A machine that boots through a rare card gets its overlay, by either loader, from
// a path that answers.
func TestACardBringsItsOverlay(t *testing.T) {
	for _, test := range []struct{ name, query, want string }{
		{"iPXE tells a rare card", "&platform=efi&buildarch=x86_64&card=01:14:25:54:10", "initrd http://example.com/boot/amd64/overlay-cxgb4 || goto failed\n"},
		{"iPXE tells another card", "&platform=efi&buildarch=x86_64&card=01:80:86:10:0e", ""},
		{"iPXE does not tell", "&platform=efi&buildarch=x86_64&card=", "initrd http://example.com/boot/amd64/overlay-bna || goto failed\ninitrd http://example.com/boot/amd64/overlay-cxgb4 || goto failed\n"},
		{"junk", "&platform=efi&buildarch=x86_64&card=%24%7BnetX%7D", "initrd http://example.com/boot/amd64/overlay-bna || goto failed\ninitrd http://example.com/boot/amd64/overlay-cxgb4 || goto failed\n"},
		{"GRUB", "&loader=grub&buildarch=x86_64", " '(http,example.com)/boot/amd64/overlay-bna' '(http,example.com)/boot/amd64/overlay-cxgb4'; then\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, st := door(t, func(c *Config, st *site) {
				st.overlays = []boot.Overlay{{Driver: "bna", PCI: []string{"1657:0014"}}, {Driver: "cxgb4", PCI: []string{"1425:5410"}}}
				c.BootImages["amd64"].Files.(fstest.MapFS)["overlay-cxgb4"] = &fstest.MapFile{Data: content(400)}
				image := c.BootImages["amd64"]
				image.Sums = map[string]string{"overlay-cxgb4": "9f3c"}
				c.BootImages["amd64"] = image
			})
			got := bodyOf(t, call{method: "GET", target: "/boot/script?mac=" + strings.ReplaceAll(ours.String(), ":", "-") + test.query}.do(s))
			if !strings.Contains(got, "/boot/amd64/initramfs") || strings.Contains(got, "overlay-") != (test.want != "") || !strings.Contains(got, test.want) {
				t.Errorf("the script is\n%s\nwant the agent with %q", got, test.want)
			}
			if told := strings.Contains(st.noted(), "is not of the form"); told != (test.name == "junk") {
				t.Errorf("the timeline tells of a part that is not read: %v", told)
			}
			if got := (call{method: "GET", target: "/boot/amd64/overlay-cxgb4"}).do(s); got.StatusCode != 200 || got.ContentLength != 400 {
				t.Errorf("the overlay answers %d with %d bytes, want 200 with 400", got.StatusCode, got.ContentLength)
			}
			if !slices.Contains(counters(t, s), "firstlight_overlays_sent_total cxgb4 1") {
				t.Error("the overlay that was sent is not counted")
			}
		})
	}
}
