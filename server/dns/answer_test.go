package dns

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"

	"firstlight/server/zone"
)

// said writes a reply in one line: rcode, aa, then the sections.
func said(r Reply) string {
	words := []string{miekg.RcodeToString[r.Rcode]}
	if r.Authoritative {
		words = append(words, "aa")
	}
	for _, section := range [][]miekg.RR{r.Answer, r.Authority, r.Additional} {
		var rrs []string
		for _, rr := range section {
			rrs = append(rrs, strings.Join(strings.Fields(rr.String()), " "))
		}
		words = append(words, fmt.Sprint(rrs))
	}
	return strings.Join(words, " ")
}

func TestAnswer(t *testing.T) {
	s := snapshotOf(t, first(site()), second(site()))
	const (
		soa     = "lon6.example. 60 IN SOA ns.lon6.example. hostmaster.lon6.example. 7 3600 600 1209600 60"
		fullSOA = "lon6.example. 300 IN SOA ns.lon6.example. hostmaster.lon6.example. 7 3600 600 1209600 60"
		glue    = "ns.lon6.example. 300 IN A 10.80.12.1 ns.lon6.example. 300 IN AAAA 2001:db8::1"
		revSOA  = "12.80.10.in-addr.arpa. 60 IN SOA ns.lon6.example. hostmaster.lon6.example. 7 3600 600 1209600 60"
		nodata  = "NOERROR aa [] [" + soa + "] []"
		absent  = "NXDOMAIN aa [] [" + soa + "] []"
	)
	for name, c := range map[string]struct {
		q    Question
		want string
	}{
		"a machine has an address":                       {Question{Name: "db-1.lon6.example.", Type: miekg.TypeA}, "NOERROR aa [db-1.lon6.example. 300 IN A 10.80.12.17] [] []"},
		"and an address of the other family":             {Question{Name: "web-1.lon6.example.", Type: miekg.TypeAAAA}, "NOERROR aa [web-1.lon6.example. 300 IN AAAA 2001:db8::18] [] []"},
		"the case is that of the one who asks":           {Question{Name: "dB-1.LON6.example.", Type: miekg.TypeA}, "NOERROR aa [dB-1.LON6.example. 300 IN A 10.80.12.17] [] []"},
		"a PTR keeps the case of ServerDb":               {Question{Name: "18.12.80.10.in-addr.arpa.", Type: miekg.TypePTR}, "NOERROR aa [18.12.80.10.in-addr.arpa. 300 IN PTR Web-1.lon6.example.] [] []"},
		"an IPv6 address has its PTR":                    {Question{Name: "8.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", Type: miekg.TypePTR}, "NOERROR aa [8.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 300 IN PTR Web-1.lon6.example.] [] []"},
		"no data of a type is not the absence of a name": {Question{Name: "db-1.lon6.example.", Type: miekg.TypeAAAA}, nodata},
		"an unknown type is no data":                     {Question{Name: "db-1.lon6.example.", Type: 1000}, nodata},
		"type 65535 is a type":                           {Question{Name: "db-1.lon6.example.", Type: 65535}, nodata},
		"an absent name is NXDOMAIN":                     {Question{Name: "db-2.lon6.example.", Type: miekg.TypeA}, absent},
		"nothing is below a machine":                     {Question{Name: "x.db-1.lon6.example.", Type: miekg.TypeA}, absent},
		"an escaped dot is part of a label":              {Question{Name: `x\.db-1.lon6.example.`, Type: miekg.TypeA}, absent},
		"an absent PTR has the SOA of its zone":          {Question{Name: "99.12.80.10.in-addr.arpa.", Type: miekg.TypePTR}, "NXDOMAIN aa [] [" + revSOA + "] []"},
		"an empty non-terminal exists":                   {Question{Name: "lab.lon6.example.", Type: miekg.TypeA}, nodata},
		"ANY at an empty non-terminal is no data":        {Question{Name: "lab.lon6.example.", Type: miekg.TypeANY}, nodata},
		"a lower zone answers for itself":                {Question{Name: "lab-1.a.lab.lon6.example.", Type: miekg.TypeA}, "NOERROR aa [lab-1.a.lab.lon6.example. 300 IN A 10.80.20.66] [] []"},
		"its apex is its own, not a referral":            {Question{Name: "a.lab.lon6.example.", Type: miekg.TypeMX}, "NOERROR aa [] [a.lab.lon6.example. 60 IN SOA ns.a.lab.lon6.example. hostmaster.a.lab.lon6.example. 7 3600 600 1209600 60] []"},
		"the apex has a SOA":                             {Question{Name: "lon6.example.", Type: miekg.TypeSOA}, "NOERROR aa [" + fullSOA + "] [] []"},
		"the apex has a name server and its addresses":   {Question{Name: "lon6.example.", Type: miekg.TypeNS}, "NOERROR aa [lon6.example. 300 IN NS ns.lon6.example.] [] [" + glue + "]"},
		"the apex in capitals":                           {Question{Name: "LON6.EXAMPLE.", Type: miekg.TypeA}, nodata},
		"ANY gets one set":                               {Question{Name: "web-1.lon6.example.", Type: miekg.TypeANY}, "NOERROR aa [web-1.lon6.example. 300 IN A 10.80.12.18] [] []"},
		"above our zones nothing is ours":                {Question{Name: "example.", Type: miekg.TypeNS}, "REFUSED [] [] []"},
		"the root is not ours":                           {Question{Name: ".", Type: miekg.TypeNS}, "REFUSED [] [] []"},
		"the world is not ours":                          {Question{Name: "www.debian.org.", Type: miekg.TypeA}, "REFUSED [] [] []"},
		"a name that ends like ours is not ours":         {Question{Name: "evil-lon6.example.", Type: miekg.TypeA}, "REFUSED [] [] []"},
		"a transfer is refused":                          {Question{Name: "lon6.example.", Type: miekg.TypeAXFR}, "REFUSED [] [] []"},
		"so is an incremental one":                       {Question{Name: "lon6.example.", Type: miekg.TypeIXFR}, "REFUSED [] [] []"},
		"another class is refused":                       {Question{Name: "version.bind.", Type: miekg.TypeTXT, Class: miekg.ClassCHAOS}, "REFUSED [] [] []"},
		"any class is refused":                           {Question{Name: "db-1.lon6.example.", Type: miekg.TypeA, Class: miekg.ClassANY}, "REFUSED [] [] []"},
		"OPT is no question":                             {Question{Name: "lon6.example.", Type: miekg.TypeOPT}, "FORMERR [] [] []"},
		"type 0 is no question":                          {Question{Name: "lon6.example.", Type: 0}, "FORMERR [] [] []"},
		"MAILB is obsolete":                              {Question{Name: "lon6.example.", Type: miekg.TypeMAILB}, "NOTIMP [] [] []"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.q.Class == 0 {
				c.q.Class = miekg.ClassINET
			}
			if diff := cmp.Diff(c.want, said(s.Answer(c.q))); diff != "" {
				t.Errorf("Answer(%+v) (-want +got):\n%s", c.q, diff)
			}
		})
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

func TestASnapshotTakesUnchangedZonesOver(t *testing.T) {
	subnets, machines := site()
	before := snapshotOf(t, subnets, machines)
	after := NewSnapshot([]zone.Zone{before.tables["lon6.example."].zone}, before)
	if after.tables["lon6.example."] != before.tables["lon6.example."] {
		t.Error("NewSnapshot made a zone anew that has the same serial")
	}
	if _, ok := after.Serial("12.80.10.in-addr.arpa."); ok {
		t.Error("NewSnapshot kept a zone that is not published any more")
	}
	z := before.tables["lon6.example."].zone
	z.Serial++
	if got, ok := NewSnapshot([]zone.Zone{z}, before).Serial("LON6.example."); !ok || got != 8 {
		t.Errorf("Serial(LON6.example.) = %d %t after a publication, want 8 true", got, ok)
	}
}

func BenchmarkAnswer(b *testing.B) {
	s := snapshotOf(b, first(fleet(12_000)), second(fleet(12_000)))
	q := Question{"lon6-db-4711.lon6.example.", miekg.TypeA, miekg.ClassINET}
	b.ReportAllocs()
	for b.Loop() {
		if r := s.Answer(q); len(r.Answer) != 1 {
			b.Fatal(said(r))
		}
	}
}
