package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	client = netip.MustParseAddrPort("0.0.0.0:68")
	all    = netip.MustParseAddrPort("255.255.255.255:67")
)

// capture is a file with one frame.
func capture(order binary.ByteOrder, magic, link uint32, b []byte) []byte {
	f := make([]byte, 40)
	order.PutUint32(f, magic)
	order.PutUint32(f[20:], link)
	order.PutUint32(f[24:], 1700000000)
	order.PutUint32(f[28:], 5)
	order.PutUint32(f[32:], uint32(len(b)))
	order.PutUint32(f[36:], uint32(len(b)))
	return slices.Concat(f, b)
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	at := time.Unix(1700000000, 123456000)
	var b bytes.Buffer
	if err := WritePCAP(&b, []Packet{{At: at, From: client, To: all, Payload: []byte("one")}, {At: at.Add(time.Second), From: client, To: all}}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadPCAP(&b)
	if err != nil || len(got) != 2 || !got[0].At.Equal(at) {
		t.Fatalf("ReadPCAP() = %v, %v", got, err)
	}
	if from, to, payload, ok := ParseUDP(got[0].IPv4); !ok || from != client || to != all || string(payload) != "one" {
		t.Errorf("packet = %s to %s, %q, %v", from, to, payload, ok)
	}
}

func TestCapturesOfAllLinks(t *testing.T) {
	ip := UDP(client, all, []byte("x"))
	ether := func(head ...byte) []byte { return append(append(make([]byte, 12), head...), ip...) }
	little, big := binary.LittleEndian, binary.BigEndian
	for _, test := range []struct {
		name string
		file []byte
		nano int64 // of the time; -1: no packet of ours
	}{
		{"Ethernet", capture(little, 0xa1b2c3d4, linkEthernet, ether(8, 0)), 5000},
		{"Ethernet, big endian, nanoseconds", capture(big, 0xa1b23c4d, linkEthernet, ether(8, 0)), 5},
		{"VLAN", capture(little, 0xa1b2c3d4, linkEthernet, ether(0x81, 0, 0, 7, 8, 0)), 5000},
		{"VLAN in VLAN", capture(little, 0xa1b2c3d4, linkEthernet, ether(0x88, 0xa8, 0, 7, 0x81, 0, 0, 7, 8, 0)), 5000},
		{"ARP", capture(little, 0xa1b2c3d4, linkEthernet, ether(8, 6)), -1},
		{"a tag and nothing else", capture(little, 0xa1b2c3d4, linkEthernet, append(make([]byte, 12), 0x81, 0)), -1},
		{"raw", capture(little, 0xa1b2c3d4, linkRaw, ip), 5000},
		{"all interfaces", capture(little, 0xa1b2c3d4, linkCooked, append(append(make([]byte, 14), 8, 0), ip...)), 5000},
		{"all interfaces, newer", capture(little, 0xa1b2c3d4, linkCooked2, append(append([]byte{8, 0}, make([]byte, 18)...), ip...)), 5000},
		{"a link that we do not know", capture(little, 0xa1b2c3d4, 147, ip), -1},
		{"nothing", capture(little, 0xa1b2c3d4, linkRaw, nil), -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadPCAP(bytes.NewReader(test.file))
			if err != nil || len(got) != map[bool]int{true: 0, false: 1}[test.nano < 0] {
				t.Fatalf("ReadPCAP() = %v, %v", got, err)
			}
			if len(got) == 1 && (!bytes.Equal(got[0].IPv4, ip) || got[0].At.UnixNano() != 1700000000e9+test.nano) {
				t.Errorf("packet = %x at %s", got[0].IPv4, got[0].At)
			}
		})
	}
}

func TestDamagedCapturesAreTold(t *testing.T) {
	whole := capture(binary.LittleEndian, 0xa1b2c3d4, linkRaw, UDP(client, all, []byte("x")))
	large := bytes.Clone(whole)
	large[35] = 0xff
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":              {nil, "it is empty: " + ErrNoPCAP.Error()},
		"three bytes":        {[]byte{0xd4, 0xc3, 0xb2}, "it has 3 bytes: " + ErrNoPCAP.Error()},
		"text":               {[]byte("a text of more than twenty-four bytes"), `it begins with "a te": ` + ErrNoPCAP.Error()},
		"a short text":       {[]byte("a text"), `it begins with "a te": ` + ErrNoPCAP.Error()},
		"pcapng":             {append([]byte{0x0a, 0x0d, 0x0d, 0x0a}, make([]byte, 30)...), "editcap -F pcap IN OUT"},
		"pcapng that is cut": {[]byte{0x0a, 0x0d, 0x0d, 0x0a}, "editcap -F pcap IN OUT"},
		"cut in its head":    {whole[:10], "it has 10 bytes and is cut off in its head: " + io.ErrUnexpectedEOF.Error()},
		"cut in a header":    {whole[:30], "it is cut off after 0 whole packets; editcap"},
		"cut in a packet":    {whole[:len(whole)-1], io.ErrUnexpectedEOF.Error()},
		"cut after a packet": {slices.Concat(whole, whole[24:40]), "it is cut off after 1 whole packets; editcap"},
		"an endless packet":  {large, "packet 1 of the capture has"},
		"one after a packet": {slices.Concat(whole, large[24:]), "packet 2 of the capture has"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadPCAP(bytes.NewReader(test.file)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzReadPCAP(f *testing.F) {
	f.Add(capture(binary.LittleEndian, 0xa1b2c3d4, linkEthernet, append(append(make([]byte, 12), 8, 0), UDP(client, all, []byte("x"))...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadPCAP(bytes.NewReader(b))
		if err != nil && len(got) > 0 && errors.Is(err, ErrNoPCAP) {
			t.Errorf("%d packets of what is no capture", len(got))
		}
		for _, p := range got {
			ParseUDP(p.IPv4)
		}
	})
}
