package httpboot

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// I-09: two thousand connections that send a byte of their header now and then
// cost a machine nothing: its script comes as before, and they are hung up on
// when a header should be whole, whatever they send meanwhile.
func TestTwoThousandSlowClientsCostAMachineNothing(t *testing.T) {
	s, _ := door(t)
	if s.http.ReadHeaderTimeout != 5*time.Second || s.http.MaxHeaderBytes != 16<<10 || perSource > 64 {
		t.Errorf("limits = %v, %d bytes, %d connections, want 5 s, 16 KiB, 64", s.http.ReadHeaderTimeout, s.http.MaxHeaderBytes, perSource)
	}
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		s.http.ReadHeaderTimeout = 2 * time.Second
	}
	base, _ := serving(t, s)
	before := runtime.NumGoroutine()
	slow := crawl(t, base, 2000)
	began := time.Now()
	took := askAgain(t, base, 100)
	t.Logf("beside %d slow connections a script took %v at the median, %v at most", len(slow), took[50], took[99])
	if took[98] > time.Second {
		t.Errorf("p99 of a script is %v, want at most a second", took[98])
	}
	for i, c := range slow {
		_, _ = io.WriteString(c, "a") // the second byte gives no more time
		_ = c.SetReadDeadline(began.Add(15 * time.Second))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("slow connection %d is still open after 15 s", i)
		}
		_ = c.Close()
	}
	until(t, "nothing is left of them", func() bool { return runtime.NumGoroutine() <= before+10 })
}

// crawl opens connections from as many addresses as their share needs, and
// begins a request on each.
func crawl(t *testing.T, base string, n int) (all []net.Conn) {
	t.Helper()
	for i := range n {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/perSource))}}
		c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "G"); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// askAgain asks for a script over a connection of its own each time, and gives
// how long that took, sorted.
func askAgain(t *testing.T, base string, times int) (took []time.Duration) {
	t.Helper()
	from := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:0"))}
	client := &http.Client{Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for range times {
		began := time.Now()
		got, err := client.Get(base + "/boot/entry.ipxe") //nolint:noctx // bounded by the client
		if err != nil {
			t.Fatal(err)
		}
		if body := bodyOf(t, got); !strings.HasPrefix(body, "#!ipxe\n") {
			t.Fatalf("GET = %s", body)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}
