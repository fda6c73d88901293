package logins

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	got, err := Read(strings.NewReader("Rack,Serial,bmc_address,bmc_user,bmc_password\nr1,A1,10.0.0.1,root,\"a,b\"\nr1,A2,,root,x\n"))
	want := []Login{
		{Serial: "A1", User: "root", Password: "a,b", Address: "10.0.0.1"},
		{Serial: "A2", User: "root", Password: "x"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Read() error %v (-want +got):\n%s", err, diff)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, text, says string }{
		{"an empty file", "", "names the columns"},
		{"only the names", "serial,bmc_user,bmc_password\n", "no line below"},
		{"a column is missing", "serial,user,bmc_password\nA,b,c\n", "no column bmc_user: the first line names serial, user, bmc_password"},
		{"a value is missing", "serial,bmc_user,bmc_password\nA,b,c\nB,,c\n", "line 3: column bmc_user is empty"},
		{"a line is too short", "serial,bmc_user,bmc_password\nA,b\n", "line 2"},
		{"a machine stands there twice", "serial,bmc_user,bmc_password\nA,b,c\nA,b,d\n", "line 3: serial A stands in line 2 already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Read(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Read() = %v, want it to say %q", err, tt.says)
			}
		})
	}
}

// FuzzRead reads any list: each line that is taken has a serial of its own.
func FuzzRead(f *testing.F) {
	f.Add("serial,bmc_user,bmc_password\nC0MPUT3,root,calvin\n")
	f.Add("bmc_address, SERIAL ,bmc_user,bmc_password\n10.0.0.1,\"a\nb\",u,\n,,,\n")
	f.Fuzz(func(t *testing.T, list string) {
		lines, err := Read(strings.NewReader(list))
		if err == nil && len(lines) == 0 {
			t.Errorf("Read(%q) = nothing and no error", list)
		}
		seen := map[string]bool{}
		for _, l := range lines {
			if seen[l.Serial] {
				t.Errorf("Read(%q) has %s twice", list, l.Serial)
			}
			seen[l.Serial] = true
		}
	})
}
