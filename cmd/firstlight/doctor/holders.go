package doctor

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holder is a program with a socket.
type holder struct {
	pid  int
	name string
}

func (h holder) String() string { return fmt.Sprintf("%s (process %d)", h.name, h.pid) }

// holding finds who has a local port open, as far as this user may see it: the
// sockets stand in /proc/net, and who has them among the files of processes.
func holding(network string, port uint16) []holder {
	inodes := map[string]bool{}
	for _, file := range []string{"/proc/net/" + network, "/proc/net/" + network + "6"} {
		if err := listeners(file, port, inodes); err != nil {
			continue // without IPv6 there is no such file
		}
	}
	var all []holder
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		target, err := os.Readlink(fd)
		if err != nil || !inodes[target] {
			continue // it was closed, or is another user's
		}
		if h, found := processOf(fd); found && !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b holder) int { return cmp.Compare(a.pid, b.pid) })
	return all
}

// listening is the state of a TCP socket that waits (proc_pid_net(5)); UDP
// sockets have one state only.
const listening = "0A"

// listeners adds the sockets of one file of /proc/net that have the port.
func listeners(file string, port uint16, into map[string]bool) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || strings.Contains(file, "tcp") && fields[3] != listening {
			continue
		}
		_, text, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseUint(text, 16, 16); err == nil && uint16(n) == port {
			into["socket:["+fields[9]+"]"] = true
		}
	}
	return lines.Err()
}

// processOf names the process of /proc/PID/fd/N.
func processOf(fd string) (holder, bool) {
	dir := filepath.Dir(filepath.Dir(fd))
	pid, err := strconv.Atoi(filepath.Base(dir))
	if err != nil {
		return holder{}, false
	}
	name, err := os.ReadFile(filepath.Join(dir, "comm"))
	return holder{pid, strings.TrimSpace(string(name))}, err == nil
}
