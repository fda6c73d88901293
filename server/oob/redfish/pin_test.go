package redfish_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/redfish"
)

func TestThePinOfTheFirstLogInHolds(t *testing.T) {
	r := start(t, bmcsim.Options{})
	cfg := r.config()
	cfg.Pin = r.dial(t, cfg).Pin()
	if len(cfg.Pin) != 64 {
		t.Fatalf("Pin() = %q, want 64 hex digits", cfg.Pin)
	}
	r.dial(t, cfg)
	var colons []string
	for i := 0; i < len(cfg.Pin); i += 2 {
		colons = append(colons, strings.ToUpper(cfg.Pin[i:i+2]))
	}
	cfg.Pin = strings.Join(colons, ":") // as openssl prints it
	r.dial(t, cfg)
}

func TestAChangedCertificateStopsBeforeThePasswordLeaves(t *testing.T) {
	first, other := start(t, bmcsim.Options{}), start(t, bmcsim.Options{})
	cfg := first.config()
	cfg.Pin = first.dial(t, cfg).Pin()
	cfg.Address = other.addr
	_, err := redfish.Dial(t.Context(), cfg)
	var changed *redfish.CertificateChangedError
	if !errors.As(err, &changed) {
		t.Fatalf("Dial(another certificate) = %v, want a CertificateChangedError", err)
	}
	if changed.Pinned != cfg.Pin || changed.Shown == cfg.Pin || !strings.Contains(err.Error(), changed.Shown) || !strings.Contains(err.Error(), cfg.Pin) {
		t.Errorf("Dial(another certificate) = %v, want both fingerprints named", err)
	}
	if errors.Is(err, oob.ErrUnreachable) {
		t.Error("a changed certificate is ErrUnreachable, want it told apart: nobody shall retry it")
	}
	if got := other.bmc.Counts().Requests; got != 0 {
		t.Errorf("the stranger saw %d requests, want 0", got)
	}
}

func TestDialRefusesBadConfiguration(t *testing.T) {
	good := redfish.Config{Address: "192.0.2.1", User: "u", Password: "p"}
	tests := []struct {
		name   string
		change func(*redfish.Config)
		want   string
	}{
		{"no address", func(c *redfish.Config) { c.Address = "" }, "names no host"},
		{"plain http", func(c *redfish.Config) { c.Address = "http://192.0.2.1" }, "only over https"},
		{"a path", func(c *redfish.Config) { c.Address = "https://192.0.2.1/login.html" }, "more than a host and a port"},
		{"a password in the address", func(c *redfish.Config) { c.Address = "https://u:p@192.0.2.1" }, "in their own fields"},
		{"no user", func(c *redfish.Config) { c.User = "" }, "user or password is empty"},
		{"no password", func(c *redfish.Config) { c.Password = "" }, "user or password is empty"},
		{"half a pin", func(c *redfish.Config) { c.Pin = "abcd" }, "64 hex digits"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := good
			test.change(&cfg)
			_, err := redfish.Dial(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Dial() = %v, want an error with %q", err, test.want)
			}
		})
	}
}

// What a machine reports is an address and no URL: it must lead to a BMC that
// does not answer, not to a configuration that is wrong.
func TestDialTakesABareIPv6Address(t *testing.T) {
	_, err := redfish.Dial(t.Context(), redfish.Config{Address: "::1", User: "u", Password: "p", Timeout: 5 * time.Second})
	if !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Dial(::1) = %v, want ErrUnreachable", err)
	}
}
