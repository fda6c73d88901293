package netns_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstlight/server/virtualrack/netns"
)

// role is what a second run of this test binary is there for.
const role = "FIRSTLIGHT_NETNS_TEST_ROLE"

func TestMain(m *testing.M) {
	switch {
	case netns.Inside():
		os.Exit(inside(os.Getenv(role)))
	case os.Getenv(role) != "":
		code, err := netns.Reexec(context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// inside runs in the namespaces.
func inside(role string) int {
	if err := netns.Prepare(); err != nil {
		fmt.Println(err)
		return 1
	}
	do := map[string]func() error{"cable": cable, "linger": linger, "exit": func() error { os.Exit(7); return nil }}[role]
	if err := do(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// cable asks a server in a second namespace for a line, through the switch.
func cable() error {
	far, err := netns.New()
	if err != nil {
		return err
	}
	s, err := netns.NewSwitch("switch")
	if err != nil {
		return err
	}
	if err := s.Tap("tap0"); err != nil {
		return err
	}
	theirs, err := s.Plug("eth0", far)
	if err != nil {
		return err
	}
	ours, err := s.Plug("rack0", nil)
	if err != nil {
		return err
	}
	for _, err := range []error{
		theirs.Add(netip.MustParsePrefix("10.0.0.1/24")),
		theirs.Reach(netip.MustParsePrefix("10.0.1.0/24")),
		ours.Reach(netip.MustParsePrefix("10.0.0.0/24")),
		ours.Own(netip.MustParsePrefix("10.0.1.0/24")),
	} {
		if err != nil {
			return err
		}
	}
	return ask(far)
}

func ask(far *netns.Namespace) error {
	var l net.Listener
	if err := far.Do(func() (err error) { l, err = net.Listen("tcp", "10.0.0.1:80"); return err }); err != nil {
		return err
	}
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = fmt.Fprintln(c, c.RemoteAddr())
			_ = c.Close()
		}
	}()
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(10, 0, 1, 77)}}
	c, err := d.Dial("tcp", "10.0.0.1:80")
	if err != nil {
		return err
	}
	var said string
	if _, err := fmt.Fscanln(c, &said); err != nil {
		return err
	}
	fmt.Println("seen from", said)
	return nil
}

// linger leaves a process behind on purpose and waits to be ended.
func linger() error {
	if err := exec.Command("sleep", "3600").Start(); err != nil {
		return err
	}
	fmt.Println("lingers")
	select {}
}

func again(t *testing.T, as string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), role+"="+as)
	return cmd
}

func TestCablesCarryTrafficBetweenNamespaces(t *testing.T) {
	out, err := again(t, "cable").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "seen from 10.0.1.77:") {
		t.Errorf("inside said %q, %v; want it seen from 10.0.1.77", out, err)
	}
}

func TestTheExitCodeComesThrough(t *testing.T) {
	err := again(t, "exit").Run()
	exit := &exec.ExitError{}
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("Reexec ended with %v, want exit status 7", err)
	}
}

// However the outer process dies, everything inside dies with it.
func TestNothingOutlivesTheOuterProcess(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd := again(t, "linger")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if said := make([]byte, 8); !readFull(out, said) {
				t.Fatal("it ended before it lingered")
			}
			inside := descendants(cmd.Process.Pid)
			if len(inside) < 2 {
				t.Fatalf("descendants = %v, want the first process and its sleep", inside)
			}
			_ = cmd.Process.Signal(sig)
			_ = cmd.Wait()
			gone(t, inside)
		})
	}
}

func readFull(r interface{ Read([]byte) (int, error) }, b []byte) bool {
	n, err := r.Read(b)
	return err == nil && n > 0
}

// descendants lists the processes below pid, by the kernel's own word.
func descendants(pid int) (all []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for word := range bytes.FieldsSeq(b) {
			child, _ := strconv.Atoi(string(word))
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}

// gone waits, within a bound, until none of the processes exists.
func gone(t *testing.T, pids []int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := 0
		for _, pid := range pids {
			if syscall.Kill(pid, 0) == nil {
				left++
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d of the processes %v are still there after 10 s", left, pids)
		case <-tick.C:
		}
	}
}
