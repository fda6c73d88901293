package main

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"firstlight/agent/report"
)

// nobody runs a program without power.
var nobody = []string{"setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"}

func TestTheReportOfThisMachine(t *testing.T) {
	out, _, code := program(t, agent, "report", "--from-os", "--pretty")
	if code != exitOK {
		t.Fatalf("it ends with %d", code)
	}
	r := decoded(t, out)
	hostname, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	said, _, _ := program(t, agent, "version")
	for what, pair := range map[string][2]string{
		"host name": {r.OS.Hostname, hostname}, "agent": {r.Boot.Agent, strings.TrimSpace(said)},
		"boot": {r.Boot.ID, text(t, "/proc/sys/kernel/random/boot_id")}, "kernel": {r.Boot.Kernel, text(t, "/proc/sys/kernel/osrelease")},
	} {
		if pair[0] != pair[1] || pair[0] == "" {
			t.Errorf("%s = %q, want %q", what, pair[0], pair[1])
		}
	}
	if !strings.Contains(text(t, "/etc/os-release"), r.OS.Release) || r.OS.Release == "" {
		t.Errorf("release = %q", r.OS.Release)
	}
	if r.Boot.Uptime <= 0 || r.Boot.Started.IsZero() || r.Memory == 0 {
		t.Errorf("up %v s since %v with %d bytes of memory", r.Boot.Uptime, r.Boot.Started, r.Memory)
	}
	boots := slices.ContainsFunc(r.NICs, func(n report.NIC) bool { return n.MAC == r.Boot.MAC })
	if boots == slices.Contains(r.Missing, "boot-nic") {
		t.Errorf("boot MAC %q of %+v, with %q missing", r.Boot.MAC, r.NICs, r.Missing)
	}
	out, _, _ = program(t, agent, "report")
	if r, err := report.Decode(strings.NewReader(out)); err != nil || r.OS != nil {
		t.Errorf("without --from-os the report has OS %+v, %v", r.OS, err)
	}
}

func decoded(t *testing.T, out string) report.Report {
	t.Helper()
	r, err := report.Decode(strings.NewReader(out))
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if r.OS == nil {
		t.Fatalf("the report does not say that it is of a running system:\n%s", out)
	}
	return r
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestWithoutPowerTheReportSaysWhatItLacks(t *testing.T) {
	needs(t, nobody[0])
	out, diag, code := program(t, nobody[0], append(nobody[1:], agent, "report", "--from-os")...)
	if code != exitOK {
		t.Fatalf("it ends with %d:\n%s", code, diag)
	}
	r := decoded(t, out)
	for fact, unread := range map[string]bool{
		"smbios":   true, // it is for root, and not there on some machines
		"contents": slices.ContainsFunc(r.Disks, func(d report.Disk) bool { return len(d.Contents) > 0 && d.Contents[0].Kind == "unreadable" }),
	} {
		if unread && (!slices.Contains(r.Missing, fact) || !strings.Contains(diag, fact)) {
			t.Errorf("Missing = %q, want %s among them, and that it says so:\n%s", r.Missing, fact, diag)
		}
	}
	if !strings.Contains(diag, "root may read more") {
		t.Errorf("it names no remedy:\n%s", diag)
	}
}

// watched are the system calls that could change anything: all that take a name,
// and those that write, configure or speak to anybody. strace writes one per line.
const watched = "trace=%file,%net,write,writev,pwrite64,pwritev,pwritev2,ioctl,ftruncate,fallocate,sendfile,copy_file_range,splice," +
	"fchmod,fchown,init_module,finit_module,delete_module,bpf,reboot,sethostname,settimeofday,clock_settime,io_uring_setup"

// harmless are the forms of them that change nothing: files opened for reading,
// words for us and for the runtime's own poller, and questions to the kernel.
var harmless = regexp.MustCompile(`^(` + strings.Join([]string{
	`open(at)?\(.*\b(O_RDONLY|O_PATH)(\||\)|, | <)`, `(newfstatat|stat|lstat|statx|readlink|readlinkat|access|faccessat2?|getcwd|execve)\(`,
	`write\([12]<`, `write\(\d+<anon_inode:\[eventfd\]>`, `writev?\(\d+<pipe:`,
	`socket\(AF_NETLINK, SOCK_RAW\|SOCK_CLOEXEC, NETLINK_ROUTE\b`, `bind\(\d+<.*AF_NETLINK`, `(getsockname|recvfrom|recvmsg|setsockopt|getsockopt)\(`,
	`sendto\(\d+<.*nlmsg_type=RTM_GET`, `ioctl\(\d+</dev/ipmi`,
	`(---|\+\+\+) `, `<\.\.\. \w+ resumed>`,
}, "|") + `)`)

var mutating = regexp.MustCompile(`O_(CREAT|TRUNC|APPEND|TMPFILE|WRONLY|RDWR)`)

func TestItOnlyReads(t *testing.T) {
	needs(t, "strace", nobody[0])
	for name, as := range map[string][]string{"root": nil, "nobody": nobody} {
		t.Run(name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "calls")
			args := append([]string{"-f", "-qq", "-y", "-s", "256", "-e", watched, "-o", log}, as...)
			_, diag, code := program(t, "strace", append(args, agent, "report", "--from-os")...)
			if code != exitOK {
				t.Fatalf("it ends with %d:\n%s", code, diag)
			}
			file, err := os.Open(log)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			calls := judge(t, file)
			// Otherwise strace saw nothing, and the test says nothing.
			for _, call := range []string{"openat", "sendto", "write"} {
				if calls[call] == 0 {
					t.Errorf("no call of %s was seen", call)
				}
			}
		})
	}
}

