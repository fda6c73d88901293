package dhcp

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestReplies compares whole replies with golden files.
func TestReplies(t *testing.T) {
	select1 := []opt{toServer("10.80.12.1"), wants("10.80.12.150"), option(61, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56)}
	uuid97 := []opt{option(97, append([]byte{0}, []byte("0123456789abcdef")...)...)}
	for _, tt := range []struct {
		file string
		lab  []func(*memory)
		kind dhcpv4.MessageType
		opts []opt
	}{
		{"system", nil, request, select1},
		{"named-system", []func(*memory){func(m *memory) {
			m.put("c0mput3", testMAC, machine.InUse, "").Hostname = "lon6-web-1"
			m.subnets[0].DNS = append(m.subnets[0].DNS, ourServer.Next(), ourServer.Next().Next())
		}}, request, select1},
		{"bios", nil, request, join(select1, pxeBIOS, uuid97)},
		{"uefi", nil, request, join(select1, pxeUEFI, uuid97)},
		{"uefi-disk", []func(*memory){known}, request, join(select1, pxeUEFI)},
		{"uefi-http", nil, request, join(select1, http64)},
		{"ipxe", nil, request, join(select1, ipxe)},
		{"no-loader", nil, request, join(select1, pxeARM)},
		{"relayed", nil, request, join(select1, pxeUEFI, []opt{relayedBy("10.80.12.254"), option(82, 1, 4, 'e', 't', 'h', '7')})},
		{"nak", nil, request, []opt{toServer("10.80.12.1"), wants("10.80.12.101"), option(61, 1, 2, 3)}},
		{"inform", nil, inform, []opt{ciaddr("10.80.12.5")}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			s, _ := labWith(t, tt.lab...)
			p := packetOf(tt.kind, tt.opts...)
			p.TransactionID = dhcpv4.TransactionID{1, 2, 3, 4}
			r, _ := ask(t, s, incoming(p))
			if r == nil {
				t.Fatal("silence")
			}
			if got := len(r.ToBytes()); got > 576-frame.Overhead {
				t.Errorf("the reply has %d bytes: more than every client takes (RFC 2131 §2)", got)
			}
			golden(t, filepath.Join("testdata", tt.file+".txt"), strings.ReplaceAll(r.Summary(), "\x00", `\0`))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the reply is not %s (-want +got); run with -update if it should be:\n%s", path, diff)
	}
}

// A client must never count longer than the lease on disk.
func TestTimesAreRoundedDown(t *testing.T) {
	m := newMessage(packetOf(request), acked)
	addTimes(m, 3599*time.Second+999*time.Millisecond)
	r, err := dhcpv4.FromBytes(m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	got := [3]time.Duration{r.IPAddressLeaseTime(0), r.IPAddressRenewalTime(0), r.IPAddressRebindingTime(0)}
	want := [3]time.Duration{3599 * time.Second, 1799 * time.Second, 3149 * time.Second}
	if got != want {
		t.Errorf("addTimes() = %v, want %v", got, want)
	}
}

func TestALongScriptURLGoesIntoTheOptionAlone(t *testing.T) {
	s, _ := labWith(t)
	long := "http://10.80.12.1/" + strings.Repeat("a", 200)
	s.cfg.ScriptURL = func(netip.Addr, bool) string { return long }
	r, _ := ask(t, s, incoming(packetOf(discover, ipxe...)))
	if r.BootFileName != "" || r.BootFileNameOption() != long {
		t.Errorf("file = %q, option 67 = %q", r.BootFileName, r.BootFileNameOption())
	}
}

// QUIRKS file-name-unterminated: what stands behind the name in option 67 is NUL.
func TestTheFileNameOfPXEEndsWithNUL(t *testing.T) {
	s, _ := labWith(t)
	r, _ := ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
	if got := string(r.Options.Get(dhcpv4.OptionBootfileName)); got != "snponly.efi\x00" {
		t.Errorf("option 67 = %q", got)
	}
}

// RFC 3046 §2.1, §2.2: option 82 comes back as it was, at the end.
func TestRelayInformationComesBackLast(t *testing.T) {
	s, _ := labWith(t)
	info := option(82, 1, 2, 0xff, 0, 2, 1, 7)
	w := &fakeWire{}
	d := incoming(packetOf(discover, relayedBy("10.80.12.254"), info))
	d.wire = w
	s.handle(t.Context(), d)
	raw := w.sent[0]
	want := "\x52\x07\x01\x02\xff\x00\x02\x01\x07\xff"
	if end := strings.TrimRight(string(raw), "\x00"); !strings.HasSuffix(end, want) {
		t.Errorf("the reply ends with %x, want %x", end[len(end)-12:], want)
	}
}

func TestRoutes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		kind  dhcpv4.MessageType
		opts  []opt
		to    string
		frame bool
	}{
		{"a client without an address gets a frame", discover, []opt{wants("10.80.12.150")}, "10.80.12.150:68", true},
		{"an OFFER does not go where a DISCOVER says that its client is", discover, []opt{wants("10.80.12.150"), ciaddr("10.80.12.7")}, "10.80.12.150:68", true},
		{"a client that asks for broadcasts gets one", discover, []opt{dhcpv4.WithBroadcast(true)}, "255.255.255.255:68", false},
		{"a relay gets what is its client's", discover, []opt{relayedBy("10.80.12.254"), dhcpv4.WithBroadcast(true)}, "10.80.12.254:67", false},
		{"a relay gets refusals too", request, []opt{relayedBy("10.80.12.254"), ciaddr("10.80.12.101")}, "10.80.12.254:67", false},
		{"a client that renews is written to", request, []opt{ciaddr("10.80.12.150"), dhcpv4.WithBroadcast(true)}, "10.80.12.150:68", false},
		{"refusals go to all", request, []opt{ciaddr("10.80.12.101")}, "255.255.255.255:68", false},
		{"an INFORM is answered at its address", inform, []opt{ciaddr("10.80.12.5")}, "10.80.12.5:68", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := labWith(t)
			_, to := ask(t, s, incoming(packetOf(tt.kind, tt.opts...)))
			if to.to.String() != tt.to || to.mac.IsZero() == tt.frame {
				t.Errorf("route = %+v, want %s, in a frame %v", to, tt.to, tt.frame)
			}
		})
	}
}

// A relay must broadcast a refusal (RFC 2131 §4.3.2).
func TestRefusalsThroughARelaySetTheBroadcastFlag(t *testing.T) {
	s, _ := labWith(t)
	r, _ := ask(t, s, incoming(packetOf(request, relayedBy("10.80.12.254"), ciaddr("10.80.12.101"))))
	if r.MessageType() != refused || !r.IsBroadcast() {
		t.Errorf("reply = %v, broadcast %v", r.MessageType(), r.IsBroadcast())
	}
}
