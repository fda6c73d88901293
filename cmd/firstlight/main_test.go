package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"firstlight/server/api"
	"firstlight/server/virtualrack/netns"
)

// TestMain runs the tests in a network of their own, where every port is free
// and nothing leaves this host. Started as firstlight, this binary is firstlight.
func TestMain(m *testing.M) {
	commands := map[string]func(){"firstlight": main}
	if filepath.Base(os.Args[0]) == "firstlight" {
		testscript.Main(m, commands)
	}
	time.Local = time.UTC // golden texts have times
	os.Exit(netns.Run(func() int {
		testscript.Main(m, commands)
		return 0 // Main ends the process itself
	}))
}

// TestJourneys drives the real program. Each script has an interface $IFACE
// with the address $ADDR in the network $NET.0/24, and $FAR at the other end of
// its cable.
func TestJourneys(t *testing.T) {
	for _, tool := range []string{"ip", "setpriv", "sqlite3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed; nothing was tested", tool)
		}
	}
	var networks atomic.Int32
	commands := (&terminals{}).commands()
	commands["until"], commands["config"], commands["answer"] = until, writeConfig, answer
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(e *testscript.Env) error { return layNetwork(e, int(networks.Add(1))) },
		Cmds:                commands,
	})
}

// layNetwork gives a script its interface and its home.
func layNetwork(e *testscript.Env, n int) error {
	near, far, net := fmt.Sprintf("boot%d", n), fmt.Sprintf("far%d", n), fmt.Sprintf("10.81.%d", n)
	for key, value := range map[string]string{
		"IFACE": near, "FAR": far, "NET": net, "ADDR": net + ".1", "PORT": strconv.Itoa(8443 + n), "HOME": e.WorkDir, "TZ": "UTC",
	} {
		e.Setenv(key, value)
	}
	return lay(near, far, net+".1/24")
}

// lay makes a cable between two interfaces, the near one with an address.
func lay(near, far, address string) error {
	for _, args := range []string{
		"link add " + near + " type veth peer name " + far,
		"address add " + address + " dev " + near,
		"link set " + near + " up", "link set " + far + " up",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	return nil
}

// until repeats a command until it succeeds.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until command [args]")
	}
	const loop = `until "$@" >/dev/null 2>&1; do sleep 0.05; done`
	if err := ts.Exec("timeout", append([]string{"30", "sh", "-c", loop, "sh"}, args...)...); err != nil {
		ts.Fatalf("until %s: %v", strings.Join(args, " "), err)
	}
}

// answer serves kept answers on a socket: answer SOCKET FOLDER [DELAY]. What is
// asked for as /machines, with any query, stands in machines.json.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: answer SOCKET FOLDER [DELAY]")
	}
	var delay time.Duration
	if len(args) > 2 {
		var err error
		delay, err = time.ParseDuration(args[2])
		ts.Check(err)
	}
	l, err := net.Listen("unix", ts.MkAbs(args[0]))
	ts.Check(err)
	s := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(delay):
			http.ServeFile(w, r, filepath.Join(ts.MkAbs(args[1]), strings.TrimPrefix(r.URL.Path, api.Prefix)+".json"))
		case <-r.Context().Done():
		}
	})}
	go s.Serve(l)
	ts.Defer(func() { _ = s.Close() })
}

// configuration takes state folder, interface, address, people's port, the
// network's first three numbers, and what else there is to say.
const configuration = `state: %s
interfaces:
  - {name: %s, address: %s}
people: {listen: "127.0.0.1:%s"}
site: {name: lon6, domain: lon6.example}
subnets:
  - {name: lab, prefix: %s.0/24, ranges: [%[5]s.100-%[5]s.199], policy: register, lease: 1h}
%s
`

// writeConfig writes a configuration for the script's network: config FILE
// STATE, which may be followed by lines that are added to it.
func writeConfig(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: config FILE STATE [LINE…]")
	}
	text := fmt.Sprintf(configuration, ts.MkAbs(args[1]), ts.Getenv("IFACE"), ts.Getenv("ADDR"), ts.Getenv("PORT"), ts.Getenv("NET"), strings.Join(args[2:], "\n"))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
