package machine

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseMAC(t *testing.T) {
	want := MAC{0x52, 0x54, 0, 0x12, 0x34, 0x5f}
	for _, tt := range []struct{ name, in, says string }{
		{"colons", "52:54:00:12:34:5f", ""},
		{"dashes and capitals", "52-54-00-12-34-5F", ""},
		{"three groups", "5254.0012.345f", ""},
		{"no separators", "52540012345F", ""},
		{"empty", "", "want six pairs"},
		{"five pairs", "52:54:00:12:34", "want six pairs"},
		{"seven pairs", "52:54:00:12:34:5f:00", "want six pairs"},
		{"one digit short", "52:54:00:12:34:5", "want six pairs"},
		{"digits in the wrong group", "525:4:00:12:34:5f", "want six pairs"},
		{"mixed separators", "52:54-00:12-34:5f", "want six pairs"},
		{"separators around", ":525400.12345f-", "want six pairs"},
		{"no hex", "52:54:00:12:34:5g", "want six pairs"},
		{"null", "00:00:00:00:00:00", "group or null"},
		{"broadcast", "ff:ff:ff:ff:ff:ff", "group or null"},
		{"multicast", "01:00:5e:00:00:01", "group or null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseMAC(tt.in)
			if tt.says == "" && (err != nil || got != want) {
				t.Errorf("ParseMAC(%q) = %s, %v; want %s", tt.in, got, err, want)
			}
			if tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || !got.IsZero()) {
				t.Errorf("ParseMAC(%q) = %s, %v; want …%s…", tt.in, got, err, tt.says)
			}
		})
	}
}

// What was stored must load again, whatever a client claimed to be.
func TestEveryMACSurvivesAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := MACFrom(rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "mac"))
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back MAC
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Fatalf("%s came back as %v, %v", text, back, err)
		}
	})
	var m MAC
	if err := m.UnmarshalText([]byte("not a MAC")); err == nil {
		t.Error("UnmarshalText reads anything")
	}
}

func TestStatusWords(t *testing.T) {
	for _, s := range Statuses() {
		for _, text := range []string{string(s), s.Human(), strings.ToUpper(s.Human()), " " + string(s) + " "} {
			if got, err := ParseStatus(text); got != s || err != nil {
				t.Errorf("ParseStatus(%q) = %q, %v; want %q", text, got, err, s)
			}
		}
	}
	if InUse.Human() != "in use" || Unknown.Human() != "unknown" || len(Statuses()) != 13 {
		t.Errorf("words: %q, %q, %d statuses", InUse.Human(), Unknown.Human(), len(Statuses()))
	}
	for _, text := range []string{"", "unknown", "inuse", "gone"} {
		if _, err := ParseStatus(text); err == nil || !strings.Contains(err.Error(), "want one of expected, registered") {
			t.Errorf("ParseStatus(%q) = %v, want the list", text, err)
		}
	}
}

