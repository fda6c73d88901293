package lldp

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

func full() report.Neighbour {
	return report.Neighbour{
		Chassis: "00:1c:73:00:00:01", ChassisKind: KindMAC, Port: "Ethernet31", PortKind: KindName, PortText: "c0mput3",
		System: "sw3", SystemText: "Arista Networks EOS", Management: "10.0.0.3",
	}
}

func TestParseReadsWhatBuildMakes(t *testing.T) {
	local := report.Neighbour{Chassis: "10.0.0.3", ChassisKind: KindAddress, Port: "00:1c:73:00:00:1f", PortKind: KindMAC, Management: "fd00::3"}
	for _, want := range []report.Neighbour{full(), local} {
		got, ttl, err := Parse(Build(want, 2*time.Minute))
		if err != nil || ttl != 2*time.Minute {
			t.Fatalf("Parse = %v, %v; want 2m0s, no error", ttl, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse differs (-want +got):\n%s", diff)
		}
	}
}

// A frame as lldpd sends one: chassis MAC, port by MAC, unknown and
// organisation's TLVs among the others, two management addresses, padding.
const frame = "\x02\x07\x04\x00\x1c\x73\x00\x00\x01" + "\x04\x03\x07" + "23" + "\x06\x02\x00\x78" + "\x0e\x04\x00\x1c\x00\x1c" +
	"\xfe\x06\x00\x80\xc2\x01\x00\x01" + "\x0a\x09" + "sw3\x00\n<b>\x1b" + "\x10\x0c\x05\x01\x0a\x00\x00\x03\x02\x00\x00\x00\x01\x00" +
	"\x10\x0c\x05\x01\x0a\x00\x00\x04\x02\x00\x00\x00\x01\x00" + "\x00\x00" + "padding"

func TestParseSkipsWhatItDoesNotKnow(t *testing.T) {
	want := report.Neighbour{Chassis: "00:1c:73:00:00:01", ChassisKind: KindMAC, Port: "23", PortKind: KindLocal, System: "sw3 <b>", Management: "10.0.0.3"}
	got, ttl, err := Parse([]byte(frame))
	if err != nil || ttl != 2*time.Minute {
		t.Fatalf("Parse = %v, %v; want 2m0s, no error", ttl, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse differs (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	const chassis, port, ttl = "\x02\x03\x07c1", "\x04\x03\x0531", "\x06\x02\x00\x78"
	for _, test := range []struct{ name, in, want string }{
		{"nothing", "", "element 1 is of type 0"},
		{"half a head", chassis + "\x04", "element 2: its head is cut off"},
		{"half a value", chassis + "\x04\x09\x05x", "element 2: type 2 has 2 bytes of 9"},
		{"the wrong order", port + chassis + ttl, "element 1 is of type 2"},
		{"no time to live", chassis + port + "\x00\x00", "element 3 is of type 0"},
		{"two chassis", chassis + port + ttl + chassis, "element 4 is of type 1"},
		{"a short time to live", chassis + port + "\x06\x01\x00", "has 1 bytes, want 2"},
		{"a reserved subtype", "\x02\x03\x09c1" + port + ttl, "the chassis id is of a reserved subtype"},
		{"a short MAC", "\x02\x03\x04c1" + port + ttl, "the MAC of the chassis id has 2 bytes"},
		{"an empty id", chassis + "\x04\x01\x05" + ttl, "the port id has 1 bytes"},
		{"an id of control characters", chassis + "\x04\x03\x05\x01\x02" + ttl, "the port id holds nothing readable"},
		{"an address of no family", "\x02\x03\x05c1" + port + ttl, "the chassis id holds nothing readable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, _, err := Parse([]byte(test.in)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse = %+v, %v; want an error with %q", got, err, test.want)
			}
		})
	}
}

func TestAPortKeepsOneNeighbour(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	other := full()
	other.Chassis, other.Port = "00:1c:73:00:00:02", "Ethernet7"
	var p port
	for _, step := range []struct {
		says    string
		of      report.Neighbour
		ttl     time.Duration
		carrier string
		after   time.Duration
		news    bool
		then    string // the chassis that is shown
	}{
		{"the first", full(), time.Minute, "1", 0, true, full().Chassis},
		{"it again", full(), time.Minute, "1", 30 * time.Second, false, full().Chassis},
		{"another beside it", other, time.Minute, "1", 31 * time.Second, false, full().Chassis},
		{"another on a cable that was moved", other, time.Minute, "3", 32 * time.Second, true, other.Chassis},
		{"the first after that one's time", full(), time.Minute, "3", 2 * time.Minute, true, full().Chassis},
		{"its farewell", full(), 0, "3", 2*time.Minute + time.Second, false, ""},
	} {
		at := now.Add(step.after)
		if news := p.hear(step.of, step.ttl, step.carrier, at); news != step.news {
			t.Errorf("%s: news %v, want %v", step.says, news, step.news)
		}
		got := p.neighbour(at)
		if got == nil && step.then != "" || got != nil && got.Chassis != step.then {
			t.Errorf("%s: shows %+v, want chassis %q", step.says, got, step.then)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(frame))
	f.Add(Build(full(), time.Minute))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, ttl, err := Parse(b)
		if err != nil {
			if n != (report.Neighbour{}) {
				t.Errorf("Parse(%q) = %+v with error %v", b, n, err)
			}
			return
		}
		for _, s := range []string{n.Chassis, n.Port, n.PortText, n.System, n.SystemText, n.Management} {
			if len(s) > MaxText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("Parse(%q) says %q", b, s)
			}
		}
		if again, same, err := Parse(Build(n, ttl)); err != nil || again != n || same != ttl {
			t.Errorf("Parse(Build(%+v)) = %+v, %v, %v", n, again, same, err)
		}
	})
}
