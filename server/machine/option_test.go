package machine

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		text string
		code uint8
		want string // in hex
	}{
		{"ntp-servers=10.80.12.5, 10.80.12.6", 42, "0a500c050a500c06"},
		{"42=10.80.12.5", 42, "0a500c05"},
		{"mtu=9000", 26, "2328"},
		{"time-offset=-3600", 2, "fffff1f0"},
		{"domain-search=lon6.example.net,example.net.", 119, "046c6f6e36076578616d706c65036e657400" + "076578616d706c65036e657400"},
		{"classless-routes=10.0.0.0/8 via 10.80.12.3, 0.0.0.0/0 via 10.80.12.254", 121, "080a0a500c03" + "000a500cfe"},
		{"captive-portal=https://portal.example.net/?a=b", 114, hex.EncodeToString([]byte("https://portal.example.net/?a=b"))},
		{"224=hex:01:ff", 224, "01ff"},
		{"224=plain words", 224, hex.EncodeToString([]byte("plain words"))},
		{"ipv6-only-preferred=1800", 108, "00000708"},
	} {
		o, err := ParseOption(tt.text)
		if err != nil {
			t.Errorf("ParseOption(%q) = %v", tt.text, err)
			continue
		}
		if code, value, err := o.Encode(); code != tt.code || hex.EncodeToString(value) != tt.want || err != nil {
			t.Errorf("%s is %d, %x, %v; want %d, %s", tt.text, code, value, err, tt.code, tt.want)
		}
		if again, err := ParseOption(o.String()); err != nil || again != o {
			t.Errorf("%q is read back as %+v, %v; was %+v", o, again, err, o)
		}
	}
}

func TestWrongOptionsSayWhatIsWanted(t *testing.T) {
	for text, want := range map[string]string{
		"mtu":                                 "want an option, = and its value",
		"ntp=10.80.12.5":                      `option "ntp": there is none of that name: want a code from 1 to 254 or one of captive-portal, `,
		"ntp-servers=ntp.example.net":         `option ntp-servers: value "ntp.example.net": "ntp.example.net" is no IPv4 address: want IPv4 addresses`,
		"mtu=65536":                           `option mtu: value "65536": it is no number of 16 bits: want bytes, such as 9000`,
		"54=10.0.0.1":                         `option "54": leases and boots are made of it`,
		"256=x":                               `option "256": there is none of that name`,
		"224=hex:0":                           `option 224: value "hex:0": `,
		"224=":                                `option 224: value "": it is empty`,
		"domain-search=a b":                   `option domain-search: value "a b": "a b" is no domain`,
		"classless-routes=10.0.0.0/8":         `"10.0.0.0/8" is no route: want such as 10.0.0.0/8 via 10.80.12.3`,
		"tz-name=" + strings.Repeat("a", 256): "it has 256 bytes, more than 255",
	} {
		if _, err := ParseOption(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseOption(%q) = %v, want %q in it", text, err, want)
		}
	}
}

// FuzzParseOption reads what people write: what is taken fits into a packet, and
// is taken again as it is printed.
func FuzzParseOption(f *testing.F) {
	for _, s := range []string{
		"ntp-servers=10.80.12.5, 10.80.12.6", "224=hex:01:ff", "mtu=9000 if role=db", "classless-routes=10.0.0.0/8 via 10.80.12.3",
		"domain-search=a.example,b.example.", "time-offset=-3600", "53=1", "captive-portal=", "999=x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseOption(s)
		if err != nil {
			return
		}
		code, value, err := o.Encode()
		if err != nil || code == 0 || code == 255 || len(value) > 255 {
			t.Errorf("%q is %d with %d bytes, %v", s, code, len(value), err)
		}
		if again, err := ParseOption(o.String()); err != nil || again != o {
			t.Errorf("%q is read back as %+v, %v; was %+v", o, again, err, o)
		}
	})
}
