package httpboot

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// trap listens and tells how often somebody came.
func trap(t *testing.T) (address string, visits chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	visits = make(chan struct{}, 1<<16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			visits <- struct{}{}
			c.Close()
		}
	}()
	return l.Addr().String(), visits
}

// I-10: whatever a request says, it never makes the appliance ask elsewhere or
// read a file of the host, and is never sent elsewhere.
func TestNoRequestSendsUsElsewhere(t *testing.T) {
	s, _ := door(t)
	address, visits := trap(t)
	fill := strings.NewReplacer("{name}", "x", "{token}", "guessed")
	for _, to := range []string{"http://" + address + "/x", "//" + address, "http://169.254.169.254/", "file:///etc/passwd", "unix:/run/docker.sock", "http://[::1]:" + address[strings.LastIndex(address, ":")+1:] + "/"} {
		for _, r := range routes {
			method, path, _ := strings.Cut(r.pattern, " ")
			for _, name := range []string{"url", "image", "source", "sourceISO", "kernel", "initrd", "next", "redirect", "callback", "mac", "net", "arch", "serial"} {
				target := fill.Replace(path) + "?" + url.Values{name: {to}}.Encode()
				asked := call{method: method, target: target, body: fmt.Sprintf(`{%q: %q}`, name, to)}
				got := asked.do(s)
				body := bodyOf(t, got)
				if strings.Contains(body, "root:") || got.StatusCode/100 == 3 {
					t.Errorf("%s %s = %d %.100q to %q", method, target, got.StatusCode, body, got.Header.Get("Location"))
				}
			}
		}
	}
	select {
	case <-visits:
		t.Error("a request had the appliance call another address")
	case <-time.After(50 * time.Millisecond):
	}
}

// The door is no proxy: neither a whole URL nor CONNECT reaches another host.
func TestTheDoorIsNoProxy(t *testing.T) {
	s, _ := door(t)
	base, _ := serving(t, s)
	address, visits := trap(t)
	for _, first := range []string{"GET http://" + address + "/boot/entry.ipxe", "GET http://" + address + "/", "CONNECT " + address} {
		c := dial(t, base)
		if _, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", first, address); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if bodyOf(t, got); strings.HasPrefix(first, "CONNECT") && got.StatusCode == http.StatusOK {
			t.Errorf("%s = %s, want a refusal", first, got.Status)
		}
	}
	select {
	case <-visits:
		t.Error("the door called another address")
	case <-time.After(50 * time.Millisecond):
	}
}
