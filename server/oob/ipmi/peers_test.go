package ipmi_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/ipmi"
)

// tool is the path of a program that is only there where deps.txt was installed.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%v: install what deps.txt lists", err)
	}
	return path
}

// OpenIPMI's simulator was written by others, from the specification.
func TestOpenIPMIsSimulatorIsPowered(t *testing.T) {
	sim, dir := tool(t, "ipmi_sim"), t.TempDir()
	free, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lan.conf", fmt.Sprintf(`name "sim"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 %d
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "%s/chassis"
  user 2 true "admin" "%s" admin 10
`, port, dir, "horse"))
	write(t, dir, "sim.emu", "mc_setbmc 0x20\nmc_add 0x20 0 has-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n")
	write(t, dir, "power", "0")
	write(t, dir, "boot", "none")
	// The program keeps what it is told to set, and says so when asked.
	write(t, dir, "chassis", fmt.Sprintf("#!/bin/sh\nif [ $1 = set ]; then echo $3 >%[1]s/$2; else echo $2:$(cat %[1]s/$2); fi\n", dir))
	p := exec.CommandContext(t.Context(), sim, "-n", "-c", filepath.Join(dir, "lan.conf"), "-f", filepath.Join(dir, "sim.emu"), "-s", dir)
	var said strings.Builder
	p.Stdout, p.Stderr, p.WaitDelay = &said, &said, time.Second
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = p.Process.Kill() // ours
		_ = p.Wait()
		if t.Failed() {
			t.Logf("ipmi_sim said:\n%s", said.String())
		}
	}()
	cfg := config(fmt.Sprintf("127.0.0.1:%d", port))
	cfg.Timeout, cfg.Password = 10*time.Second, "horse" // it takes no blanks
	c := dialOnce(t, cfg)
	defer func() { _ = c.Close(context.Background()) }()
	if id, err := c.Identify(t.Context()); err != nil || id.Firmware == "" {
		t.Fatalf("Identify() = %+v, %v, want a firmware version", id, err)
	}
	for _, want := range []oob.Power{oob.PowerOn, oob.PowerOff} {
		if err := c.SetPower(t.Context(), want); err != nil {
			t.Fatalf("SetPower(%s) = %v", want, err)
		}
		if got, err := c.Power(t.Context()); err != nil || got != want {
			t.Fatalf("Power() = %q, %v, want %q", got, err, want)
		}
	}
	// It takes the device and never shows its flags as valid, which is said.
	err = c.SetNextBoot(t.Context(), oob.BootNetwork)
	if got, _ := os.ReadFile(filepath.Join(dir, "boot")); string(got) != "pxe\n" || err == nil || !strings.Contains(err.Error(), `but shows ""`) {
		t.Fatalf("SetNextBoot(network) = %v, and the machine boots from %q; want pxe, and that the BMC does not show it", err, got)
	}
	cfg.Password = "battery staple"
	if _, err := ipmi.Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "proves another password") {
		t.Fatalf("Dial() with another password = %v, want that it is refused", err)
	}
}

// dialOnce waits for a program that just started: nobody listens yet.
func dialOnce(t *testing.T, cfg ipmi.Config) *ipmi.Controller {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-look.C {
		c, err := ipmi.Dial(t.Context(), cfg)
		if err == nil {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("Dial(%s) = %v", cfg.Address, err)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // one of them is a program
		t.Fatal(err)
	}
}

// The simulated BMC that all other tests rest on is one to other people's
// programs too.
func TestIpmitoolPowersTheSimulatedBMC(t *testing.T) {
	path := tool(t, "ipmitool")
	m, _, cfg := start(t, bmcsim.Options{})
	host, port, err := net.SplitHostPort(strings.TrimPrefix(cfg.Address, ipmi.Scheme))
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		all := append([]string{"-I", "lanplus", "-C", "17", "-H", host, "-p", port, "-U", "admin", "-P", string(password)}, args...)
		out, err := exec.CommandContext(t.Context(), path, all...).CombinedOutput()
		if err != nil {
			t.Fatalf("ipmitool %s = %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("chassis", "bootdev", "pxe")
	run("chassis", "power", "on")
	if !m.Running() || m.LastBoot() != oob.BootNetwork {
		t.Errorf("after bootdev pxe and power on the machine runs: %v, from %q; want it on, from the network", m.Running(), m.LastBoot())
	}
	if got := run("fru", "print", "0"); !strings.Contains(got, "SN-0042") {
		t.Errorf("fru print says %q, want the serial in it", got)
	}
}