// judge holds every call after the program was started against what is harmless.
func judge(t *testing.T, file *os.File) map[string]int {
	t.Helper()
	calls := map[string]int{}
	started := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		_, call, _ := strings.Cut(lines.Text(), " ")
		call = strings.TrimSpace(call)
		if strings.HasPrefix(call, "execve(\""+agent) {
			started = true
		}
		if !started { // setpriv's own
			continue
		}
		name, _, _ := strings.Cut(call, "(")
		calls[name]++
		if !harmless.MatchString(call) || strings.HasPrefix(name, "open") && mutating.MatchString(call) {
			t.Errorf("it calls %s", call)
		}
	}
	return calls
}

func TestTheJudgeFindsWhatWrites(t *testing.T) {
	for _, call := range []string{
		`openat(AT_FDCWD</>, "/dev/sda", O_RDWR|O_CLOEXEC) = 3</dev/sda>`, `openat(AT_FDCWD</>, "/tmp/x", O_RDONLY|O_CREAT|O_CLOEXEC, 0644) = 3`,
		`openat(AT_FDCWD</>, "/tmp/x", O_WRONLY) = 3`, `write(3</dev/sda>, "", 0) = 0`, `unlinkat(AT_FDCWD</>, "/tmp/x", 0) = 0`, `mkdir("/tmp/x", 0755) = 0`,
		`mount("proc", "/proc", "proc", 0, NULL) = 0`, `finit_module(3</x>, "", 0) = 0`, `socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3`,
		`sendto(5<socket:[1]>, [{nlmsg_len=32, nlmsg_type=RTM_NEWLINK, nlmsg_flags=NLM_F_REQUEST}], 32, 0, NULL, 0) = 32`, `ioctl(3</dev/sda>, BLKRRPART) = 0`,
	} {
		if harmless.MatchString(call) && !mutating.MatchString(call) {
			t.Errorf("%s is taken for harmless", call)
		}
	}
}

// door is an appliance that answers with a status and a body.
func door(t *testing.T, status int, kind, body string, asked *report.Adoption) (flags []string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer fl_token" {
			t.Errorf("Authorization = %q", r.Header.Get("Authorization"))
		}
		if err := json.NewDecoder(r.Body).Decode(asked); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	ca, token := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "token")
	for path, text := range map[string][]byte{
		ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), token: []byte("fl_token\n"),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"report", "--from-os", "--to", s.URL, "--token-file", token, "--ca", ca, "--reason", "ran before"}
}

func TestAdoption(t *testing.T) {
	const problem = "application/problem+json"
	for _, tt := range []struct {
		name       string
		status     int
		kind, body string
		code       int
		out, diag  string
	}{
		{"done", 201, "application/json", `{"name":"C0MPUT3","sentence":"In use.","page":"https://h/m/C0MPUT3"}`, exitOK, "C0MPUT3 is adopted. In use. https://h/m/C0MPUT3\n", ""},
		{"a token that is not good", 401, problem, `{"detail":"log in, or show a token"}`, exitNotAllowed, "", "log in, or show a token"},
		{"a token of a viewer", 403, problem, `{"detail":"this needs the role admin"}`, exitNotAllowed, "", "this needs the role admin"},
		{"a machine that is in use", 409, problem, `{"detail":"C0MPUT3 is in use already"}`, exitRefused, "", "C0MPUT3 is in use already"},
		{"a report that is not right", 422, problem, `{"detail":"report: it has no serial"}`, exitRefused, "", "report: it has no serial"},
		{"an appliance that adopts none", 404, "text/plain", "not found", exitNotFound, "", "is it an appliance, and of this version?"},
		{"an appliance in trouble", 500, problem, `{"detail":"its log says what"}`, exitFailed, "", "its log says what"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked report.Adoption
			out, diag, code := program(t, agent, door(t, tt.status, tt.kind, tt.body, &asked)...)
			if code != tt.code || out != tt.out || !strings.Contains(diag, tt.diag) {
				t.Errorf("it ends with %d and says %q, %q; want %d, %q, %q", code, out, diag, tt.code, tt.out, tt.diag)
			}
			if asked.Report.OS == nil || asked.Report.Version != report.Version || asked.Reason != "ran before" {
				t.Errorf("it sent %+v", asked)
			}
		})
	}
}

func TestWithoutItsCATheApplianceHearsNothing(t *testing.T) {
	var asked report.Adoption
	flags := door(t, 201, "", "{}", &asked)
	at := slices.Index(flags, "--ca")
	_, diag, code := program(t, agent, slices.Delete(flags, at, at+2)...)
	if code != exitUnreachable || !strings.Contains(diag, "ca.crt with --ca") || asked.Reason != "" {
		t.Errorf("it ends with %d, has sent %+v and says:\n%s", code, asked, diag)
	}
}
