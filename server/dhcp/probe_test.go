package dhcp

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

// The probe finds whoever has an address on a real cable, by ARP and by echo, and
// takes no longer than it may where nobody does.
func TestProbeOnACable(t *testing.T) {
	host, other := netnstest.Pair(t)
	other.Address("eth0", "10.80.12.77/24")
	for _, tt := range []struct {
		address string
		relayed bool
		want    bool
	}{
		{"10.80.12.77", false, true}, {"10.80.12.77", true, true}, {"10.80.12.78", false, false}, {"10.80.12.78", true, false},
	} {
		began := time.Now()
		err := host.Do(func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			mac, got := wireProber{}.Probe(ctx, Question{Interface: "br0", Server: ourServer, Address: netip.MustParseAddr(tt.address), Relayed: tt.relayed})
			if got != tt.want || got && !tt.relayed && mac.IsZero() {
				t.Errorf("%s, relayed %t: Probe() = %s, %t, want %t", tt.address, tt.relayed, mac, got, tt.want)
			}
			return nil
		})
		if took := time.Since(began); err != nil || took > 5*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	}
}

func TestARPAnswersAreOfTheAddress(t *testing.T) {
	a := netip.MustParseAddr("10.80.12.100")
	mac := machine.MAC{2, 0, 0, 0, 0, 7}
	reply := arpProbe(mac[:], a)
	if _, ok := arpAnswer(reply, a); ok {
		t.Error("a question was taken for an answer")
	}
	reply[7] = arpReply
	copy(reply[14:18], a.AsSlice())
	if got, ok := arpAnswer(reply, a); !ok || got != mac {
		t.Errorf("arpAnswer() = %s, %t", got, ok)
	}
	if _, ok := arpAnswer(reply, a.Next()); ok {
		t.Error("the answer of another address was taken")
	}
	if _, ok := arpAnswer(reply[:20], a); ok {
		t.Error("half an answer was taken")
	}
}
