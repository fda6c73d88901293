package dhcp

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

func TestQueueDropsTheOldestOfTheLeastImportant(t *testing.T) {
	for _, test := range []struct {
		name string
		came []class // packets, numbered from 0
		kept []int   // in the order of their answers
		shed [classes]int
	}{
		{"one class", []class{classUnknown, classUnknown, classUnknown, classUnknown}, []int{1, 2, 3}, [classes]int{classUnknown: 1}},
		{"in their order", []class{classExcess, classKnown, classRenewal}, []int{2, 1, 0}, [classes]int{}},
		{"strangers make room", []class{classUnknown, classExcess, classKnown, classRenewal, classKnown}, []int{3, 2, 4}, [classes]int{classUnknown: 1, classExcess: 1}},
		{"a stranger gets no room of others", []class{classKnown, classRenewal, classKnown, classUnknown}, []int{1, 0, 2}, [classes]int{classUnknown: 1}},
		{"renewals alone", []class{classRenewal, classRenewal, classRenewal, classRenewal}, []int{1, 2, 3}, [classes]int{classRenewal: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var shed [classes]int
			q := newQueue(3, 1, func(c class) { shed[c]++ })
			for i, c := range test.came {
				d := q.blank()
				d.size, d.class = i, c
				q.push(d)
			}
			q.close()
			var kept []int
			for d, ok := q.pop(); ok; d, ok = q.pop() {
				kept = append(kept, d.size)
				q.done(d)
			}
			if !slices.Equal(kept, test.kept) || shed != test.shed || len(q.free) != 4 {
				t.Errorf("kept %v, shed %v, %d buffers free, want %v, %v, 4", kept, shed, len(q.free), test.kept, test.shed)
			}
		})
	}
}

// H-06: a storm while the disk stalls. Memory and goroutines stay what they
// were, and the newest packets are answered once the disk is back.
func TestFlood(t *testing.T) {
	m := newMemory(lab())
	m.stall = make(chan struct{})
	s := serverOver(t, m, time.Now)
	ctx, cancel := contextWithCancel(t)
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	w := &fakeWire{}
	before := runtime.NumGoroutine()
	const storm = 5000
	for i := range storm {
		mac := machine.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}
		d := s.queue.blank()
		d.size = copy(d.buffer[:], packetOf(request, fromMAC(mac), toServer("10.80.12.1"), wants("10.80.12.150")).ToBytes())
		d.from, d.wire, d.arrived = here, w, time.Now()
		s.queue.push(d)
	}
	if got := runtime.NumGoroutine(); got > before {
		t.Errorf("goroutines = %d, were %d before the storm", got, before)
	}
	dropped := s.metrics.dropped[dropQueueFull].Load()
	// 64 wait, 4 are with workers, the rest is gone.
	if want := uint64(storm - 64 - 4); dropped < want || dropped > want+4 {
		t.Errorf("dropped = %d, want about %d", dropped, want)
	}
	close(m.stall)
	deadline := time.Now().Add(30 * time.Second)
	for uint64(w.count())+dropped < storm && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if got := uint64(w.count()); got+dropped != storm {
		t.Errorf("answered = %d, want %d", got, storm-dropped)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
}

type faulty struct{ *memory }

func (faulty) Known(boot.Request) boot.Known { panic("index out of range") }

func TestAPanicCostsOnePacket(t *testing.T) {
	s, m := labWith(t)
	s.cfg.Inventory = faulty{m}
	if r, _ := ask(t, s, incoming(packetOf(discover))); r != nil {
		t.Errorf("answer = %v, want silence", r.MessageType())
	}
	if got := s.metrics.dropped[dropPanic].Load(); got != 1 {
		t.Errorf("panics = %d, want 1", got)
	}
	s.cfg.Inventory = m
	if r, _ := ask(t, s, incoming(packetOf(discover))); r == nil {
		t.Error("silence after the fault is gone")
	}
}

func TestMetrics(t *testing.T) {
	s, _ := labWith(t, bound)
	ask(t, s, incoming(packetOf(request, ciaddr("10.80.12.100"))))
	ask(t, s, incoming(packetOf(discover, dhcpv4.WithGatewayIP(slice(ourServer)))))
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(s)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if m.GetCounter().GetValue() > 0 {
				seen.WriteString(f.GetName() + " " + m.GetLabel()[0].GetValue() + "\n")
			}
			if n := m.GetHistogram().GetSampleCount(); n > 0 {
				seen.WriteString(f.GetName() + "\n")
			}
		}
	}
	want := "firstlight_dhcp_ack_seconds\nfirstlight_dhcp_dropped_total loop\n" +
		"firstlight_dhcp_received_total request\nfirstlight_dhcp_sent_total ack\n"
	if got := seen.String(); got != want {
		t.Errorf("metrics above zero:\n%swant:\n%s", got, want)
	}
}
