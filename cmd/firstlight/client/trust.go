package client

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Authority asks an appliance for the certificate of its CA and checks that it
// signed the door's own. Whether it is the right appliance, only the fingerprint
// that the appliance prints on its console can tell.
func Authority(ctx context.Context, address string) (*x509.Certificate, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("url %q: want https://HOST:PORT, such as https://127.0.0.1:8443", address)
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "443")
	}
	d := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: 10 * time.Second},
		Config:    &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, //nolint:gosec // nothing is sent; a person compares the fingerprint
	}
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, (&Client{place: host}).unreachable(ctx, err)
	}
	defer conn.Close() //nolint:errcheck // nothing was sent
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return nil, fmt.Errorf("%s speaks no TLS", host)
	}
	return authorityOf(secure.ConnectionState().PeerCertificates, u.Hostname())
}

// authorityOf finds the CA in a chain whose leaf is good for a name.
func authorityOf(chain []*x509.Certificate, name string) (*x509.Certificate, error) {
	ca := chain[len(chain)-1]
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if len(chain) < 2 || !ca.IsCA {
		return nil, fmt.Errorf("%s does not show its CA: copy ca.crt from the appliance's state folder and give it with --ca-file", name)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
		return nil, fmt.Errorf("the certificate of %s is not good (%w): use a name of the certificate, or add it to people.names of the appliance", name, err)
	}
	return ca, nil
}

// Fingerprint is what an appliance prints of its CA.
func Fingerprint(ca *x509.Certificate) string {
	sum := sha256.Sum256(ca.Raw)
	return hex.EncodeToString(sum[:])
}
