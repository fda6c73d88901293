package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// TestMachinesBootBesideAnotherDHCPServer boots both firmwares where dnsmasq
// gives the addresses and we only say what to boot, from power-on to
// available. SeaBIOS's iPXE takes the script from our offer; OVMF, and iPXE
// after it, take the loader from port 4011.
func TestMachinesBootBesideAnotherDHCPServer(t *testing.T) {
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		t.Skip("SKIPPED: it boots two machines; set FIRSTLIGHT_LONG=1")
	}
	r := start(t, virtualrack.Spec{
		Mode:     machine.ModeProxy,
		Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS}, {Firmware: qemu.UEFI}},
		Rules:    []machine.Rule{{Name: "spare", Match: "vendor=*", Accept: true, Site: "rack"}},
	})
	others(r)
	r.powerOn(r.Machines()...)
	for i, m := range r.Machines() {
		r.awaitStatus(m.Name, "available", boundRegister)
		want := []stage{
			{"dhcp", "DISCOVER, OFFER, REQUEST: iPXE on"}, {"boot", "Decided agent"}, {"files", "GET vmlinuz"}, {"agent", "Reported"},
		}
		if i == 1 {
			want = append([]stage{{"dhcp", "REQUEST to port 4011, ACK: UEFI x64"}, loader}, want...)
		}
		r.sawStages(m, want)
	}
	if leases := r.run("lease", "ls", "-o", "json"); strings.Contains(leases, "address") {
		t.Errorf("the appliance has leases: %s", leases)
	}
}

// others starts the DHCP server that nobody may change, and stops it with the
// test.
func others(r *rig) {
	r.Helper()
	own, err := r.Join()
	if err != nil {
		r.Fatal(err)
	}
	record, err := os.Create(filepath.Join(r.dir, "dnsmasq.log"))
	if err != nil {
		r.Fatal(err)
	}
	defer record.Close()
	cmd := exec.Command("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--log-dhcp", "--conf-file=/dev/null", "--port=0", "--pid-file=", //nolint:gosec // nothing of it is a stranger's
		"--dhcp-leasefile="+filepath.Join(r.dir, "dnsmasq.leases"), fmt.Sprintf("--listen-address=%s", own), "--bind-interfaces",
		"--dhcp-range=10.80.0.200,10.80.0.209,1h", "--no-ping", "--user=root")
	cmd.Stdout, cmd.Stderr = record, record
	if err := cmd.Start(); err != nil {
		r.Skipf("SKIPPED: %v: install dnsmasq-base; nothing was tested", err)
	}
	r.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if r.Failed() {
			said, _ := os.ReadFile(record.Name())
			r.Logf("dnsmasq said: %s", said)
		}
	})
}
