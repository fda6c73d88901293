package server_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstlight/agent/identity"
	"firstlight/agent/report"
	"firstlight/ipxe"
	"firstlight/server/virtualrack/netns/netnstest"
)

const doorURL = "http://10.80.12.1"

// TestRealClients asks the whole appliance with the programs that people and
// machines have. The steps build on one another.
func TestRealClients(t *testing.T) {
	appliance, client := hosts(t, "dhclient", "udhcpc", "ip", "curl", "dig")
	path := writeAppliance(t, nil)
	running := startAppliance(t, appliance, path)
	running.Await("ready")
	running.Await("one-time code")

	r := &realClients{
		client: client, lease: filepath.Join(t.TempDir(), "leases"),
		socket: filepath.Join(filepath.Dir(path), "state", "firstlight.sock"),
	}
	for _, step := range []struct {
		name string
		test func(*testing.T)
	}{
		{"dhclient gets a lease, again after a restart of its own, and gives it back", r.dhclient},
		{"udhcpc gets it, renews it and keeps it", r.udhcpc},
		{"a stranger on an observed subnet hears nothing and is sent to its disk", r.observed},
		{"its subnet registers strangers from one packet to the next", r.policyChanges},
		{"a stranger on an ignored subnet hears nothing at all", r.ignored},
		{"curl fetches a boot loader over TFTP", r.loader},
		{"curl fetches script and kernel, in pieces too", r.files},
		{"a machine that reports is in the DNS within two seconds", r.registers},
		{"a domain that changes is answered within two seconds", r.domainChanges},
		{"killed and started again, the appliance knows lease, name and machine", func(t *testing.T) {
			running.Signal(syscall.SIGKILL)
			startAppliance(t, appliance, path).Await("ready")
			r.remembered(t)
		}},
	} {
		if !t.Run(step.name, step.test) {
			return // what follows builds on it
		}
	}
}

// realClients holds what the steps have seen.
type realClients struct {
	client  *netnstest.Host
	lease   string // dhclient's file
	socket  string // of the people's door, for who may read the state folder
	address string
	name    string
}

const dhclientScript = `#!/bin/sh
case "$reason" in
BOUND|RENEW|REBIND|REBOOT) ip addr replace "$new_ip_address/$new_subnet_mask" dev "$interface" ;;
EXPIRE|FAIL|RELEASE|STOP) ip addr flush dev "$interface" ;;
esac
`

const udhcpcScript = `#!/bin/sh
case "$1" in
bound|renew) ip addr replace "$ip/$mask" dev "$interface"; echo "$1 $ip mask=$mask router=$router dns=$dns domain=$domain lease=$lease" ;;
deconfig) ip addr flush dev "$interface" ;;
esac
`

func executable(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *realClients) dhclientArgs(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{
		"-4", "-v", "-cf", "/dev/null", "-sf", executable(t, dhclientScript), "-lf", r.lease, "-pf", r.lease + ".pid",
	}, more...)
}

// boundTo gives the address in "bound to 10.80.12.100 -- renewal in 1500 seconds".
func boundTo(p *netnstest.Process) string { return strings.Fields(p.Await("bound to "))[2] }

func (r *realClients) dhclient(t *testing.T) {
	first := r.client.Start("dhclient", r.dhclientArgs(t, "-d", "eth0")...)
	r.address = boundTo(first)
	if !strings.HasPrefix(r.address, "10.80.12.1") {
		t.Errorf("dhclient is bound to %s, want an address of the range", r.address)
	}
	first.Signal(syscall.SIGKILL)
	again := r.client.Start("dhclient", r.dhclientArgs(t, "-d", "eth0")...)
	if ack := again.Await("DHCP"); strings.HasPrefix(ack, "DHCPDISCOVER") {
		t.Errorf("dhclient begins anew with %q", ack)
	}
	if got := boundTo(again); got != r.address {
		t.Errorf("after its restart dhclient is bound to %s, was to %s", got, r.address)
	}
	out := r.client.Run("dhclient", r.dhclientArgs(t, "-r", "eth0")...)
	if !strings.Contains(out, "DHCPRELEASE") {
		t.Errorf("dhclient -r says %q", out)
	}
}

func (r *realClients) udhcpc(t *testing.T) {
	p := r.client.Start("udhcpc", "-i", "eth0", "-s", executable(t, udhcpcScript), "-f")
	want := r.address + " mask=24 router=10.80.12.254 dns=10.80.12.1 domain=lon6.example lease=3600"
	if got := p.Await("bound 10."); got != "bound "+want {
		t.Errorf("udhcpc says %q, want bound %s", got, want)
	}
	p.Signal(syscall.SIGUSR1)
	if got := p.Await("renew 10."); got != "renew "+want {
		t.Errorf("udhcpc says %q, want renew %s", got, want)
	}
	p.Signal(syscall.SIGKILL) // without a release
}

