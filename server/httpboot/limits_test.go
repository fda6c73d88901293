package httpboot

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func dial(t *testing.T, base string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ends tells whether the other side closes a connection.
func ends(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return err
}

func TestAHeaderThatNeverEndsIsHungUpOn(t *testing.T) {
	s, _ := door(t)
	if s.http.ReadHeaderTimeout != 5*time.Second || s.http.ReadTimeout != 90*time.Second || s.http.IdleTimeout == 0 {
		t.Errorf("limits of the server = %+v", s.http)
	}
	s.http.ReadHeaderTimeout, s.http.ReadTimeout = 50*time.Millisecond, 50*time.Millisecond
	base, _ := serving(t, s)
	for _, sent := range []string{"GET /boot/entry.ipxe HTTP/1.1\r\nHost: h\r\nX: ", "G", "POST /home/v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"} {
		c := dial(t, base)
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		if err := ends(c); err != nil {
			t.Errorf("after %q: %v, want the connection closed", sent, err)
		}
	}
}

func TestAHeaderThatIsTooLargeIsRefused(t *testing.T) {
	s, _ := door(t)
	base, _ := serving(t, s)
	c := dial(t, base)
	go func() {
		_, _ = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	}()
	got, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // only read
	if got.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of header = %d, want 431", got.StatusCode)
	}
}

func TestAReaderThatStallsIsGivenUp(t *testing.T) {
	s, st := door(t)
	s.stall = 50 * time.Millisecond
	large := content(imageBytes)
	for range 5 {
		large = append(large, large...) // more than the buffers of two sockets hold
	}
	if err := s.Images.WriteFile("debian.raw.zst", large, 0o600); err != nil {
		t.Fatal(err)
	}
	base, _ := serving(t, s)
	c := dial(t, base)
	if _, err := io.WriteString(c, "GET /boot/images/debian-12 HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	until(t, "the transfer is noted as broken off", func() bool { return strings.Contains(st.noted(), "GET debian-12 → 200, broken off") })
}

func TestWhatASlowReaderTakesInPiecesIsWhole(t *testing.T) {
	s, st := door(t)
	large := content(3*piece + 5)
	if err := s.Images.WriteFile("debian.raw.zst", large, 0o600); err != nil {
		t.Fatal(err)
	}
	base, _ := serving(t, s)
	got, err := http.Get(base + "/boot/images/debian-12") //nolint:noctx // bounded by the server
	if err != nil {
		t.Fatal(err)
	}
	if bodyOf(t, got) != string(large) {
		t.Error("the body is not the file")
	}
	until(t, "the transfer is noted", func() bool { return st.noted() != "" })
	if want := fmt.Sprintf("GET debian-12 → 200 %d", len(large)); st.noted() != want {
		t.Errorf("noted %q, want %q", st.noted(), want)
	}
}

func TestOneAddressHasItsShareOfConnections(t *testing.T) {
	s, _ := door(t)
	s.http.ReadHeaderTimeout = time.Minute // which would end them too
	base, _ := serving(t, s)
	for range perSource {
		dial(t, base)
	}
	l, ok := s.listeners[0].(*limited)
	if !ok {
		t.Fatal("the listener has no limit")
	}
	open := func() int { l.mu.Lock(); defer l.mu.Unlock(); return l.open["127.0.0.1"] }
	until(t, "all are open", func() bool { return open() == perSource })
	if err := ends(dial(t, base)); err != nil {
		t.Errorf("connection %d = %v, want it closed", perSource+1, err)
	}
	other := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := other.DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only read
	if _, err := io.WriteString(c, "GET /boot/entry.ipxe HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "HTTP/1.0 200 OK\r\n" {
		t.Errorf("another address gets %q, %v", line, err)
	}
}

func TestAClosedConnectionGivesItsShareBack(t *testing.T) {
	s, _ := door(t)
	base, _ := serving(t, s)
	l, _ := s.listeners[0].(*limited)
	c := dial(t, base)
	until(t, "it is open", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.open["127.0.0.1"] == 1 })
	_ = c.Close()
	until(t, "nothing is kept of it", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.open) == 0 })
}

func TestListenSaysWhatStandsInTheWay(t *testing.T) {
	s, _ := door(t)
	serving(t, s)
	taken := s.Addrs()[0]
	for _, tt := range []struct {
		name string
		addr netip.AddrPort
		want string
	}{
		{"the port is in use", taken, "the port is in use by another program; stop it (ss -ltnp shows which) or set machines.http_port"},
		{"no interface has the address", netip.MustParseAddrPort("192.0.2.1:8080"), "no interface of this host has the address; set interfaces[].address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := door(t, func(c *Config, _ *site) {
				c.Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0"), tt.addr}
			})
			if err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.addr.String()) {
				t.Errorf("Listen() = %v, want %q", err, tt.want)
			}
			if err := ends(dialOf(t, s.listeners[0])); err == nil {
				t.Error("the first socket is still open")
			}
		})
	}
	if err := explain(taken, "http_port", syscall.EACCES); !strings.Contains(err.Error(), "CAP_NET_BIND_SERVICE") {
		t.Errorf("explain(EACCES) = %v", err)
	}
	if err := explain(taken, "http_port", syscall.ENOBUFS); !strings.Contains(err.Error(), syscall.ENOBUFS.Error()) {
		t.Errorf("explain(ENOBUFS) = %v", err)
	}
}

// dialOf gives a connection to a listener, closed where there is none.
func dialOf(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err == nil {
		t.Errorf("%s still answers", l.Addr())
		return c
	}
	a, b := net.Pipe()
	_, _ = a.Close(), b.Close()
	return a
}

func TestMetricsCountWhatWasAskedSentAndRefused(t *testing.T) {
	s, _ := door(t)
	for _, c := range []call{
		{method: "GET", target: "/boot/images/debian-12", header: map[string]string{"Range": "bytes=0-99"}},
		{method: "HEAD", target: "/boot/images/debian-12"},
		{method: "GET", target: "/boot/script"},
		{method: "GET", target: "/agent/v1/order"},
	} {
		c.do(s)
	}
	want := []string{
		"firstlight_agent_crashes_total 0", "firstlight_agent_log_lines_total 0",
		"firstlight_http_machine_refused_total Bad Request 1",
		"firstlight_http_machine_refused_total Unauthorized 1",
		"firstlight_http_machine_requests_total GET /agent/v1/order 1",
		"firstlight_http_machine_requests_total GET /boot/images/{name} 2",
		"firstlight_http_machine_requests_total GET /boot/script 1",
		"firstlight_http_machine_sent_bytes_total 100",
	}
	if diff := cmp.Diff(want, counters(t, s)); diff != "" {
		t.Errorf("counters differ (-want +got):\n%s", diff)
	}
}

// counters gives every counter with its label and value, as a scrape finds them.
func counters(t *testing.T, s *Server) []string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(s); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			words := []string{f.GetName()}
			for _, l := range m.GetLabel() {
				words = append(words, l.GetValue())
			}
			all = append(all, strings.Join(append(words, fmt.Sprint(m.GetCounter().GetValue())), " "))
		}
	}
	return all
}
