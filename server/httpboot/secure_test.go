package httpboot

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
	"firstlight/server/boot"
)

// sealed is a door that has HTTPS, too, and its root.
func sealed(t *testing.T) (*Server, *site, *x509.Certificate) {
	t.Helper()
	pair, root := testRoot(t)
	sum := sha256.Sum256(root.Raw)
	s, st := door(t, func(c *Config, st *site) {
		st.leases[netip.MustParseAddr("127.0.0.1")] = ours
		c.Secure = Secure{
			Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Root: hex.EncodeToString(sum[:]),
			TLS: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		}
	})
	serving(t, s)
	return s, st, root
}

// over is what a client needs that trusts a root.
func over(root *x509.Certificate, change ...func(*tls.Config)) *http.Client {
	c := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if root != nil {
		c.RootCAs.AddCert(root)
	}
	for _, f := range change {
		f(c)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
}

const efiScript = "/boot/script?mac=52-54-00-00-00-01&platform=efi"

func TestEverythingOfAScriptStaysOnHTTPS(t *testing.T) {
	s, _, root := sealed(t)
	base := "https://" + s.Addrs()[1].String()
	for _, path := range []string{"/boot/entry.ipxe", efiScript} {
		resp, err := over(root).Get(base + path) //nolint:noctx // the client ends with the test
		if err != nil {
			t.Fatal(err)
		}
		text := bodyOf(t, resp)
		if strings.Contains(text, "http://") || !strings.Contains(text, base+"/boot/") {
			t.Errorf("the script leads away from HTTPS:\n%s", text)
		}
		if path == efiScript && !strings.Contains(text, "firstlight.ca="+s.Secure.Root) {
			t.Errorf("the agent is not told whom to trust:\n%s", text)
		}
	}
}

// What UEFI can have over HTTPS is not given over HTTP, whatever the asker says
// that it is.
func TestNoScriptOfUEFIOverHTTP(t *testing.T) {
	s, st, _ := sealed(t)
	asks := func(target string) int { return call{method: "GET", target: target}.do(s).StatusCode }
	if got := asks(efiScript); got != http.StatusForbidden {
		t.Errorf("UEFI over HTTP gets %d, want 403", got)
	}
	bios := strings.Replace(efiScript, "efi", "pcbios", 1)
	if got := asks(bios); got != http.StatusOK {
		t.Errorf("BIOS over HTTP gets %d, want 200", got)
	}
	st.machines[ours].Observed.Platform = "efi"
	if got := asks(bios); got != http.StatusForbidden {
		t.Errorf("a machine that reported with UEFI and asks as a BIOS gets %d, want 403", got)
	}
	if n := strings.Count(st.noted(), "Script refused: it "); n != 2 {
		t.Errorf("the timeline has %d refusals, want 2: %s", n, st.noted())
	}
}

// A handshake that fails is the machine's refusal to boot, and the timeline has
// it with the reason.
func TestARefusedHandshakeIsARow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		client func(root *x509.Certificate) *http.Client
		says   string
	}{
		{"another appliance's root", func(*x509.Certificate) *http.Client { return over(nil) }, `alert "bad certificate"`},
		{"expired", func(root *x509.Certificate) *http.Client {
			return over(root, func(c *tls.Config) { c.Time = func() time.Time { return time.Date(2055, 1, 1, 0, 0, 0, 0, time.UTC) } })
		}, `alert "bad certificate"`},
		{"another name", func(root *x509.Certificate) *http.Client {
			return over(root, func(c *tls.Config) { c.ServerName = "10.9.9.9" })
		}, `alert "bad certificate"`},
		{"it hangs up, as iPXE does", func(*x509.Certificate) *http.Client { return hangsUp() }, "it hung up after it saw our certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, st, root := sealed(t)
			if resp, err := tt.client(root).Get("https://" + s.Addrs()[1].String() + efiScript); err == nil { //nolint:noctx // it fails
				_ = resp.Body.Close()
				t.Fatal("it was answered")
			}
			until(t, "the timeline says "+tt.says, func() bool {
				return strings.Contains(st.noted(), "HTTPS refused by the machine: ") && strings.Contains(st.noted(), tt.says)
			})
			if len(st.decided) > 0 {
				t.Error("a decision was made for it")
			}
		})
	}
}

// hangsUp is a client that sends no alert, whatever it dislikes.
func hangsUp() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return nil, tls.Client(raw, &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // it trusts nobody
			VerifyConnection:   func(tls.ConnectionState) error { return raw.Close() },
		}).HandshakeContext(ctx)
	}
	return &http.Client{Transport: &http.Transport{DialTLSContext: dial}}
}

// The agent trusts the one root that its kernel was told of.
func TestTheAgentTrustsItsRoot(t *testing.T) {
	s, _, _ := sealed(t)
	base, token := "https://"+s.Addrs()[1].String(), s.mint(ours, boot.ModeIdle)
	other := strings.Repeat("ab", sha256.Size)
	for _, tt := range []struct{ root, says string }{
		{s.Secure.Root, ""}, {other, "boot again"}, {"", "certificate"},
	} {
		c, err := appliance.New(base, token, keys(ours))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Trust(tt.root); err != nil {
			t.Fatal(err)
		}
		err = c.Result(t.Context(), report.Result{})
		var refused *appliance.Refusal
		switch {
		case tt.says == "" && err != nil && !errors.As(err, &refused):
			t.Errorf("with the root that it was told: %v", err)
		case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("with root %q: %v, want %q", tt.root, err, tt.says)
		}
	}
}

// testRoot makes a root and the certificate of a door on loopback.
func testRoot(t *testing.T) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
	}
	pair := tls.Certificate{PrivateKey: key}
	for _, c := range []*x509.Certificate{leaf, root} {
		der, err := x509.CreateCertificate(rand.Reader, c, root, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		pair.Certificate = append(pair.Certificate, der)
	}
	parsed, err := x509.ParseCertificate(pair.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	return pair, parsed
}