// silent lets udhcpc ask twice in vain.
func (r *realClients) silent(t *testing.T, nic string) {
	t.Helper()
	if out, err := r.client.Try("udhcpc", "-i", nic, "-s", "/bin/true", "-q", "-n", "-f", "-t", "2", "-T", "1"); err == nil {
		t.Errorf("udhcpc got a lease on %s:\n%s", nic, out)
	}
}

func (r *realClients) observed(t *testing.T) {
	r.silent(t, "eth1")
	r.client.Address("eth1", "10.80.13.100/24")
	out := r.client.Run("curl", "-sS", "--fail", "http://10.80.13.1/boot/script?mac=52:54:00:12:34:57&platform=bios")
	if !strings.Contains(out, "sanboot --no-describe --drive 0x80") || strings.Contains(out, "vmlinuz") {
		t.Errorf("the script of an observed stranger:\n%s", out)
	}
	if got := r.api("/strangers"); !strings.Contains(got, "52:54:00:12:34:57") || !strings.Contains(got, "only observes such machines") {
		t.Errorf("nothing of it is recorded: %s", got)
	}
}

// api asks the people's door through its socket.
func (r *realClients) api(path string, args ...string) string {
	return r.client.Run("curl", append([]string{
		"-sS", "--fail-with-body", "--unix-socket", r.socket, "-H", "Content-Type: application/json", "http://firstlight/api/v1" + path,
	}, args...)...)
}

func (r *realClients) policyChanges(t *testing.T) {
	r.api("/subnets/live", "-X", "PUT", "-H", "If-Match: *", "-d", `{"prefix":"10.80.13.0/24","site":"lon6","policy":"register","ranges":[{"first":"10.80.13.100","last":"10.80.13.199"}]}`)
	out := r.client.Run("udhcpc", "-i", "eth1", "-s", executable(t, udhcpcScript), "-q", "-n", "-f", "-t", "1", "-T", "3")
	if !strings.Contains(out, "bound 10.80.13.") {
		t.Errorf("udhcpc says:\n%s", out)
	}
}

func (r *realClients) domainChanges(t *testing.T) {
	old := r.name
	r.api("/subnets/boot", "-X", "PUT", "-H", "If-Match: *", "-d", `{"prefix":"10.80.12.0/24","site":"lon6","policy":"register","gateway":"10.80.12.254","domain":"moved.example",`+
		`"ranges":[{"first":"10.80.12.100","last":"10.80.12.199"}]}`)
	r.name = "lon6-db-1.moved.example"
	r.eventually(t)
	if got := r.dig("+short", old); got != "" {
		t.Errorf("the old name still has %q", got)
	}
}

// eventually waits until dig finds the machine by name and address.
func (r *realClients) eventually(t *testing.T) {
	t.Helper()
	began := time.Now()
	for deadline := began.Add(2 * time.Second); !slices.Equal(r.names(), r.wantNames()); {
		if time.Now().After(deadline) {
			t.Fatalf("after two seconds dig says %q, want %q", r.names(), r.wantNames())
		}
	}
	t.Logf("all four answers after %d ms", time.Since(began).Milliseconds())
}

func (r *realClients) ignored(t *testing.T) {
	r.silent(t, "eth2")
	r.client.Address("eth2", "10.80.14.100/24")
	out, err := r.client.Try("curl", "-sS", "--fail", "http://10.80.14.1/boot/script?mac=52:54:00:12:34:58")
	if err == nil || !strings.Contains(out, "404") {
		t.Errorf("curl gets %q, want 404", out)
	}
}

func (r *realClients) loader(t *testing.T) {
	for _, name := range []string{ipxe.UndionlyKPXE, ipxe.SNPOnlyEFI} {
		want, err := fs.ReadFile(ipxe.Loaders(), name)
		if err != nil {
			t.Skipf("SKIPPED: this tree has no boot loaders, make build fetches them: %v", err)
		}
		if got := r.fetch(t, "--tftp-blksize", "1468", "tftp://10.80.12.1/"+name); !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes over TFTP, want %d", name, len(got), len(want))
		}
	}
}

