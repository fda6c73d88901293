package bmcsim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"time"
)

// NewCertificate makes a certificate as BMCs do: self-signed, for a name that
// nobody dials.
func NewCertificate(serial string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a BMC certificate: %w", err)
	}
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make a BMC certificate: %w", err)
	}
	plan := &x509.Certificate{
		SerialNumber: number, Subject: pkix.Name{CommonName: "bmc-" + serial},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a BMC certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// Serve serves this BMC until ctx ends; it closes the listener.
func (b *BMC) Serve(ctx context.Context, l net.Listener) error {
	return serve(ctx, l, b, func(net.Addr) (*BMC, bool) { return b, true })
}

// serve is HTTPS as BMCs do it: HTTP/1.1, TLS 1.2 and up, a certificate each.
func serve(ctx context.Context, l net.Listener, h http.Handler, find func(net.Addr) (*BMC, bool)) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	srv := &http.Server{
		Handler: h, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		// Broken handshakes and hung-up clients are what this server is for.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if b, found := find(hello.Conn.LocalAddr()); found {
				return b.cert()
			}
			return nil, errors.New("no BMC lives at this address")
		}},
	}
	// Close, not Shutdown: a mute BMC would never drain.
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve BMCs at %s: %w", l.Addr(), err)
	}
	return nil
}
