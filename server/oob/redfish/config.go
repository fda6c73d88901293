package redfish

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// check fills in what was left out and returns the address as a URL.
func (c *Config) check() (*url.URL, error) {
	if c.User == "" || c.Password == "" {
		return nil, errors.New("log in at a BMC: user or password is empty: give both, Redfish knows no empty ones")
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Settle <= 0 {
		c.Settle = defaultSettle
	}
	pin, err := normalPin(c.Pin)
	if err != nil {
		return nil, err
	}
	c.Pin = pin
	return parseAddress(c.Address)
}

// normalPin accepts a fingerprint in the two ways that tools print it, with
// colons and without.
func normalPin(pin string) (string, error) {
	plain := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(pin), ":", ""))
	if raw, err := hex.DecodeString(plain); err != nil || (len(raw) != 0 && len(raw) != 32) {
		return "", fmt.Errorf("certificate pin %q is not a SHA-256 in hex: give 64 hex digits, or none to trust the first contact", pin)
	}
	return plain, nil
}

// parseAddress accepts a host, host:port or an https URL of nothing but these. A
// machine reports the IPv6 address of its BMC without the brackets of a URL.
func parseAddress(address string) (*url.URL, error) {
	text := address
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() {
		text = "[" + address + "]"
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("BMC address %q names no host: give a host, host:port or https://host:port", address)
	case u.Scheme != "https":
		return nil, fmt.Errorf("BMC address %q: the password travels only over https, not %s: give a host, host:port or https://host:port", address, u.Scheme)
	case u.User != nil:
		return nil, errors.New("BMC address holds a user or a password: give them in their own fields")
	case strings.Trim(u.Path, "/") != "" && strings.Trim(u.Path, "/") != "redfish/v1", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("BMC address %q has more than a host and a port: give host, host:port or https://host:port", address)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}
