package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// waiting is how many bytes may wait at a socket whose program asks for none.
// perfdhcp has one for 20,000 clients, and asks for none; with the kernel's own
// 208 kB a server that answers all may seem to have dropped packets.
const waiting = 4 << 20

const defaultBuffer = "/proc/sys/net/core/rmem_default"

// Buffers widens the receive buffers of sockets that are made from now on, of
// whichever contestant. It must be called on the host, whose setting holds inside
// of namespaces, too; what it gives back makes that as it was.
func Buffers() (back func() error, err error) {
	before, err := buffer()
	if err != nil || before >= waiting {
		return func() error { return nil }, err
	}
	if err := setBuffer(waiting); err != nil {
		return nil, err
	}
	return func() error { return setBuffer(before) }, nil
}

// buffer is how many bytes may wait at a socket now.
func buffer() (int, error) {
	text, err := os.ReadFile(defaultBuffer)
	if err != nil {
		return 0, fmt.Errorf("read net.core.rmem_default: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func setBuffer(bytes int) error {
	if err := os.WriteFile(defaultBuffer, []byte(strconv.Itoa(bytes)), 0); err != nil {
		return fmt.Errorf("set net.core.rmem_default to %d: %w", bytes, err)
	}
	return nil
}
