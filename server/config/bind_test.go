package config

import (
	"net/netip"
	"testing"
)

func TestBind(t *testing.T) {
	have := []Device{
		{Name: "eth0", Up: true},
		{Name: "eth1", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.80.12.1/24"), netip.MustParsePrefix("10.80.12.2/24"), netip.MustParsePrefix("2001:db8:12::1/64")}},
	}
	for _, tt := range []struct {
		name string
		face Interface
		want string // address
		err  string
	}{
		{"the first address is taken", Interface{Name: "eth1"}, "10.80.12.1", ""},
		{"the address of the file is kept", Interface{Name: "eth1", Address: netip.MustParseAddr("10.80.12.2")}, "10.80.12.2", ""},
		{
			"an address that it does not have is refused",
			Interface{Name: "eth1", Address: netip.MustParseAddr("10.80.12.3")},
			"",
			`f: "eth1": does not have the address 10.80.12.3; it has 10.80.12.1/24, 10.80.12.2/24, 2001:db8:12::1/64`,
		},
		{
			"and so is one of IPv6",
			Interface{Name: "eth1", Address6: netip.MustParseAddr("2001:db8:12::2")},
			"",
			`f: "eth1": does not have the address 2001:db8:12::2; it has 10.80.12.1/24, 10.80.12.2/24, 2001:db8:12::1/64`,
		},
		{
			"an interface without address is refused",
			Interface{Name: "eth0"},
			"",
			`f: "eth0": has no address: give it one, such as: ip address add 10.80.12.1/24 dev eth0`,
		},
		{"an interface that is not there is refused", Interface{Name: "eth7"}, "", `f: "eth7": this machine has no such interface; it has eth0, eth1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Config{Interfaces: []Interface{tt.face}}
			err := c.Bind("f", have)
			if got := errorText(err); got != tt.err {
				t.Fatalf("Bind() = %q, want %q", got, tt.err)
			}
			if err == nil && c.Interfaces[0].Address.String() != tt.want {
				t.Errorf("Bind() took %s, want %s", c.Interfaces[0].Address, tt.want)
			}
			if six := c.Interfaces[0].Address6.String(); err == nil && six != "2001:db8:12::1" {
				t.Errorf("Bind() took %s of IPv6, want the first", six)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
