package machine

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// one machine that every selector below is held against.
func specimen() *Machine {
	return &Machine{
		ID: "0192", Name: "C0MPUT3", Kind: Metal, Serial: "007", Vendor: "Dell Inc.", Product: "PowerEdge R640/2",
		Status: InUse, Site: "lon6", Rack: "r12", Unit: 7, Hostname: "lon6-db-1", Role: "db", Owner: "zoë",
		Flags: Flags{Locked: true}, Observed: Observed{Power: "on"},
		NICs: []NIC{
			{MAC: MAC{0x52, 0x54, 0, 0, 0, 1}, Address: netip.MustParseAddr("10.80.12.100")},
			{MAC: MAC{0x52, 0x54, 0, 0, 0, 2}},
		},
		Facts: &Facts{Cores: 32, Memory: 64 << 30, Platform: "efi", Arch: "amd64", CPU: "AMD EPYC 7302", Disks: []Disk{{Serial: "D1"}, {Serial: "D2"}}},
	}
}

func TestSelectors(t *testing.T) {
	for _, tt := range []struct {
		name, selector string
		want           bool
	}{
		{"the empty one picks all", "", true},
		{"so do blanks", " \t\n", true},
		{"a field by its value", "status=in_use", true},
		{"a status as people write it", `status="in use"`, true},
		{"the case of values does not matter", "hardwarename=c0mput3", true},
		{"nor that of fields", "RACK=r12", true},
		{"another value", "status=available", false},
		{"terms side by side must all hold", "status=in_use rack=r12", true},
		{"and one that does not", "status=in_use rack=r13", false},
		{"and, written out", "status=in_use and rack=r13", false},
		{"and in capitals", "status=in_use AND rack=r12", true},
		{"or", "rack=r13 or rack=r12", true},
		{"neither", "rack=r13 or rack=r14", false},
		{"and binds before or", "rack=r12 or rack=r13 role=web", true},
		{"parentheses bind first", "(rack=r12 or rack=r13) role=web", false},
		{"parentheses within parentheses", "((rack=r12 or (rack=r13)) and (role=db))", true},
		{"not", "not rack=r13", true},
		{"an exclamation mark", "!rack=r12", false},
		{"twice not", "!!rack=r12", true},
		{"not before parentheses", "!(rack=r12 role=web)", true},
		{"not binds before and", "!rack=r13 role=db", true},
		{"presence", "hostname", true},
		{"absence", "!pool", true},
		{"presence of what is absent", "pool", false},
		{"not equal", "rack!=r13", true},
		{"not equal to its own", "rack!=r12", false},
		{"not equal holds for what is absent", "pool!=a", true},
		{"not in a set", "rack!=r11,r12", false},
		{"a set", "rack=r11,r12", true},
		{"a set without it", "rack=r11,r13", false},
		{"a star", "rack=r1*", true},
		{"a star in the middle", "name=C*3", true},
		{"stars around", "product=*edge*", true},
		{"a star goes over a slash", "product=PowerEdge*2", true},
		{"a question mark is one character", "rack=r1?", true},
		{"and not two", "rack=r?", false},
		{"brackets and backslashes are themselves", `rack=[r]1\*`, false},
		{"a star in a set", "rack=x,r1*", true},
		{"a range", "rack=r9..r12", true},
		{"a range that ends before", "rack=r9..r11", false},
		{"a range of numbers", "unit=1..10", true},
		{"more than", "cores>31", true},
		{"not more than itself", "cores>32", false},
		{"at least", "cores>=32", true},
		{"at most", "cores<=32", true},
		{"less than", "cores<32", false},
		{"racks count as people do", "rack>r9", true},
		{"units of memory", "memory>=64GiB", true},
		{"equal in another unit", "memory=64GiB", true},
		{"decimal units are smaller", "memory>64GB", true},
		{"a range of units", "memory=60GiB..70GiB", true},
		{"serials are text, not numbers", "serial=7", false},
		{"and found as they are", "serial=007", true},
		{"quotes keep blanks", `vendor="Dell Inc."`, true},
		{"single quotes too", "vendor='dell inc.'", true},
		{"letters beyond ASCII", "owner=zoë", true},
		{"one of which ends in a byte that Latin-1 calls blank", "owner!=à", true},
		{"any of the MACs", "mac=52:54:00:00:00:02", true},
		{"any of the disks", "disk=D2", true},
		{"an address", "ip=10.80.12.100", true},
		{"how many disks", "disks=2", true},
		{"locked", "locked", true},
		{"locked by its value", "locked=true", true},
		{"not locked by its value", "locked=false", false},
		{"a field that begins like a keyword", "owner", true},
		{"a value that is a keyword", "role!=or", true},
		{"the subnet only where a rule asks", "subnet", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ParseSelector(tt.selector)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Match(specimen()); got != tt.want {
				t.Errorf("%q picks it: %v, want %v", tt.selector, got, tt.want)
			}
		})
	}
}