func TestTransientStatusesEndByThemselves(t *testing.T) {
	transient := []Status{Registered, Allocated, Installing, Configuring, Recycling, Retiring}
	for _, s := range Statuses() {
		limit, ok := s.Transient()
		if ok != slices.Contains(transient, s) || ok != (limit > 0) {
			t.Errorf("%s.Transient() = %s, %v", s, limit, ok)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for _, s := range []string{
		"", " ", "To be filled by O.E.M.", "To Be Filled By O.E.M.  ", "Default string", "System Serial Number", "0123456789",
		"0000000000", "FFFFFFFF", "None", "N/A", "Not Specified", "xxxxxxxxxx", "........", "-", "X", "INVALID", "Not Applicable",
	} {
		if !PlaceholderSerial(s) {
			t.Errorf("PlaceholderSerial(%q) = false: two machines could have it", s)
		}
	}
	for _, s := range []string{"C0MPUT3", "FL0001", "CZ3420ABCD", "0", "00A", "J1234567", "12345678901"} {
		if PlaceholderSerial(s) != (s == "0") {
			t.Errorf("PlaceholderSerial(%q) = %v", s, PlaceholderSerial(s))
		}
	}
	for _, s := range []string{
		"", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
		"03000200-0400-0500-0006-000700080009", "Not Settable",
	} {
		if !PlaceholderUUID(s) {
			t.Errorf("PlaceholderUUID(%q) = false", s)
		}
	}
	if PlaceholderUUID("4C4C4544-0042-3510-8052-B4C04F4E3732") {
		t.Error("a real UUID is taken for a placeholder")
	}
}

func TestSameUUID(t *testing.T) {
	const ours = "4c4c4544-0042-3510-8052-b4c04f4e3732"
	for _, tt := range []struct {
		name, other string
		want        bool
	}{
		{"itself", ours, true},
		{"in capitals", strings.ToUpper(ours), true},
		{"with the first three fields swapped, as SMBIOS before 2.6 has it", "44454c4c-4200-1035-8052-b4c04f4e3732", true},
		{"with the last field swapped, which nobody does", "4c4c4544-0042-3510-5280-b4c04f4e3732", false},
		{"another one", "4c4c4544-0042-3510-8052-b4c04f4e3733", false},
		{"none", "", false},
		{"a short one", "4c4c4544", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if SameUUID(ours, tt.other) != tt.want || SameUUID(tt.other, ours) != tt.want {
				t.Errorf("SameUUID(%q) = %v, want %v, both ways", tt.other, !tt.want, tt.want)
			}
		})
	}
	if SameUUID("", "") {
		t.Error("two machines without UUID are taken for one")
	}
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "uuid")
		if SwapUUID(SwapUUID(u)) != u || !SameUUID(u, SwapUUID(u)) {
			t.Fatalf("%s swapped twice is %s", u, SwapUUID(SwapUUID(u)))
		}
	})
}

func TestValidLabel(t *testing.T) {
	for label, want := range map[string]bool{
		"a": true, "0": true, "lab-node-1": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "a-": false, "A": false, "a.b": false, "a_b": false, "a b": false, "ä": false, "a\n": false,
		strings.Repeat("a", 64): false,
	} {
		if ValidLabel(label) != want {
			t.Errorf("ValidLabel(%q) = %v, want %v", label, !want, want)
		}
	}
}

