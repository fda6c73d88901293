package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// terminals are the commands of scripts that run on a terminal of their own,
// by script and name.
type terminals struct{ open sync.Map }

// tty is one of them.
type tty struct {
	keys  *os.File // what is written is typed
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	text string // that appeared and that no look asked for yet
}

// commands of scripts: tty NAME COMMAND… starts one, look NAME REGEXP waits until
// it shows what matches, after what was looked for before, press NAME KEYS types
// (with Go's escapes), and gone NAME CODE waits for its end. tab NAME KEYS LINE is
// for shells: it types, and wants that line to have come of it, with or without
// the blank that a whole word gets.
func (all *terminals) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"tty":   all.start,
		"look":  func(ts *testscript.TestScript, _ bool, args []string) { all.of(ts, args, 2).look(ts, args[1]) },
		"press": func(ts *testscript.TestScript, _ bool, args []string) { all.of(ts, args, 2).press(ts, args[1]) },
		"tab": func(ts *testscript.TestScript, _ bool, args []string) {
			all.of(ts, args[:2], 2).tab(ts, args[1], args[2])
		},
		"gone": func(ts *testscript.TestScript, _ bool, args []string) { all.of(ts, args, 2).gone(ts, args[1]) },
	}
}

func (all *terminals) of(ts *testscript.TestScript, args []string, want int) *tty {
	if len(args) != want {
		ts.Fatalf("got %d arguments, want %d", len(args), want)
	}
	t, ok := all.open.Load(ts.Name() + " " + args[0])
	if !ok {
		ts.Fatalf("no terminal is called %s", args[0])
	}
	return t.(*tty)
}

func (all *terminals) start(ts *testscript.TestScript, _ bool, args []string) {
	keys, screen, err := openTerminal()
	ts.Check(err)
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := &exec.Cmd{
		Path: path, Args: args[1:], Dir: ts.MkAbs("."), Stdin: screen, Stdout: screen, Stderr: screen,
		Env:         environment(ts),
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	}
	ts.Check(cmd.Start())
	ts.Check(screen.Close())
	t := &tty{keys: keys, cmd: cmd, ended: make(chan struct{})}
	go t.read()
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-t.ended
		_ = keys.Close()
	})
	all.open.Store(ts.Name()+" "+args[0], t)
}

// environment is what the script's commands have.
func environment(ts *testscript.TestScript) []string {
	env := []string{"TERM=xterm"}
	for _, key := range []string{"PATH", "HOME", "WORK", "TZ", "FIRSTLIGHT_SOCKET", "NO_COLOR", "TERM", "TESTSCRIPT_COMMAND"} {
		if value := ts.Getenv(key); value != "" {
			env = append(env, key+"="+value)
		}
	}
	return env
}

// openTerminal makes a pair of pseudo terminals (pts(4)) of 120 columns.
func openTerminal() (keys, screen *os.File, err error) {
	if keys, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(keys.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 120, Row: 30})
	}
	if err == nil {
		screen, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	return keys, screen, err
}

// read gathers what appears, until the command and all that it started are gone.
func (t *tty) read() {
	defer close(t.ended)
	some := make([]byte, 4096)
	for {
		n, err := t.keys.Read(some)
		t.mu.Lock()
		t.text += strings.ReplaceAll(string(some[:n]), "\a", "") // a bell shows nothing
		t.mu.Unlock()
		if err != nil {
			_ = t.cmd.Wait() // its state tells the code
			return
		}
	}
}

const ttyPatience = 30 * time.Second

func (t *tty) look(ts *testscript.TestScript, pattern string) {
	want, err := regexp.Compile(pattern)
	ts.Check(err)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(ttyPatience); time.Now().Before(end); <-again.C {
		if t.found(want) {
			return
		}
	}
	ts.Fatalf("nothing on the terminal matches %s; it shows %q", pattern, t.shows())
}

func (t *tty) shows() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text
}

// found looks for it, and takes it and what is before away.
func (t *tty) found(want *regexp.Regexp) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := want.FindStringIndex(t.text)
	if at == nil {
		return false
	}
	t.text = t.text[at[1]:]
	return true
}

func (t *tty) press(ts *testscript.TestScript, keys string) {
	typed, err := strconv.Unquote(`"` + strings.ReplaceAll(keys, `"`, `\"`) + `"`)
	ts.Check(err)
	_, err = t.keys.WriteString(typed)
	ts.Check(err)
}

// tab lets the shell print the line that came of the keys: how it draws one is its
// own affair.
func (t *tty) tab(ts *testscript.TestScript, keys, want string) {
	t.press(ts, keys+`\x01echo "<\x05>"\n`)
	t.look(ts, `(^|[\r\n])<`+regexp.QuoteMeta(want)+` ?>\r\n`)
}

func (t *tty) gone(ts *testscript.TestScript, code string) {
	select {
	case <-t.ended:
	case <-time.After(ttyPatience):
		ts.Fatalf("it did not end")
	}
	if got := fmt.Sprint(t.cmd.ProcessState.ExitCode()); got != code {
		ts.Fatalf("it ended with %s, want %s; it shows %q", got, code, t.shows())
	}
}

// TestATerminalShowsWhatIsTyped judges the tool of the tests that use it.
func TestATerminalShowsWhatIsTyped(t *testing.T) {
	all := &terminals{}
	testscript.Run(t, testscript.Params{Files: []string{"testdata/terminal.txtar"}, RequireExplicitExec: true, Cmds: all.commands()})
}
