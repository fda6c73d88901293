package server

import (
	"context"
	"encoding/hex"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// settling bounds the wait for the kernel's own, of a second where nobody set
// another number of probes.
const settling = 5 * time.Second

// settle waits until we may listen on our IPv6 addresses: after one is given the
// kernel first asks whether another host has it (RFC 4862 §5.4), and a host that
// starts gives its addresses and starts us at once. Of what takes longer, listen
// tells.
func (a *Appliance) settle(ctx context.Context) error {
	for end := time.Now().Add(settling); time.Now().Before(end); {
		table, err := os.ReadFile("/proc/thread-self/net/if_inet6")
		if err != nil || !tentative(string(table), a.own()) {
			return nil // without IPv6 in the kernel there is no such file
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// tentative tells whether an address of ours is still being asked for, by the
// kernel's table: address, interface, length of the prefix, scope and flags in
// hexadecimal, and the interface's name.
func tentative(table string, own []netip.Addr) bool {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 6 {
			continue
		}
		raw, err := hex.DecodeString(f[0])
		flags, err2 := strconv.ParseUint(f[4], 16, 32)
		a, ok := netip.AddrFromSlice(raw)
		if err == nil && err2 == nil && ok && flags&unix.IFA_F_TENTATIVE != 0 && slices.Contains(own, a) {
			return true
		}
	}
	return false
}