func TestCompareNames(t *testing.T) {
	sorted := []string{"", "db-2", "db-10", "r1", "R9", "r9u2", "r9u10", "r12", "rack"}
	got := slices.Clone(sorted)
	slices.Reverse(got)
	slices.SortFunc(got, CompareNames)
	if !slices.Equal(got, sorted) {
		t.Errorf("sorted = %q, want %q", got, sorted)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c0-2-]{0,6}`)
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if CompareNames(a, b) != -CompareNames(b, a) {
			t.Fatalf("%q and %q disagree about their order", a, b)
		}
		if CompareNames(a, b) <= 0 && CompareNames(b, c) <= 0 && CompareNames(a, c) > 0 {
			t.Fatalf("%q ≤ %q ≤ %q, but not %q ≤ %q", a, b, c, a, c)
		}
	})
}

func TestCopiesAreTheirOwn(t *testing.T) {
	m := &Machine{NICs: []NIC{{Name: "eth0"}}, Released: map[string]string{"D1": "ada"}}
	c := m.Clone()
	c.NICs[0].Name, c.Released["D2"] = "eth1", "bob"
	if m.NICs[0].Name != "eth0" || len(m.Released) != 1 {
		t.Errorf("changing a copy changed the machine: %+v", m)
	}
	j := &Job{Params: map[string]string{"image": "debian-12"}, Steps: []Step{{Name: "power", Status: StepDone}, {Name: "write", Status: StepRunning}}}
	k := j.Clone()
	k.Params["image"], k.Steps[0].Status = "debian-13", StepFailed
	if j.Params["image"] != "debian-12" || j.Steps[0].Status != StepDone {
		t.Errorf("changing a copy changed the job: %+v", j)
	}
	if j.Current().Name != "write" || j.StepIndex() != 1 || (&Job{}).Current() != nil {
		t.Errorf("the job stands at %v after %d steps", j.Current(), j.StepIndex())
	}
}

func TestTheBootInterface(t *testing.T) {
	a, b := MAC{2, 0, 0, 0, 0, 1}, MAC{2, 0, 0, 0, 0, 2}
	ip := netip.MustParseAddr("10.80.12.100")
	m := &Machine{NICs: []NIC{{MAC: a}, {MAC: b, Address: ip, Boot: true}}}
	if m.BootMAC() != b || m.Address() != ip || !m.HasMAC(a) || m.HasMAC(MAC{2}) {
		t.Errorf("it boots through %s at %s", m.BootMAC(), m.Address())
	}
	m.NICs[1].Boot = false
	if m.BootMAC() != a || m.Address().IsValid() {
		t.Error("where none booted, the first one stands")
	}
	if none := new(Machine); !none.BootMAC().IsZero() || none.Address().IsValid() {
		t.Error("a machine without interfaces has an address")
	}
}

func TestOpenJobs(t *testing.T) {
	for s, want := range map[JobStatus]bool{JobQueued: true, JobStarted: true, JobFinished: false, JobFailed: false, JobCancelled: false} {
		if s.Open() != want {
			t.Errorf("%s.Open() = %v, want %v", s, !want, want)
		}
	}
}

func subnet(change func(*Subnet)) *Subnet {
	s := &Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server", Policy: PolicyObserve, Lease: time.Hour,
		Ranges:  []Range{{netip.MustParseAddr("10.80.12.100"), netip.MustParseAddr("10.80.12.199")}},
		Gateway: netip.MustParseAddr("10.80.12.1"),
	}
	change(s)
	return s
}

func TestSubnetValidate(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	for _, tt := range []struct {
		name   string
		change func(*Subnet)
		says   string
	}{
		{"a good one", func(*Subnet) {}, ""},
		{"without a gateway", func(s *Subnet) { s.Gateway = netip.Addr{} }, ""},
		{"a name with blanks", func(s *Subnet) { s.Name = "the lab" }, `subnet the lab: name`},
		{"no prefix", func(s *Subnet) { s.Prefix = netip.Prefix{} }, "want an IPv4 network"},
		{"a good one of IPv6", six(func(*Subnet) {}), ""},
		{"link-local", six(func(s *Subnet) { s.Prefix, s.Ranges = prefix("fe80::/64"), nil }), "that routers pass on"},
		{"IPv4 written as IPv6", six(func(s *Subnet) { s.Prefix = prefix("::ffff:10.80.12.0/120") }), "want an IPv4 network"},
		{"an IPv6 network with a gateway", six(func(s *Subnet) { s.Gateway = addr("2001:db8::1") }), "want none: by IPv6 routers announce themselves"},
		{"an IPv6 network beside another server", six(func(s *Subnet) { s.Mode = ModeProxy }), "DHCPv6 has no ProxyDHCP"},
		{"a name server of the other version", six(func(s *Subnet) { s.DNS = []netip.Addr{addr("10.80.12.1")} }), "same version"},
		{"all of a /64", six(func(s *Subnet) { s.Ranges[0].Last = addr("2001:db8::ffff:ffff:ffff:ffff") }), "want at most 1048576 addresses"},
		{"a million and none more", six(func(s *Subnet) { s.Ranges[0] = Range{addr("2001:db8::10:0"), addr("2001:db8::1f:ffff")} }), ""},
		{"one more than a million", six(func(s *Subnet) { s.Ranges[0] = Range{addr("2001:db8::10:0"), addr("2001:db8::20:0")} }), "want at most 1048576 addresses"},
		{"host bits", func(s *Subnet) { s.Prefix = prefix("10.80.12.7/24") }, "did you mean 10.80.12.0/24?"},
		{"no site", func(s *Subnet) { s.Site = "" }, "want the site's short name"},
		{"a mode that is none", func(s *Subnet) { s.Mode = "relay" }, `mode "relay": want server, proxy or off`},
		{"no policy", func(s *Subnet) { s.Policy = "" }, "want ignore, observe or register"},
		{"a gateway elsewhere", func(s *Subnet) { s.Gateway = addr("10.80.13.1") }, `gateway "10.80.13.1": lies outside 10.80.12.0/24`},
		{"a lease of a second", func(s *Subnet) { s.Lease = time.Second }, "want at least 1m"},
		{"a range that ends elsewhere", func(s *Subnet) { s.Ranges[0].Last = addr("10.80.13.1") }, "inside 10.80.12.0/24"},
		{"a range backwards", func(s *Subnet) { s.Ranges[0] = Range{s.Ranges[0].Last, s.Ranges[0].First} }, "in that order"},
		{"a range without an end", func(s *Subnet) { s.Ranges[0].Last = netip.Addr{} }, "range"},
		{"ranges that overlap", func(s *Subnet) { s.Ranges = append(s.Ranges, Range{addr("10.80.12.199"), addr("10.80.12.210")}) }, "overlaps"},
		{"no range at all", func(s *Subnet) { s.Ranges = nil }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) { says(t, subnet(tt.change).Validate(), tt.says) })
	}
}

// six makes the subnet one of IPv6 before it is changed.
func six(change func(*Subnet)) func(*Subnet) {
	return func(s *Subnet) {
		first, last := netip.MustParseAddr("2001:db8::100"), netip.MustParseAddr("2001:db8::1ff")
		s.Prefix, s.Gateway, s.Ranges = netip.MustParsePrefix("2001:db8::/64"), netip.Addr{}, []Range{{first, last}}
		change(s)
	}
}

func says(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("Validate() = %v, want …%s…", err, want)
	}
}

func TestRangeContains(t *testing.T) {
	r := subnet(func(*Subnet) {}).Ranges[0]
	for text, want := range map[string]bool{"10.80.12.99": false, "10.80.12.100": true, "10.80.12.199": true, "10.80.12.200": false} {
		if r.Contains(netip.MustParseAddr(text)) != want {
			t.Errorf("Contains(%s) = %v, want %v", text, !want, want)
		}
	}
}

func TestRuleValidate(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule Rule
		says string
	}{
		{"accepts to a site", Rule{Name: "a", Accept: true, Site: "lab", Match: "subnet=lab"}, ""},
		{"holds", Rule{Name: "a", Match: "vendor=QEMU"}, ""},
		{"no name", Rule{}, `name "": want 1 to 63 lower-case letters`},
		{"accepts to nowhere", Rule{Name: "a", Accept: true}, `site "": an accepting rule must say`},
		{"a site of two words", Rule{Name: "a", Site: "the lab"}, `site "the lab"`},
		{"a role that is no label", Rule{Name: "a", Site: "lab", Role: "DB"}, `role "DB"`},
		{"an image for no role", Rule{Name: "a", Accept: true, Site: "lab", Image: "debian-12"}, `role "": an image is installed for a role`},
		{"a negative limit", Rule{Name: "a", Limit: -1}, `limit "-1": want 0 or more`},
		{"a selector with a slip", Rule{Name: "a", Match: "rak=r1"}, `rule a: match "rak=r1": selector "rak=r1", column 1: no field "rak"; did you mean rack?`},
	} {
		t.Run(tt.name, func(t *testing.T) { says(t, tt.rule.Validate(), tt.says) })
	}
}

func TestImageValidate(t *testing.T) {
	good := Image{Name: "debian-12", Arch: "amd64", File: "debian-12.raw.zst", Compressed: 1, Bytes: 2, SHA256: strings.Repeat("0a", 32)}
	for _, tt := range []struct {
		name   string
		change func(*Image)
		says   string
	}{
		{"a good one", func(*Image) {}, ""},
		{"a name with dots", func(i *Image) { i.Name = "debian.12" }, `name "debian.12": want lower-case letters`},
		{"no file", func(i *Image) { i.File = "" }, "want the name of a file beside the manifest"},
		{"a file elsewhere", func(i *Image) { i.File = "../debian.zst" }, "want the name of a file beside the manifest"},
		{"the folder itself", func(i *Image) { i.File = ".." }, "want the name of a file beside the manifest"},
		{"no size", func(i *Image) { i.Bytes = 0 }, "bytes 0: want the size of the raw image"},
		{"no compressed size", func(i *Image) { i.Compressed = 0 }, "compressed 0: want the size of the file"},
		{"half a hash", func(i *Image) { i.SHA256 = i.SHA256[:32] }, "want 64 lower-case hex digits"},
		{"half a hash of the file", func(i *Image) { i.CompressedSHA256 = i.SHA256[:32] }, "compressed_sha256"},
		{"a hash in capitals, which no agent would find equal", func(i *Image) { i.SHA256 = strings.ToUpper(i.SHA256) }, "want 64 lower-case hex digits"},
		{"an architecture of another spelling", func(i *Image) { i.Arch = "x86_64" }, `arch "x86_64": want amd64 or arm64`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := good
			tt.change(&i)
			says(t, i.Validate(), tt.says)
		})
	}
}
