package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/api"
)

func TestReadLogins(t *testing.T) {
	got, err := readLogins(strings.NewReader("Rack,Serial,bmc_address,bmc_user,bmc_password\nr1,A1,10.0.0.1,root,\"a,b\"\nr1,A2,,root,x\n"))
	want := []bmcLine{
		{"A1", api.BMCLogin{Address: "10.0.0.1", User: "root", Password: "a,b"}},
		{"A2", api.BMCLogin{User: "root", Password: "x"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(bmcLine{})); diff != "" || err != nil {
		t.Errorf("readLogins() error %v (-want +got):\n%s", err, diff)
	}
}

func TestReadLoginsSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, text, says string }{
		{"an empty file", "", "names the columns"},
		{"only the names", "serial,bmc_user,bmc_password\n", "no line below"},
		{"a column is missing", "serial,user,bmc_password\nA,b,c\n", "no column bmc_user: the first line names serial, user, bmc_password"},
		{"a value is missing", "serial,bmc_user,bmc_password\nA,b,c\nB,,c\n", "line 3: column bmc_user is empty"},
		{"a line is too short", "serial,bmc_user,bmc_password\nA,b\n", "line 2"},
		{"a machine stands there twice", "serial,bmc_user,bmc_password\nA,b,c\nA,b,d\n", "line 3: serial A stands in line 2 already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := readLogins(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("readLogins() = %v, want it to say %q", err, tt.says)
			}
		})
	}
}

// FuzzReadLogins reads any list: each line that is taken has a serial of its own.
func FuzzReadLogins(f *testing.F) {
	f.Add("serial,bmc_user,bmc_password\nC0MPUT3,root,calvin\n")
	f.Add("bmc_address, SERIAL ,bmc_user,bmc_password\n10.0.0.1,\"a\nb\",u,\n,,,\n")
	f.Fuzz(func(t *testing.T, list string) {
		lines, err := readLogins(strings.NewReader(list))
		if err == nil && len(lines) == 0 {
			t.Errorf("readLogins(%q) = nothing and no error", list)
		}
		seen := map[string]bool{}
		for _, l := range lines {
			if seen[l.serial] {
				t.Errorf("readLogins(%q) has %s twice", list, l.serial)
			}
			seen[l.serial] = true
		}
	})
}
