package storm

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
)

func TestEveryMachineIsSomebodyElse(t *testing.T) {
	macs, serials := map[machine.MAC]bool{}, map[string]bool{}
	for i := range maxMachines + 1 {
		mac := macOf(i)
		if macs[mac] || serials[serialOf(i)] || mac[0]&3 != 2 {
			t.Fatalf("machine %d is %s, %s: want a name of its own, and a local address", i, mac, serialOf(i))
		}
		macs[mac], serials[serialOf(i)] = true, true
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name string
		spec Spec
		want string
	}{
		{"a storm", Spec{Machines: 10, Within: time.Second, Known: 10, Repeat: 3}, ""},
		{"nobody", Spec{}, "machines 0: want 1 to"},
		{"more known than there are", Spec{Machines: 3, Known: 4}, "known 4: want 0 to 3"},
		{"a day", Spec{Machines: 3, Within: 24 * time.Hour}, "within 24h0m0s: want"},
		{"less than once", Spec{Machines: 3, Repeat: -1}, "repeat -1: want"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.spec.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Validate() = %v, want %q", err, test.want)
			}
		})
	}
}

func TestALoaderComesInBlocks(t *testing.T) {
	server, own := netip.MustParseAddrPort("10.80.0.1:4000"), netip.MustParseAddr("10.96.0.2")
	full := append([]byte{0, opData, 0, 1}, make([]byte, block)...)
	last := []byte{0, opData, 0, 2, 7}
	for _, test := range []struct {
		name  string
		heard [][]byte
		want  string // of the end
		bytes int64
	}{
		{"whole", [][]byte{[]byte("\x00\x06blksize\x001468\x00tsize\x001469\x00"), full, last}, "", block + 1},
		{"a block twice", [][]byte{full, full, last}, "", block + 1},
		{"shorter than announced", [][]byte{[]byte("\x00\x06TSIZE\x005000\x00"), full, last}, "1469 bytes, not the 5000", block + 1},
		{"refused", [][]byte{[]byte("\x00\x05\x00\x01busy\x00")}, "TFTP error 1: busy", 0},
		{"cut off", [][]byte{full}, "goes on", block},
		{"no packet", [][]byte{{0}}, "goes on", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := &transfer{address: own, done: make(chan error, 1), next: 1, every: 1}
			for _, b := range test.heard {
				tr.take(b, server)
			}
			got := "goes on"
			select {
			case err := <-tr.done:
				if got = ""; err != nil {
					got = err.Error()
				}
			default:
			}
			if !strings.Contains(got, test.want) || (test.want == "") != (got == "") || tr.got() != test.bytes {
				t.Errorf("it ended with %q after %d bytes, want %q after %d", got, tr.got(), test.want, test.bytes)
			}
		})
	}
}

func TestAnAckRepeatsItsBlock(t *testing.T) {
	tr := &transfer{done: make(chan error, 1), next: 0xffff, every: 1}
	for _, number := range [][]byte{{0xff, 0xff}, {0, 0}} { // numbers wrap
		ack := tr.take(append([]byte{0, opData, number[0], number[1]}, make([]byte, block)...), netip.AddrPort{})
		if want := string([]byte{0, opAck, number[0], number[1]}); string(ack) != want {
			t.Errorf("the ACK to block %x is %x, want %x", number, ack, want)
		}
	}
}

// Windows are acknowledged as a whole, and a gap once (RFC 7440).
func TestWindowsAreAcknowledged(t *testing.T) {
	tr := &transfer{done: make(chan error, 1), next: 1, every: 4}
	for _, step := range []struct{ number, size, ack int }{
		{1, block, 0},
		{2, block, 0},
		{3, block, 0},
		{4, block, 4},
		{5, block, 0},
		{7, block, 5},
		{8, block, 0}, // 6 is lost
		{6, block, 0},
		{7, 100, 7},
	} {
		ack := tr.block(uint16(step.number), step.size)
		if got := int(binary.BigEndian.Uint32(append(ack, 0, 0, 0, 0))) & 0xffff; got != step.ack {
			t.Errorf("block %d is acknowledged with %d, want %d (0: not)", step.number, got, step.ack)
		}
	}
	if err, ok := <-tr.done; !ok || err != nil {
		t.Errorf("the end is %v", err)
	}
}

func TestTheResultSaysWhatFailedAndHowLongTheRestTook(t *testing.T) {
	courses := make([]course, 200)
	for i := range courses {
		courses[i].took[stageFirmware] = time.Duration(i+1) * time.Millisecond
	}
	courses[0].failed, courses[0].err = stageLoader, errSilence
	courses[1].failed, courses[1].err = stageFirmware, errors.New("NAK")
	courses[2].failed, courses[2].err = stageFirmware, errors.New("NAK")
	r := Result{Machines: 200, Storms: []*Storm{summary(courses)}}
	s := r.Storms[0]
	first := s.Stages[stageFirmware]
	if first.Served != 198 || first.P50 != 101*time.Millisecond || first.P99 != 199*time.Millisecond || first.P100 != 200*time.Millisecond {
		t.Errorf("firmware = %+v, want 198 served, 101, 199 and 200 ms", first)
	}
	if got := s.Stages[stageLoader].Served; got != 197 {
		t.Errorf("loaders = %d, want 197: who failed before is not counted", got)
	}
	if r.Unserved() != 3 || len(s.Failures) != 2 || s.Failures[0] != (Failure{"firmware DHCP", "NAK", 2}) {
		t.Errorf("unserved %d, failures %+v, want 3, and NAK first of two", r.Unserved(), s.Failures)
	}
	var table, text strings.Builder
	if err := errors.Join(r.Table(&table), r.JSON(&text)); err != nil {
		t.Fatal(err)
	}
	if want := "failed: 1 in loader (TFTP): nobody answered\n"; !strings.Contains(table.String(), want) {
		t.Errorf("table = %s, want %q in it", &table, want)
	}
	var back Result
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil || back.Storms[0].Failures[0].Count != 2 {
		t.Errorf("JSON = %s (%v)", &text, err)
	}
}
