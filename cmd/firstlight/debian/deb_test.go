package debian_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/dhcp"
	"firstlight/server/virtualrack/netns/netnstest"
)

func TestTwoBuildsAreTheSame(t *testing.T) {
	built(t)
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	var packages [2][]byte
	for i := range packages {
		b, err := os.ReadFile(script(t, "./build", t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		packages[i] = b
	}
	if !bytes.Equal(packages[0], packages[1]) {
		t.Error("two builds of one tree differ")
	}
}

// TestAMachineBootsFromThePackage installs the package in a bare system, runs
// the service exactly as its unit says, and boots a machine beside it. The steps
// build on one another.
func TestAMachineBootsFromThePackage(t *testing.T) {
	built(t)
	netnstest.Need(t, "udhcpc", "curl", "ip", "mmdebstrap", "setpriv", "unshare", "chroot")
	host, client := netnstest.Pair(t)
	b := newBare(t, host)
	p := &installed{bare: b, client: client}
	for _, step := range []struct {
		name string
		test func(*testing.T)
	}{
		{"dpkg installs it and says what is next", p.install},
		{"systemd finds nothing wrong with the unit and little exposed", p.judge},
		{"its completion stands where shells look for it", p.completion},
		{"the manual names every command", p.manual},
		{"the agent reports the system that it runs on", p.agent},
		{"init writes a configuration that the service may read and others may not", p.configure},
		{"the service starts as its unit says and tells systemd", p.start},
		{"it runs as its user with two capabilities", p.powers},
		{"a machine gets an address and its script", p.boot},
		{"the group may use the command line, others may not", p.ask},
		{"dpkg removes it and keeps the data", p.remove},
	} {
		// No subtests: a host of netnstest belongs to the test that made it.
		t.Log(step.name)
		if step.test(t); t.Failed() {
			return // what follows builds on it
		}
	}
}

// built says at once what make test would have built.
func built(t *testing.T) {
	t.Helper()
	for _, program := range []string{"firstlight", "firstlight-agent"} {
		if _, err := os.Stat("../../../bin/" + program); err != nil {
			t.Fatalf("the package needs what is built: %v; run make build", err)
		}
	}
}

type installed struct {
	*bare
	client  *netnstest.Host
	unit    unit
	service *netnstest.Process
}

func (p *installed) install(t *testing.T) {
	deb := script(t, "./build", p.root)
	out := p.run("dpkg", "--install", "/"+filepath.Base(deb))
	if !strings.Contains(out, "firstlight init --interface eth1") {
		t.Errorf("the package does not say what is next:\n%s", out)
	}
	p.unit = readUnit(t, p.root)
	limit, err := os.ReadFile(p.path("usr/lib/sysctl.d/60-firstlight.conf"))
	if want := fmt.Sprintf("\nnet.core.rmem_max = %d\n", dhcp.ReceiveBuffer); err != nil || !strings.Contains(string(limit), want) {
		t.Errorf("the kernel's limits are %q, %v, want%s", limit, err, want)
	}
}

// completion holds that the scripts lie where shells load them from.
func (p *installed) completion(t *testing.T) {
	for _, path := range []string{
		"usr/share/bash-completion/completions/firstlight", "usr/share/zsh/vendor-completions/_firstlight", "usr/share/fish/vendor_completions.d/firstlight.fish",
	} {
		if text, err := os.ReadFile(p.path(path)); err != nil || !strings.Contains(string(text), "firstlight __complete") {
			t.Errorf("%s: %v, %.40q", path, err, text)
		}
	}
	p.run("bash", "-n", "/usr/share/bash-completion/completions/firstlight")
}

func (p *installed) judge(*testing.T) {
	p.run("systemd-analyze", "--man=no", "verify", "/"+unitPath)
	// The figure of systemd-analyze security: 0 is nothing, 10 everything.
	p.run("systemd-analyze", "security", "--offline=true", "--threshold=20", "/"+unitPath)
}

// manual holds the page against --help, so that neither grows without the other.
func (p *installed) manual(t *testing.T) {
	text := p.page(t, "firstlight")
	help := p.run("firstlight", "--help")
	named := 0
	for _, line := range regexp.MustCompile(`(?m)^  ([a-z]+)(?: [a-z]+)?  +[A-Z]`).FindAllStringSubmatch(help, -1) {
		named++
		if !regexp.MustCompile(`(?m)^\.B.*\b` + line[1] + `\b`).MatchString(text) {
			t.Errorf("the manual does not name the command %s", line[1])
		}
	}
	if named == 0 {
		t.Errorf("no command was found in:\n%s", help)
	}
}

// page is what the manual says of a program.
func (p *installed) page(t *testing.T, program string) string {
	t.Helper()
	f, err := os.Open(p.path("usr/share/man/man8/" + program + ".8.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// agent runs the program that people copy to machines in use. This system has no
// /sys, so that the report lacks much and says so.
func (p *installed) agent(t *testing.T) {
	r, err := report.Decode(strings.NewReader(p.run("firstlight-agent", "report", "--from-os")))
	if err != nil || r.OS == nil || r.OS.Release != "Debian GNU/Linux 12 (bookworm)" || !slices.Contains(r.Missing, "nics") {
		t.Errorf("the report is %+v, %v", r, err)
	}
	page := strings.ReplaceAll(p.page(t, "firstlight-agent"), `\-`, "-")
	flags := regexp.MustCompile(`(?m)^  (--[a-z-]+)`).FindAllStringSubmatch(p.run("firstlight-agent", "--help"), -1)
	for _, flag := range flags {
		if !strings.Contains(page, flag[1]) {
			t.Errorf("the manual does not name the flag %s", flag[1])
		}
	}
	if len(flags) == 0 {
		t.Error("--help shows no flag")
	}
}

func (p *installed) configure(t *testing.T) {
	p.run("firstlight", "init", "--interface", "br0", "--address", "10.80.12.1", "--prefix", "10.80.12.0/24",
		"--range", "10.80.12.100-10.80.12.199", "--site", "lon6", "--domain", "lon6.example")
	file := p.path("etc/firstlight/firstlight.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	registers := strings.Replace(string(text), "policy: observe", "policy: register", 1)
	if registers == string(text) {
		t.Fatal("the written configuration does not observe")
	}
	if err := os.WriteFile(file, []byte(registers), 0o640); err != nil {
		t.Fatal(err)
	}
	if got, want := p.run("stat", "-c", "%a %U %G", "/etc/firstlight/firstlight.yaml"), "640 root firstlight\n"; got != want {
		t.Errorf("the configuration is %q, want %q", got, want)
	}
}

// start does what systemd does for StateDirectory and Type=notify, and runs the
// unit's own command line.
func (p *installed) start(t *testing.T) {
	p.run("install", "-d", "-m", p.unit["StateDirectoryMode"], "-o", p.unit["User"], "-g", p.unit["Group"], "/var/lib/"+p.unit["StateDirectory"])
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: p.path("run/notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := os.Chmod(p.path("run/notify"), 0o777); err != nil {
		t.Fatal(err)
	}
	// The process outlives this step, so that it belongs to the test.
	args := append([]string{"NOTIFY_SOCKET=/run/notify"}, p.inside(p.unit.command(t)...)...)
	p.service = p.Start("env", args...)
	p.notified(socket, p.service)
}

// powers reads what the kernel says of the process. Bit 10 is
// CAP_NET_BIND_SERVICE, bit 13 CAP_NET_RAW (capabilities(7)).
func (p *installed) powers(t *testing.T) {
	status := p.status(t)
	both := fmt.Sprintf("%016x", 1<<10|1<<13)
	for key, want := range map[string]string{
		"CapEff": both, "CapPrm": both, "CapAmb": both, "CapBnd": both, "NoNewPrivs": "1",
	} {
		if got := regexp.MustCompile(`(?m)^` + key + `:\s+(\S+)$`).FindStringSubmatch(status); got == nil || got[1] != want {
			t.Errorf("%s is %q, want %s", key, got, want)
		}
	}
	if regexp.MustCompile(`(?m)^Uid:.*\b0\b`).MatchString(status) {
		t.Errorf("it runs as root:\n%s", status)
	}
}

// status is /proc/PID/status of the service, which is found by its root.
func (p *installed) status(t *testing.T) string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/root")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range all {
		dir := filepath.Dir(link)
		root, err := os.Readlink(link)
		if err != nil || root != p.root {
			continue // somebody else's, or ended meanwhile
		}
		if name, err := os.ReadFile(dir + "/comm"); err != nil || string(name) != "firstlight\n" {
			continue
		}
		status, err := os.ReadFile(dir + "/status")
		if err != nil {
			t.Fatal(err)
		}
		return string(status)
	}
	t.Fatal("no process of the service was found")
	return ""
}

func (p *installed) boot(t *testing.T) {
	out := p.client.Run("udhcpc", "-i", "eth0", "-f", "-n", "-q", "-t", "5", "-s", "/bin/true")
	if !regexp.MustCompile(`lease of 10\.80\.12\.1\d\d obtained from 10\.80\.12\.1`).MatchString(out) {
		t.Errorf("udhcpc gets no lease:\n%s", out)
	}
	p.client.Address("eth0", "10.80.12.100/24")
	script := p.client.Run("curl", "-sS", "--fail", "http://10.80.12.1/boot/script?mac=52:54:00:12:34:56&platform=bios")
	if !strings.HasPrefix(script, "#!ipxe\n") || !strings.Contains(script, "initramfs") {
		t.Errorf("the machine's script does not boot the agent:\n%s", script)
	}
	for _, file := range []string{"vmlinuz", "initramfs"} {
		p.client.Run("curl", "-sS", "--fail", "-o", "/dev/null", "http://10.80.12.1/boot/amd64/"+file)
	}
}

func (p *installed) ask(t *testing.T) {
	ask := func(group string) (string, error) {
		return p.try("setpriv", "--reset-env", "--reuid", "nobody", "--regid", "nogroup", "--groups", group, "firstlight", "stranger", "ls")
	}
	if out, err := ask("firstlight"); err != nil || !strings.Contains(out, "52:54:00:12:34:56") {
		t.Errorf("a member of the group gets %v:\n%s", err, out)
	}
	out, err := ask("nogroup")
	if err == nil {
		t.Errorf("somebody else may ask:\n%s", out)
	}
	if out, err := p.try("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--groups", "firstlight", "ls", "/var/lib/firstlight"); err == nil {
		t.Errorf("a member of the group may list the state:\n%s", out)
	}
}

func (p *installed) remove(t *testing.T) {
	p.service.Signal(os.Kill)
	_, _ = p.service.Rest()
	p.run("dpkg", "--purge", "firstlight")
	for name, stays := range map[string]bool{
		"usr/bin/firstlight": false, "usr/bin/firstlight-agent": false, unitPath: false,
		"etc/firstlight/firstlight.yaml": true, "var/lib/firstlight/serverdb.sqlite": true,
	} {
		if _, err := os.Stat(p.path(name)); (err == nil) != stays {
			t.Errorf("after removal, %s: %v; want it there: %t", name, err, stays)
		}
	}
}
