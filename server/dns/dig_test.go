package dns

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// dig asks with the tool that people will use and gives what it prints.
func dig(t *testing.T, server *Server, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("dig")
	if err != nil {
		t.Skip("SKIPPED: dig is missing; install bind9-dnsutils to have the server asked by BIND's client")
	}
	at := server.Addrs()[0]
	args = append([]string{"@" + at.Addr().String(), "-p", strconv.Itoa(int(at.Port())), "+tries=2", "+time=3"}, args...)
	out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("dig %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestDigResolvesTheFleet(t *testing.T) {
	server := started(t, snapshotOf(t, first(site()), second(site())))
	for _, transport := range []string{"+notcp", "+tcp"} {
		for _, c := range []struct{ args, want string }{
			{"+short db-1.lon6.example", "10.80.12.17"},
			{"+short Web-1.lon6.example AAAA", "2001:db8::18"},
			{"+short -x 10.80.12.17", "db-1.lon6.example."},
			{"+short -x 10.80.20.66", "lab-1.a.lab.lon6.example."},
			{"+short -x 2001:db8::18", "Web-1.lon6.example."},
			{"+short nobody.lon6.example", ""},
		} {
			if got := dig(t, server, append(strings.Fields(c.args), transport)...); got != c.want {
				t.Errorf("dig %s %s = %q, want %q", c.args, transport, got, c.want)
			}
		}
	}
	if got := dig(t, server, "+nsid", "lon6.example", "SOA"); !strings.Contains(got, `NSID: 6c 6f 6e 36 2d 61 ("lon6-a")`) {
		t.Errorf("dig +nsid says %q, want the NSID lon6-a in it", got)
	}
	if got := dig(t, server, "lon6.example", "AXFR"); !strings.Contains(got, "Transfer failed") {
		t.Errorf("dig AXFR says %q, want a refusal", got)
	}
}

// TestCompliance asks the queries of RFC 8906 §8 (BCP 231), with the outcome
// that each section there expects, as far as they are asked of an unsigned zone.
func TestCompliance(t *testing.T) {
	server := started(t, snapshotOf(t, first(site()), second(site())))
	const (
		sound = "status: NOERROR"
		aa    = "flags: qr aa;"
		soa   = "IN SOA ns.lon6.example."
		edns  = "EDNS: version: 0, flags:; udp: 1232"
	)
	for _, c := range []struct {
		name, args string
		want       []string
		never      []string
	}{
		{"8.1.1 a known type", "+noedns +noad +norec soa", []string{sound, aa, soa}, []string{"EDNS"}},
		{"8.1.2 an unknown type", "+noedns +noad +norec type1000", []string{sound, aa, "ANSWER: 0"}, nil},
		{"8.1.3.1 CD is set", "+noedns +noad +norec +cd soa", []string{sound, "flags: qr aa cd;", soa}, nil},
		{"8.1.3.2 AD is set", "+noedns +norec +ad soa", []string{sound, aa, soa}, nil},
		{"8.1.3.3 the last reserved bit is set", "+noedns +noad +norec +zflag soa", []string{sound, aa, soa}, []string{"MBZ"}},
		{"8.1.3.4 recursion is desired", "+noedns +noad +rec soa", []string{sound, "flags: qr aa rd;", soa}, nil},
		{"8.1.4 an unknown opcode", "+noedns +noad +opcode=15 +norec +header-only", []string{"status: NOTIMP", "opcode: RESERVED15"}, []string{"SOA"}},
		{"8.1.5 over TCP", "+noedns +noad +norec +tcp soa", []string{sound, aa, soa}, nil},
		{"8.2.1 EDNS 0", "+nocookie +edns=0 +noad +norec soa", []string{sound, aa, soa, edns}, nil},
		{"8.2.2 an unknown EDNS version", "+nocookie +edns=1 +noednsneg +noad +norec soa", []string{"status: BADVERS", edns}, []string{soa, "aa"}},
		{"8.2.3 an unknown EDNS option", "+nocookie +edns=0 +noad +norec +ednsopt=100 soa", []string{sound, aa, soa, edns}, []string{"OPT=100"}},
		{"8.2.4 unknown EDNS flags", "+nocookie +edns=0 +noad +norec +ednsflags=0x40 soa", []string{sound, aa, soa, edns}, []string{"MBZ"}},
		{"8.2.5 an unknown version with flags", "+nocookie +edns=1 +noednsneg +noad +norec +ednsflags=0x40 soa", []string{"status: BADVERS", edns}, []string{soa, "MBZ"}},
		{"8.2.6 an unknown version with an option", "+nocookie +edns=1 +noednsneg +noad +norec +ednsopt=100 soa", []string{"status: BADVERS", edns}, []string{soa, "OPT=100"}},
		{"8.2.7 a small buffer", "+nocookie +norec +noad +dnssec +bufsize=512 +ignore dnskey", []string{sound, "flags: qr aa;", "flags: do;"}, nil},
		{"8.2.8 DNSSEC is asked for", "+nocookie +edns=0 +noad +norec +dnssec soa", []string{sound, aa, soa, "EDNS: version: 0, flags: do; udp: 1232"}, nil},
		{"8.2.9 and with an unknown version", "+nocookie +edns=1 +noednsneg +noad +norec +dnssec soa", []string{"status: BADVERS", "EDNS: version: 0, flags: do;"}, []string{soa}},
		{"8.2.10 several EDNS options", "+edns=0 +noad +norec +cookie +nsid +expire +subnet=0.0.0.0/0 soa", []string{sound, aa, soa, "EDNS: version: 0", "NSID: 6c"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := dig(t, server, append(strings.Fields(c.args), "lon6.example")...)
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("dig %s = %s\nwant %q in it", c.args, got, w)
				}
			}
			for _, n := range c.never {
				if strings.Contains(got, n) {
					t.Errorf("dig %s = %s\nwant no %q in it", c.args, got, n)
				}
			}
		})
	}
}
