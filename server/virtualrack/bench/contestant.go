package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// contestant is a server that runs where the appliance would.
type contestant struct {
	cmd  *exec.Cmd
	said *saying
	end  chan struct{}
}

// start runs a peer in the appliance's box and returns once it answers.
func (b *bench) start(ctx context.Context, answers func(context.Context) error, env []string, name string, args ...string) (*contestant, error) {
	c := &contestant{cmd: exec.Command(name, args...), said: new(saying), end: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = c.said, c.said
	c.cmd.Dir = b.Dir
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.rack.Appliance().Do(c.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { _ = c.cmd.Wait(); close(c.end) }()
	if err := c.await(ctx, answers); err != nil {
		c.stop()
		return nil, fmt.Errorf("start %s: %w; it said: %s", name, err, c.said)
	}
	return c, nil
}

const boundStart = 30 * time.Second

func (c *contestant) await(ctx context.Context, answers func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, boundStart)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.end:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-tick.C:
		}
	}
}

// stop ends the peer with all its children.
func (c *contestant) stop() {
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-c.end:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // children that stayed
	<-c.end
}

// pids are a process and all below it.
func pids(pid int) []int {
	all := []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for word := range bytes.FieldsSeq(text) {
			if child, err := strconv.Atoi(string(word)); err == nil {
				all = append(all, pids(child)...)
			}
		}
	}
	return all
}

// pin keeps a process, its threads and its children on one processor.
func pin(pid, cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	for _, p := range pids(pid) {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p))
		for _, t := range threads {
			tid, err := strconv.Atoi(filepath.Base(t))
			if err != nil {
				continue
			}
			if err := unix.SchedSetaffinity(tid, &set); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("keep process %d on processor %d: %w", p, cpu, err)
			}
		}
	}
	return nil
}

// saying keeps what a peer prints, for its error.
type saying struct {
	mu sync.Mutex
	b  []byte
}

func (s *saying) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, b...)
	s.b = s.b[max(0, len(s.b)-1000):]
	return len(b), nil
}

func (s *saying) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.b))
}
