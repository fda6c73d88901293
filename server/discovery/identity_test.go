package discovery

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// recorded is a report as a machine sent it.
func recorded(t *testing.T, name string) *report.Report {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func mac(last byte) machine.MAC { return machine.MAC{0x52, 0x54, 0, 0, 0, last} }

func TestTheMarksOfRecordedReports(t *testing.T) {
	for _, tt := range []struct {
		name string
		want Identity
	}{
		{"qemu-q35-uefi", Identity{Serial: "SRV-0042", UUID: "4c4c4544-0042-4310-8052-b4c04f4d3732", MACs: []machine.MAC{{0x52, 0x54, 0, 0x12, 0x34, 0x57}, {0x52, 0x54, 0, 0x12, 0x34, 0x56}}}},
		{"placeholder", Identity{MACs: []machine.MAC{{0x3c, 0xec, 0xef, 0, 0, 1}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Of(recorded(t, tt.name))); diff != "" {
				t.Errorf("Of (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarksThatRecogniseNothingAreLeftOut(t *testing.T) {
	r := &report.Report{
		System: report.System{Serial: " C0MPUT3 ", UUID: " 4C4C4544-0042-3510-8052-B4C04F4E3732 "},
		BMC:    &report.BMC{MAC: "52:54:00:00:01:01"},
		NICs:   []report.NIC{{MAC: "52:54:00:00:00:01"}, {MAC: "00:00:00:00:00:00"}, {MAC: ""}, {MAC: "80:00:02:08:fe:80:00:00"}},
	}
	want := Identity{Serial: "C0MPUT3", UUID: "4c4c4544-0042-3510-8052-b4c04f4e3732", BMC: machine.MAC{0x52, 0x54, 0, 0, 1, 1}, MACs: []machine.MAC{mac(1)}}
	if diff := cmp.Diff(want, Of(r)); diff != "" {
		t.Errorf("Of (-want +got):\n%s", diff)
	}
	r.BMC.MAC = "none"
	if id := Of(r); !id.BMC.IsZero() {
		t.Errorf("BMC = %s", id.BMC)
	}
}

// whole is a record with all four marks, and shows the same of a report.
func whole(n byte) *machine.Machine {
	serial := "FL000" + string('0'+n)
	return &machine.Machine{
		ID: serial, Name: serial, Serial: serial, UUID: strings.Repeat(string('0'+n), 8) + "-0000-4000-8000-000000000001",
		BMC: machine.BMC{MAC: machine.MAC{0x52, 0x54, 0, 0, 1, n}}, NICs: []machine.NIC{{MAC: mac(n)}, {MAC: mac(n + 100)}},
	}
}

func shown(m *machine.Machine) Identity {
	id := Identity{Serial: m.Serial, UUID: m.UUID, BMC: m.BMC.MAC}
	for _, n := range m.NICs {
		id.MACs = append(id.MACs, n.MAC)
	}
	return id
}

// Every choice of marks that agree, out of four: none is a stranger, one is a
// clash, any two are the machine.
func TestAnyTwoOfFourMarks(t *testing.T) {
	for agree := range 16 {
		m, other := whole(1), whole(2)
		id, marks := shown(other), 0
		take := func(bit int, use func()) {
			if agree&bit != 0 {
				marks++
				use()
			}
		}
		take(1, func() { id.Serial = m.Serial })
		take(2, func() { id.UUID = machine.SwapUUID(machine.PlainUUID(m.UUID)) })
		take(4, func() { id.BMC = m.BMC.MAC })
		take(8, func() { id.MACs[1] = m.NICs[1].MAC })
		got := Resolve(id, []*machine.Machine{m, whole(3)})
		switch {
		case marks == 0 && (got.Machine != nil || got.Clash != ""):
			t.Errorf("a stranger = %+v", got)
		case marks == 1 && (got.Machine != nil || !strings.Contains(got.Clash, "of FL0001, but not two marks")):
			t.Errorf("one mark (%04b) = %+v, want a clash that names it", agree, got)
		case marks >= 2 && (got.Machine != m || len(got.Marks) != marks || got.Clash != ""):
			t.Errorf("%d marks (%04b) = %+v, want the machine", marks, agree, got)
		}
	}
}

func TestResolve(t *testing.T) {
	bare := func(change func(*machine.Machine)) *machine.Machine {
		m := &machine.Machine{ID: "bare", Name: "bare"}
		change(m)
		return m
	}
	listed := bare(func(m *machine.Machine) { m.Serial = "FL0001" })
	placeholder := bare(func(m *machine.Machine) { m.Serial, m.NICs = "To be filled by O.E.M.", []machine.NIC{{MAC: mac(1)}} })
	both := shown(whole(1))
	both.BMC, both.MACs = whole(2).BMC.MAC, shown(whole(2)).MACs
	swapped := shown(whole(1))
	swapped.MACs = []machine.MAC{mac(99)}
	moved := shown(whole(1))
	moved.MACs = shown(whole(2)).MACs
	for _, tt := range []struct {
		name    string
		id      Identity
		records []*machine.Machine
		want    string // name of the machine, "" for nobody's, "clash: …"
	}{
		{"nobody's, in an empty rack", shown(whole(1)), nil, ""},
		{"nobody's, beside others", shown(whole(1)), []*machine.Machine{whole(2), whole(3)}, ""},
		{"a machine of a delivery list, by its serial alone", shown(whole(1)), []*machine.Machine{listed}, "bare"},
		{"a swapped NIC", swapped, []*machine.Machine{whole(1), whole(2)}, "FL0001"},
		{"a swapped board keeps BMC and NICs", Identity{Serial: "NEW", UUID: whole(3).UUID, BMC: whole(1).BMC.MAC, MACs: []machine.MAC{mac(1)}}, []*machine.Machine{whole(1)}, "FL0001"},
		{"a NIC that moved from a known machine to a known machine", moved, []*machine.Machine{whole(1), whole(2)}, "clash: it shows serial and UUID and BMC MAC of FL0001 and MAC of FL0002"},
		{"a NIC that moved to a new machine", Identity{Serial: "NEW", UUID: whole(3).UUID, MACs: []machine.MAC{mac(1)}}, []*machine.Machine{whole(1)}, "clash: it shows MAC of FL0001"},
		{"a NIC that moved to a box with nothing but placeholders", Identity{MACs: []machine.MAC{mac(1)}}, []*machine.Machine{whole(1)}, "clash: it shows MAC of FL0001"},
		{"a clone of a serial", Identity{Serial: "FL0001", UUID: whole(3).UUID, MACs: []machine.MAC{mac(3)}}, []*machine.Machine{whole(1)}, "clash: it shows serial of FL0001"},
		{"a clone of a virtual machine, with its serial and UUID", Identity{Serial: "FL0001", UUID: whole(1).UUID, MACs: []machine.MAC{mac(3)}}, []*machine.Machine{whole(1)}, "FL0001"},
		{"two marks of each of two machines", both, []*machine.Machine{whole(1), whole(2)}, "clash: it shows"},
		{"a machine of placeholders comes back by its MAC", Identity{MACs: []machine.MAC{mac(1)}}, []*machine.Machine{placeholder}, "bare"},
		{"it is recognised when somebody wrote its serial at last", Identity{Serial: "FL0007", MACs: []machine.MAC{mac(1)}}, []*machine.Machine{placeholder}, "bare"},
		{"placeholders do not recognise", Identity{MACs: []machine.MAC{mac(9)}}, []*machine.Machine{placeholder}, ""},
		{"nothing shown is nobody's", Identity{}, []*machine.Machine{listed, placeholder, whole(1)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Resolve(tt.id, tt.records)
			says := ""
			if got.Machine != nil {
				says = got.Machine.Name
			}
			if got.Clash != "" {
				says = "clash: " + got.Clash
			}
			if wantClash := strings.HasPrefix(tt.want, "clash"); wantClash && !strings.HasPrefix(says, tt.want) || !wantClash && says != tt.want {
				t.Errorf("Resolve = %q, want %q", says, tt.want)
			}
		})
	}
}

func TestNamesCanBeTypedAndSpoken(t *testing.T) {
	for serial, want := range map[string]string{
		"C0MPUT3": "C0MPUT3", "cz3420abcd": "CZ3420ABCD", "VMware-42 1a": "VMWARE-42-1A", "/7X2Z9J3/CN/": "7X2Z9J3-CN",
		"": "MAC-525400000001", "///": "MAC-525400000001", "日本": "MAC-525400000001", "-A-": "A",
		strings.Repeat("A", 100): strings.Repeat("A", 64), "a\nb": "A-B",
	} {
		if got := Name(Identity{Serial: serial}, mac(1)); got != want {
			t.Errorf("Name(%q) = %q, want %q", serial, got, want)
		}
	}
}
