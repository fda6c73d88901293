package appliance

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Trust lets the appliance's certificate count whose chain holds the root with
// this SHA-256, in hex, as the kernel's command line named it. The boot image
// knows no other roots. Without one, calls over HTTPS fail.
func (c *Client) Trust(root string) error {
	if root == "" {
		return nil
	}
	sum, err := hex.DecodeString(root)
	if err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("firstlight.ca is %q, not the SHA-256 of a root certificate in hex", root)
	}
	u, err := url.Parse(c.base)
	if err != nil {
		return err
	}
	for _, h := range []*http.Client{c.calls, c.images} {
		h.Transport.(*http.Transport).TLSClientConfig = pinned(u.Hostname(), [sha256.Size]byte(sum)) //nolint:forcetypeassert // both are made above
	}
	return nil
}

// pinned checks certificates against the one root. The root comes in the chain:
// it may be one that another root signed, which is of no interest here.
func pinned(host string, root [sha256.Size]byte) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it, with our root
		VerifyConnection: func(s tls.ConnectionState) error {
			o := x509.VerifyOptions{DNSName: host, Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
			found := false
			for _, cert := range s.PeerCertificates[1:] {
				if sha256.Sum256(cert.Raw) == root {
					o.Roots.AddCert(cert)
					found = true
					continue
				}
				o.Intermediates.AddCert(cert)
			}
			if !found {
				return errors.New("the appliance shows no certificate of the root that this boot was told to trust: it is another one, or its root was replaced; boot again")
			}
			_, err := s.PeerCertificates[0].Verify(o)
			return err
		},
	}
}
