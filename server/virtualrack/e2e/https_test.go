package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"firstlight/ipxe"
	"firstlight/server/api"
	"firstlight/server/ca"
	"firstlight/server/journal"
	"firstlight/server/oob"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/console"
	"firstlight/server/virtualrack/qemu"
)

// long tells a test that boots firmware beside those of every run.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		t.Skip("SKIPPED: it boots firmware for minutes; FIRSTLIGHT_LONG=1 (make test-long) does it")
	}
}

// secured is a rack whose UEFI machine boots over HTTPS, with this clock.
func secured(t *testing.T, clock time.Time) (*rig, *virtualrack.Machine) {
	t.Helper()
	long(t)
	r := start(t, virtualrack.Spec{HTTPS: true, Rules: waiting, Machines: []virtualrack.MachineSpec{{Firmware: qemu.UEFI, Clock: clock}}})
	return r, r.Machines()[0]
}

// keyed is the file of the loader that machines are given, and its root.
func (r *rig) keyed() (file string, authority *ca.Boot) {
	r.Helper()
	authority, err := ca.ReadBoot(filepath.Join(r.dir, "state"))
	if err != nil {
		r.Fatal(err)
	}
	return filepath.Join(r.dir, "state/loaders", ipxe.KeyedName(ipxe.SNPOnlyEFI, authority.Roots()[0])), authority
}

// rekey puts another loader under the name that machines are given.
func (r *rig) rekey(root [32]byte) {
	r.Helper()
	stock, err := os.ReadFile(top + "ipxe/loaders/" + ipxe.SNPOnlyEFI)
	if err == nil {
		stock, err = ipxe.Key(stock, root)
	}
	file, _ := r.keyed()
	if err == nil {
		err = os.WriteFile(file, stock, 0o640)
	}
	if err != nil {
		r.Fatal(err)
	}
}

// flat is what a clock says whose battery is.
var flat = time.Date(2003, 1, 1, 0, 0, 0, 0, time.UTC)

// A machine with a flat battery boots over HTTPS and nothing else; its clock is
// an issue. After a roll-over it goes on with the loader of before.
func TestUEFIBootsOverHTTPSWithAFlatClock(t *testing.T) {
	r, m := secured(t, flat)
	_, before := r.keyed()
	began := time.Now()
	r.powerOn(m)
	r.awaitStatus(m.Name, "available", boundRegister)
	t.Logf("available %.1f s after power-on", time.Since(began).Seconds())
	r.sawStages(m, []stage{
		{"files", "snponly-"}, {"dhcp", "ACK: iPXE"}, {"boot", "Decided agent"}, {"files", "GET vmlinuz"}, {"files", "GET initramfs"}, {"agent", "Reported"},
	})
	for _, row := range r.timeline(m.Name) {
		if row.Source == "files" {
			t.Logf("%s: %.1f s", row.Text, row.DurationSeconds)
		}
	}
	r.said(m, `https://10\.80\.0\.1:443/boot/amd64/vmlinuz\.\.\. ok`)
	if off := r.clockOff(m); off > -20*365*24*time.Hour {
		t.Errorf("its clock is off by %s, want twenty years and more", off)
	}

	r.powerOff(m)
	if err := r.Appliance().Stop(); err != nil {
		t.Fatal(err)
	}
	r.run("ca", "roll", "--config", filepath.Join(r.dir, "firstlight.yaml"))
	if err := r.Appliance().Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, now := r.keyed(); now.Roots()[0] == before.Roots()[0] || now.Roots()[1] != before.Roots()[0] {
		t.Fatal("the root was not rolled over")
	}
	for _, root := range [][32]byte{before.Roots()[0], r.newest()} {
		r.rekey(root)
		mark := m.Console().Mark()
		r.powerOn(m)
		r.saidSince(m, mark, `https://10\.80\.0\.1:443/boot/script\.\.\. ok`)
		r.powerOff(m)
	}
}

func (r *rig) newest() [32]byte {
	_, authority := r.keyed()
	return authority.Roots()[0]
}

// A loader that does not trust the appliance stops, and its timeline says so:
// with the root of the stock one, with another appliance's, and with a clock at
// which no certificate holds.
func TestIPXERefusesWhomItDoesNotTrust(t *testing.T) {
	stock := [32]byte{0x9f, 0xaf, 0x71, 0x7b, 0x7f, 0x8c, 0xa2, 0xf9, 0x3c, 0x25, 0x6c, 0x79, 0xf8, 0xac, 0x55, 0x91, 0x89, 0x5d, 0x66, 0xd1, 0xff, 0x3b, 0xee, 0x63, 0x97, 0xa7, 0x0d, 0x29, 0xc6, 0x5e, 0xed, 0x1a}
	another, err := ca.OpenBoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		clock time.Time
		root  func(*rig) [32]byte
	}{
		{"stock root", time.Time{}, func(*rig) [32]byte { return stock }},
		{"another appliance's root", time.Time{}, func(*rig) [32]byte { return another.Roots()[0] }},
		{"expired", time.Date(2055, 6, 1, 0, 0, 0, 0, time.UTC), (*rig).newest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, m := secured(t, tt.clock)
			r.rekey(tt.root(r))
			r.powerOn(m)
			r.said(m, `https://10\.80\.0\.1:443/boot/entry\.ipxe\.\.\. (Operation not supported|Permission denied)`)
			r.awaitStranger(m, "HTTPS refused by the machine: it hung up after it saw our certificate")
		})
	}
}

