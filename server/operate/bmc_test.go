package operate

import (
	"errors"
	"strings"
	"testing"

	"firstlight/server/oob"
)

func TestABMCLoginIsCheckedFieldByField(t *testing.T) {
	for _, tt := range []struct {
		name  string
		login oob.Login
		field string // that is refused; empty: none
	}{
		{"the address may be left to the machine", oob.Login{Serial: "C0MPUT3", User: "root", Password: "calvin"}, ""},
		{"an address with a port", oob.Login{Serial: "C0MPUT3", Address: "10.80.99.3:8443", User: "root", Password: "calvin"}, ""},
		{"an IPv6 address", oob.Login{Serial: "C0MPUT3", Address: "2001:db8::3", User: "root", Password: "calvin"}, ""},
		{"an IPv6 address with a port", oob.Login{Serial: "C0MPUT3", Address: "[2001:db8::3]:443", User: "root", Password: "calvin"}, ""},
		{"a host name", oob.Login{Serial: "C0MPUT3", Address: "bmc-3.example.net", User: "root", Password: "calvin"}, ""},
		{"no serial", oob.Login{User: "root", Password: "calvin"}, "serial"},
		{"a serial with a line break", oob.Login{Serial: "C0\n", User: "root", Password: "calvin"}, "serial"},
		{"no user", oob.Login{Serial: "C0MPUT3", Password: "calvin"}, "user"},
		{"no password", oob.Login{Serial: "C0MPUT3", User: "root"}, "password"},
		{"a password that holds a separator", oob.Login{Serial: "C0MPUT3", User: "root", Password: "a\x00b"}, "password"},
		{"a URL is no address", oob.Login{Serial: "C0MPUT3", Address: "https://10.80.99.3/", User: "root", Password: "calvin"}, "address"},
		{"a port beyond all ports", oob.Login{Serial: "C0MPUT3", Address: "10.80.99.3:70000", User: "root", Password: "calvin"}, "address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkLogin(tt.login)
			var refused *Refused
			switch {
			case tt.field == "" && err != nil:
				t.Errorf("checkLogin() = %v, want it taken", err)
			case tt.field != "" && (!errors.As(err, &refused) || refused.Field != tt.field):
				t.Errorf("checkLogin() = %v, want %s refused", err, tt.field)
			case err != nil && tt.login.Password != "" && strings.Contains(err.Error(), string(tt.login.Password)):
				t.Errorf("checkLogin() = %v, which shows the password", err)
			}
		})
	}
}
