package frame

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	from = netip.MustParseAddrPort("10.80.12.1:67")
	to   = netip.MustParseAddrPort("10.80.12.150:68")
)

func TestUDPHeaders(t *testing.T) {
	b := UDP(from, to, []byte("odd"))
	if got := sum(0, b[:ipHeader]); got != 0xffff {
		t.Errorf("the checksum of the IP header comes to %#x, want 0xffff", got)
	}
	pseudo := append(append([]byte{}, b[12:20]...), 0, protoUDP, 0, byte(len(b)-ipHeader))
	if got := sum(uint32(sum(0, pseudo)), b[ipHeader:]); got != 0xffff {
		t.Errorf("the UDP checksum comes to %#x, want 0xffff", got)
	}
	for _, ends := range [][2]netip.AddrPort{{from, to}, {netip.MustParseAddrPort("[fe80::1]:547"), netip.MustParseAddrPort("[fe80::2]:546")}} {
		b := UDP(ends[0], ends[1], []byte("odd"))
		f, d, payload, ok := ParseUDP(append(b, "padding of a short frame"...))
		if !ok || f != ends[0] || d != ends[1] || string(payload) != "odd" {
			t.Errorf("ParseUDP() = %v, %v, %q, %v", f, d, payload, ok)
		}
	}
}

func FuzzParseUDP(f *testing.F) {
	whole := UDP(from, to, []byte("payload"))
	f.Add(whole)
	f.Add(whole[:27])
	f.Add([]byte{0x4f, 0, 0, 0xff, 0, 0, 0, 0, 0, 17})
	fragment := bytes.Clone(whole)
	binary.BigEndian.PutUint16(fragment[6:], 0x2000)
	f.Add(fragment)
	six := UDP(netip.MustParseAddrPort("[fe80::1]:547"), netip.MustParseAddrPort("[fe80::2]:546"), []byte("payload"))
	f.Add(six)
	f.Add(six[:47])
	f.Fuzz(func(t *testing.T, b []byte) {
		from, to, payload, ok := ParseUDP(b)
		if !ok {
			return
		}
		f, d, again, ok := ParseUDP(UDP(from, to, payload))
		if !ok || f != from || d != to || !bytes.Equal(payload, again) {
			t.Errorf("%x reads as %v, %v, %x, and written again as %v, %v, %x", b, from, to, payload, f, d, again)
		}
	})
}

// tcpdump reads the file as what it is.
func TestWritePCAP(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("SKIPPED: tcpdump is not installed; nothing was tested")
	}
	path := filepath.Join(t.TempDir(), "packets.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 22, 0, 0, 123456789, time.UTC)
	bootp := append([]byte{2, 1, 6, 0}, make([]byte, 296)...)
	if err := WritePCAP(f, []Packet{
		{At: at, From: from, To: to, Payload: bootp},
		{At: at.Add(time.Second), From: to, To: from, Payload: bootp},
		{At: at.Add(2 * time.Second), From: netip.MustParseAddrPort("[fe80::1%eth0]:546"), To: netip.MustParseAddrPort("[ff02::1:2]:547"), Payload: []byte{1, 7, 8, 9}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tcpdump", "-n", "-tttt", "-vv", "-r", path)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tcpdump: %v\n%s", err, out)
	}
	for _, want := range []string{
		"link-type RAW", "2026-11-26 22:00:00.123456 IP", "2026-11-26 22:00:01.123456 IP",
		"10.80.12.1.67 > 10.80.12.150.68: [udp sum ok] BOOTP/DHCP, Reply, length 300",
		"fe80::1.546 > ff02::1:2.547: [udp sum ok] dhcp6 solicit (xid=70809)",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("tcpdump does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "bad") {
		t.Errorf("tcpdump finds something bad:\n%s", out)
	}
}
