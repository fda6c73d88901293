package pid1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOptions(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     Options
	}{
		{
			"a machine that has a name",
			"vmlinuz console=ttyS0 firstlight.server=http://10.0.0.1:8080 firstlight.token=s firstlight.mode=install firstlight.name=sto1-web-1 BOOTIF=01-52-54-00-00-00-01\n",
			Options{Server: "http://10.0.0.1:8080", Token: "s", Mode: "install", Name: "sto1-web-1", BootMAC: "52:54:00:00:00:01"},
		},
		{
			"a machine that is known by its address alone",
			"firstlight.server=http://a firstlight.token=s firstlight.name=52%3A54%3A00%3A00%3A00%3A01",
			Options{Server: "http://a", Token: "s", Name: "52:54:00:00:00:01"},
		},
		{
			"a word that stands twice",
			"firstlight.server=http://a firstlight.token=s firstlight.server=http://b",
			Options{Server: "http://b", Token: "s"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseOptions(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ParseOptions differs (-want +got):\n%s", diff)
			}
		})
	}
	for server, want := range map[string]bool{"http://10.0.0.1:80": false, "http://[fd00:80::1]:80": true, "https://[fd00:80::1]:443": true, "http://boot.example.net": false} {
		if got := (Options{Server: server}).reachedByIPv6(); got != want {
			t.Errorf("reachedByIPv6 of %s = %v, want %v", server, got, want)
		}
	}
	for _, in := range []string{"", "firstlight.server=http://a", "firstlight.token=s"} {
		if _, err := ParseOptions(in); err == nil || !strings.Contains(err.Error(), "boot this image through the appliance's script") {
			t.Errorf("ParseOptions(%q) = %v, want an error with the remedy", in, err)
		}
	}
}

// FuzzParseOptions reads any command line: a boot loader's person may have
// written it.
func FuzzParseOptions(f *testing.F) {
	f.Add("console=ttyS0 firstlight.server=http://10.0.0.1:8080 firstlight.token=s firstlight.name=a%3Ab BOOTIF=01-52-54-00-00-00-01\n")
	f.Add("firstlight.name=%zz firstlight.server= firstlight.token==")
	f.Fuzz(func(t *testing.T, cmdline string) {
		o, err := ParseOptions(cmdline)
		if (err == nil) != (o.Server != "" && o.Token != "") {
			t.Errorf("ParseOptions(%q) = %+v, %v", cmdline, o, err)
		}
		for _, word := range []string{o.Server, o.CA, o.Token, o.Mode, o.BootMAC} {
			if strings.ContainsAny(word, " \t\n") {
				t.Errorf("ParseOptions(%q) has a word %q", cmdline, word)
			}
		}
	})
}