// fetch gives what curl writes into a file.
func (r *realClients) fetch(t *testing.T, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	r.client.Run("curl", append([]string{"-sS", "--fail", "-o", out}, args...)...)
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (r *realClients) files(t *testing.T) {
	if got := r.fetch(t, doorURL+"/boot/entry.ipxe"); !bytes.HasPrefix(got, []byte("#!ipxe\n")) {
		t.Errorf("the first script is %q", got)
	}
	kernel := bootImages["amd64/vmlinuz"].Data
	for _, tt := range []struct {
		name string
		args []string
		want []byte
	}{
		{"all of it", nil, kernel},
		{"a part", []string{"-r", "1000-1999"}, kernel[1000:2000]},
		{"the end", []string{"-r", "-77"}, kernel[len(kernel)-77:]},
		{"from a place on", []string{"-r", "8388600-"}, kernel[8388600:]},
	} {
		if got := r.fetch(t, append(tt.args, doorURL+"/boot/amd64/vmlinuz")...); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: curl gets %d bytes, want %d", tt.name, len(got), len(tt.want))
		}
	}
	head := r.client.Run("curl", "-sS", "-I", doorURL+"/boot/amd64/vmlinuz")
	etag := regexp.MustCompile(`(?i)etag: ("\w+")`).FindStringSubmatch(head)
	if etag == nil || !strings.Contains(head, "Content-Length: 8388608") || !strings.Contains(head, "Accept-Ranges: bytes") {
		t.Fatalf("HEAD of the kernel:\n%s", head)
	}
	code := func(args ...string) string {
		return r.client.Run("curl", append(args, "-sS", "-o", "/dev/null", "-w", "%{http_code}", doorURL+"/boot/amd64/vmlinuz")...)
	}
	for want, args := range map[string][]string{
		"206": {"-r", "0-9", "-H", "If-Range: " + etag[1]},
		"200": {"-r", "0-9", "-H", `If-Range: "another"`},
		"304": {"-H", "If-None-Match: " + etag[1]},
		"416": {"-r", "8388608-"},
	} {
		if got := code(args...); got != want {
			t.Errorf("curl %q ends with %s, want %s", args, got, want)
		}
	}
}

func (r *realClients) script(t *testing.T) string {
	t.Helper()
	return string(r.fetch(t, doorURL+"/boot/script?mac=52:54:00:12:34:56&uuid=&serial=C0MPUT3&platform=bios"))
}

func (r *realClients) registers(t *testing.T) {
	key := identity.New(identity.NewSeed(), 0)
	in := r.enrols(t, key)
	if got := r.dig("+short", "-x", r.address); got != "" {
		t.Fatalf("%s has the name %q before anybody reported", r.address, got)
	}
	body, err := json.Marshal(report.Report{
		Version: report.Version,
		Boot:    report.Boot{ID: "boot-1", MAC: "52:54:00:12:34:56", Platform: "bios"},
		System:  report.System{Vendor: "Firstlight", Product: "VR-1", Serial: "C0MPUT3", UUID: "11111111-2222-4333-8444-555555555555"},
		Disks:   []report.Disk{{Name: "vda", Serial: "D1", Bytes: 1 << 33}},
		NICs:    []report.NIC{{Name: "eth0", MAC: "52:54:00:12:34:56"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/agent/v1/report"
	proof := key.Sign(in.Challenge, in.Session, http.MethodPost, path, body)
	out := r.fetch(t, "-H", "Authorization: "+report.SessionScheme+" "+in.Session, "-H", report.ProofHeader+": "+proof.String(),
		"-H", "Content-Type: application/json", "-d", string(body), doorURL+path)
	var welcome report.Welcome
	if err := json.Unmarshal(out, &welcome); err != nil || welcome.Name != "C0MPUT3" {
		t.Fatalf("the report is answered with %s, %v", out, err)
	}
	r.name = "lon6-db-1.lon6.example"
	r.eventually(t)
}

// enrols trades the boot token of a script for a session, as an agent does.
func (r *realClients) enrols(t *testing.T, key *identity.Key) (in report.Enrolled) {
	t.Helper()
	token := regexp.MustCompile(`firstlight\.token=(\S+)`).FindStringSubmatch(r.script(t))
	if token == nil {
		t.Fatalf("no boot token in the script of a stranger:\n%s", r.script(t))
	}
	body, err := json.Marshal(key.Enrol(token[1]))
	if err != nil {
		t.Fatal(err)
	}
	out := r.fetch(t, "-H", "Content-Type: application/json", "-d", string(body), doorURL+"/agent/v1/enrol")
	if err := json.Unmarshal(out, &in); err != nil || in.Session == "" {
		t.Fatalf("the enrolment is answered with %s, %v", out, err)
	}
	return in
}

func (r *realClients) dig(args ...string) string {
	return strings.TrimSpace(r.client.Run("dig", append([]string{"@10.80.12.1", "+tries=2", "+time=3"}, args...)...))
}

// names asks forward and reverse, over both transports.
func (r *realClients) names() (all []string) {
	for _, transport := range []string{"+notcp", "+tcp"} {
		all = append(all, r.dig("+short", transport, r.name), r.dig("+short", transport, "-x", r.address))
	}
	return all
}

func (r *realClients) wantNames() []string {
	return []string{r.address, r.name + ".", r.address, r.name + "."}
}

func (r *realClients) remembered(t *testing.T) {
	if got := r.names(); !slices.Equal(got, r.wantNames()) {
		t.Errorf("after the restart dig says %q, want %q", got, r.wantNames())
	}
	p := r.client.Start("dhclient", r.dhclientArgs(t, "-d", "eth0")...)
	if got := boundTo(p); got != r.address {
		t.Errorf("after the restart dhclient is bound to %s, was to %s", got, r.address)
	}
	if got := r.script(t); !strings.Contains(got, "C0MPUT3 boots the agent") {
		t.Errorf("after the restart the script is\n%s", got)
	}
}
