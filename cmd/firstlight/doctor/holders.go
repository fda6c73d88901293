package doctor

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
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

// holding finds who stands in the way of a local address, as far as this user
// may see it: the sockets stand in /proc/net, and who has them among the files
// of processes.
func holding(network string, want netip.AddrPort) []holder {
	inodes := map[string]bool{}
	for _, file := range []string{"/proc/net/" + network, "/proc/net/" + network + "6"} {
		if err := listeners(file, want, inodes); err != nil {
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

// listeners adds the sockets of one file of /proc/net that collide with an
// address.
func listeners(file string, want netip.AddrPort, into map[string]bool) error {
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
		if have, found := localAddress(fields[1]); found && collide(have, want) {
			into["socket:["+fields[9]+"]"] = true
		}
	}
	return lines.Err()
}

// collide tells whether two sockets want the same packets.
func collide(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && (a.Addr() == b.Addr() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified())
}

// localAddress reads an address of /proc/net, such as 0100007F:1F90: words of
// 32 bits, each in the order of this machine, and the port.
func localAddress(text string) (netip.AddrPort, bool) {
	words, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(words)
	if err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	n, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok && err == nil
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
