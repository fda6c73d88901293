package httpboot

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"firstlight/server/boot"
	"firstlight/server/journal"
)

// watchHandshake hears of every connection that ends. One over TLS whose
// handshake did not come to its end is a boot that stops, and a row in the
// timeline of the machine that has the address.
func (s *Server) watchHandshake(c net.Conn, state http.ConnState) {
	t, ok := c.(*tls.Conn)
	if !ok || state != http.StateClosed || t.ConnectionState().HandshakeComplete {
		return
	}
	err := t.Handshake() //nolint:noctx // what it ended with
	if err == nil {
		return
	}
	s.metrics.refused.WithLabelValues("TLS handshake").Inc()
	from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	id, mac := s.Inventory.WhoIs(from.Addr().Unmap())
	if id == "" && mac.IsZero() {
		return // nobody whom we gave an address: the counter has it
	}
	s.Records.Note(journal.Event{
		Machine: id, MAC: mac, Source: journal.Files, Text: "HTTPS refused by the machine: " + whyNoTLS(err),
		Details: map[string]string{
			journal.DetailOutcome: string(journal.TLSFailed), journal.DetailProblem: whyNoTLS(err),
			"address": from.Addr().Unmap().String(), "error": err.Error(),
		},
	})
}

// whyNoTLS puts the end of a handshake into words. Clients that follow the
// standard name what they dislike in an alert (RFC 8446 §6.2); iPXE 1.21 just
// hangs up, whatever it is.
func whyNoTLS(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // crypto/tls: an alert
		return fmt.Sprintf("it sent the alert %q", strings.TrimPrefix(op.Err.Error(), "tls: "))
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "it hung up after it saw our certificate: its loader is a stock one or keyed by another appliance, or its clock is before 2000 or after 2049"
	default:
		return err.Error()
	}
}

// unprotected tells, in one sentence, why a script that the machine could have
// over HTTPS is not given over HTTP: whoever listens would read its session,
// and a loader that was talked out of TLS would boot all the same.
func (s *Server) unprotected(r *http.Request, req boot.Request, k boot.Known) string {
	switch {
	case s.Secure.TLS == nil || r.TLS != nil:
		return ""
	case req.Stage == boot.StageGRUB && boot.Signed(req, k) != "":
		// GRUB speaks no TLS. Whether it may do without is said by the subnet or by
		// the machine's own report, never by who asks.
		return ""
	case req.Stage == boot.StageGRUB:
		return "its loader is GRUB, which speaks no TLS, and UEFI boots over HTTPS here; set secure_boot on its subnet if it has Secure Boot"
	case req.Platform == "efi":
		return "it has UEFI, which boots over HTTPS here, and asks over HTTP: its loader is not one of this appliance"
	case k.Machine != nil && k.Machine.Observed.Platform == "efi":
		return "it asks as a BIOS over HTTP, but reported with UEFI, which boots over HTTPS here; set its firmware back to UEFI, or machines.https_port to 0 until it has reported with BIOS"
	}
	return ""
}