// From a medium that its owner made, a keyed loader takes nothing from a server
// that shows no certificate for its address, and no other protocol.
func TestNoDowngradeFromAMedium(t *testing.T) {
	r, m := secured(t, time.Time{})
	here, err := r.Join()
	if err != nil {
		t.Fatal(err)
	}
	_, authority := r.keyed()
	// From a medium it needs drivers of its own: snponly drives the card that it
	// was loaded from.
	file := filepath.Join(r.dir, "state/loaders", ipxe.KeyedName(ipxe.AMD64EFI, r.newest()))
	asked := make(chan string, 8)
	answer := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked <- req.URL.String()
		fmt.Fprint(w, "#!ipxe\necho THE FORGED SCRIPT RUNS\nshell\n")
	})
	serve := func(port int, misnamed bool) {
		l, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", here, port)) //nolint:noctx // it opens at once
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: answer, ReadHeaderTimeout: time.Minute}
		t.Cleanup(func() { _ = s.Close() })
		if misnamed {
			s.TLSConfig = authority.TLS(nil)
			go s.ServeTLS(l, "", "") //nolint:errcheck // the test ends it
			return
		}
		go s.Serve(l) //nolint:errcheck // as above
	}
	serve(80, false)
	serve(8443, true)
	medium(t, m.DiskPath(), file, fmt.Sprintf(`#!ipxe
dhcp
chain http://%[1]s/script || echo refused: http
chain tftp://10.80.0.1/undionly.kpxe || echo refused: tftp
chain https://%[1]s:8443/script || echo refused: misnamed
chain https://10.80.0.1/boot/entry.ipxe
`, here))
	if err := m.BootOnce(t.Context(), oob.BootDisk); err != nil {
		t.Fatal(err)
	}
	r.powerOn(m)
	r.awaitStatus(m.Name, "held", boundRegister) // the medium's file system is data on its disk
	for _, what := range []string{"http", "tftp", "misnamed"} {
		r.said(m, "^refused: "+what)
	}
	select {
	case url := <-asked:
		t.Errorf("the loader asked for %s of a server that shows no certificate for its address", url)
	default:
	}
}

// medium makes a disk whose EFI partition starts the loader with a script.
func medium(t *testing.T, disk, loader, script string) {
	t.Helper()
	auto := filepath.Join(t.TempDir(), "autoexec.ipxe")
	if err := os.WriteFile(auto, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	at := disk + "@@1M"
	for _, c := range [][]string{
		{"sh", "-c", `printf '2048,131072,U\n' | sfdisk -q --label gpt "$0"`, disk},
		{"mformat", "-i", at, "-T", "131072", "::"},
		{"mmd", "-i", at, "::/EFI", "::/EFI/BOOT"},
		{"mcopy", "-i", at, loader, "::/EFI/BOOT/BOOTX64.EFI"},
		{"mcopy", "-i", at, auto, "::/EFI/BOOT/autoexec.ipxe"},
		{"mcopy", "-i", at, auto, "::/autoexec.ipxe"},
	} {
		if out, err := exec.CommandContext(t.Context(), c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", c, err, out)
		}
	}
}

// said waits until a machine's console has a line.
func (r *rig) said(m *virtualrack.Machine, line string) {
	r.Helper()
	r.saidSince(m, 0, line)
}

func (r *rig) saidSince(m *virtualrack.Machine, mark console.Mark, line string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), boundRegister)
	defer cancel()
	if _, err := m.Console().Wait(ctx, mark, regexp.MustCompile(line)); err != nil {
		r.Fatalf("console of %s: no line %q: %v", m.Name, line, err)
	}
}

// awaitStranger waits until something was seen of an interface that nobody
// knows.
func (r *rig) awaitStranger(m *virtualrack.Machine, says string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), boundRegister)
	defer cancel()
	for {
		rows := items[api.Event](r, "stranger", "ls")
		for _, row := range rows {
			if row.MAC == m.MAC.String() && strings.Contains(row.Text, says) {
				return
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			r.Fatalf("nothing says %q of %s:\n%s", says, m.MAC, printed(rows))
		}
	}
}

// clockOff is how far a machine's clock was from ours by its last report.
func (r *rig) clockOff(m *virtualrack.Machine) (off time.Duration) {
	r.Helper()
	for _, row := range r.timeline(m.Name) {
		if text := row.Details[journal.DetailClock]; text != "" {
			var err error
			if off, err = time.ParseDuration(text); err != nil {
				r.Fatal(err)
			}
		}
	}
	return off
}

// TLS must not cost a boot more than a moment: the figure of README.md.
func TestTheSecondsOfTLS(t *testing.T) {
	long(t)
	const most = 15 * time.Second // more, for 29 MB on emulated CPUs
	var took [2]time.Duration
	for i, name := range []string{"HTTP", "HTTPS"} {
		t.Run(name, func(t *testing.T) {
			r := start(t, virtualrack.Spec{HTTPS: i == 1, Rules: waiting, Machines: []virtualrack.MachineSpec{{Firmware: qemu.UEFI}}})
			m := r.Machines()[0]
			r.powerOn(m)
			r.awaitStatus(m.Name, "available", boundRegister)
			took[i] = r.loading(m)
			t.Logf("%.1f s from iPXE's address to the whole initramfs", took[i].Seconds())
		})
	}
	if took[0] <= 0 || took[1]-took[0] > most {
		t.Errorf("over HTTP %s, over HTTPS %s: want at most %s more", took[0], took[1], most)
	}
}

// loading is how long iPXE took from its address to the last file.
func (r *rig) loading(m *virtualrack.Machine) time.Duration {
	r.Helper()
	var began, ended time.Time
	for _, row := range r.timeline(m.Name) {
		switch {
		case row.Source == "dhcp" && strings.Contains(row.Text, "ACK: iPXE"):
			began = row.At
		case row.Source == "files" && strings.HasPrefix(row.Text, "GET initramfs"):
			ended = row.At
		}
	}
	return ended.Sub(began)
}