func TestSelectorsOfBareMachines(t *testing.T) {
	for selector, want := range map[string]bool{
		"cores<4": false, "!cores": true, "locked": false, "locked=false": true, "disks": false, "disks=0": true,
		"disks<2": true, "unit": false, "hostname=*": false, "memory=0": false,
	} {
		m := &Machine{Facts: &Facts{}}
		s, err := ParseSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		if s.Match(m) != want {
			t.Errorf("%q picks a machine of nothing: %v, want %v", selector, !want, want)
		}
	}
	s, err := ParseSelector("disks=0 or cores or memory or disk")
	if err != nil || s.Match(&Machine{}) {
		t.Errorf("a machine whose hardware is not known has some: %v", err)
	}
}

func TestMatchWithASubnet(t *testing.T) {
	s, err := ParseSelector("subnet=lab vendor=dell*")
	if err != nil {
		t.Fatal(err)
	}
	if !s.MatchWith(specimen(), map[string]string{"subnet": "lab"}) || s.MatchWith(specimen(), map[string]string{"subnet": "prod"}) {
		t.Error("the subnet of a report is not compared")
	}
	if !(Selector{}).MatchWith(specimen(), nil) {
		t.Error("the zero selector does not pick all")
	}
}

func TestSelectorErrors(t *testing.T) {
	for _, tt := range []struct {
		name, selector string
		column         int
		reason         string
	}{
		{"a slip is answered with the nearest field", "rack=r1 stauts=held", 9, `no field "stauts"; did you mean status?`},
		{"text has no order", "vendor>a", 7, "vendor has no order"},
		{"a status that there is not", "status=availible", 8, "no status availible; did you mean available?"}, //nolint:misspell // it is the slip
		{"a word where a number is wanted", "rack=r1 cores>=many", 16, "cores is a number"},
		{"a flag is true or false", "locked=maybe", 8, "true or false"},
		{"a byte that is no text", "rack=r\x001", 7, "no text"},
		{"a word that resembles none", "frobnication=1", 1, "the fields are listed by: firstlight machine fields"},
		{"a value is missing", "rack=", 6, "a value is missing; ask for the absence of a field with !field"},
		{"a value is missing before a parenthesis", "(rack=)", 7, "a value is missing"},
		{"a parenthesis stays open", "(rack=r1", 9, "a closing parenthesis is missing"},
		{"a parenthesis too many", "rack=r1)", 8, `unexpected ")"`},
		{"nothing in parentheses", "()", 2, "want a field"},
		{"and without a right side", "rack=r1 and", 12, "a term is missing"},
		{"and before or", "rack=r1 and or rack=r2", 13, `a term is missing before "or rack=r2"`},
		{"and twice", "rack=r1 and and rack=r2", 13, "a term is missing before"},
		{"and before a parenthesis closes", "(rack=r1 and )", 14, `found ")"`},
		{"or without a right side", "rack=r1 or", 11, "a term is missing"},
		{"or without a left side", "or rack=r1", 1, "a term is missing before"},
		{"not without anything", "not", 4, "a term is missing"},
		{"a quote stays open", `vendor="Dell`, 8, "the closing quote is missing"},
		{"an operator alone", "=r1", 1, `want a field such as status, found "=r1"`},
		{"columns count characters", "owner=zoë ;", 11, `found ";"`},
		{"33 parentheses", strings.Repeat("(", 40) + "rack" + strings.Repeat(")", 40), 34, "more than 32 nested parentheses"},
		{"40 negations", strings.Repeat("!", 40) + "rack", 35, "more than 32 nested negations"},
		{"more than a kilobyte", strings.Repeat("a", 1025), 1025, "is 1025 bytes long; at most 1024"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseSelector(tt.selector)
			var e *SelectorError
			if !errors.As(err, &e) || e.Column != tt.column || !strings.Contains(e.Reason, tt.reason) {
				t.Fatalf("ParseSelector = %v, want column %d: …%s…", err, tt.column, tt.reason)
			}
			if want := fmt.Sprintf("column %d: ", tt.column); !strings.Contains(err.Error(), want) {
				t.Errorf("the error %q does not name %s", err, want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"hostnme": "hostname", "cors": "cores", "tack": "rack", "cpus": "cpu"} {
		if got, distance := Nearest(word, []string{"cpu", "rack", "cores", "hostname"}); got != want || distance != 1 {
			t.Errorf("Nearest(%q) = %q at %d, want %q at 1", word, got, distance, want)
		}
	}
	if got, distance := Nearest("status", nil); got != "" || distance != 7 {
		t.Errorf("Nearest of nothing = %q at %d", got, distance)
	}
	if !slices.IsSorted(FieldNames()) || len(Fields()) != len(fields) {
		t.Errorf("Fields() = %q, want all of them sorted", FieldNames())
	}
}
