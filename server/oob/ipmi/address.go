package ipmi

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Scheme begins an address that says which protocol its BMC speaks.
const Scheme = "ipmi://"

const defaultPort = "623"

// endpoint gives the host and port of an address. A machine reports the IPv6
// address of its BMC without brackets.
func endpoint(address string) (string, error) {
	text := strings.TrimSuffix(strings.TrimPrefix(address, Scheme), "/")
	if ip, err := netip.ParseAddr(text); err == nil {
		return net.JoinHostPort(ip.String(), defaultPort), nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, defaultPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || strings.ContainsAny(host, "/@?#[]: ") && !isIPv6(host) {
		return "", fmt.Errorf("BMC address %q names no host: give a host, host:port or %shost:port", address, Scheme)
	}
	return net.JoinHostPort(host, port), nil
}

func isIPv6(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Is6()
}
