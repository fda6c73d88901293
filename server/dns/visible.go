package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	miekg "github.com/miekg/dns"
)

// ErrNotVisible is the answer of Visible when the DNS answers and does not say
// what it should: wait, or look at the Problems of the publisher.
var ErrNotVisible = errors.New("not visible in the DNS")

// askTimeout bounds one question to ourselves; askAttempts covers a datagram
// that a busy moment cost.
const (
	askTimeout  = 500 * time.Millisecond
	askAttempts = 3
)

// Visible asks this server, through its socket as any client does, whether name
// has the address want, and says how that was proven. It is the evidence of the
// guard dns-visible: what a map in memory holds proves nothing to a client.
func (s *Server) Visible(ctx context.Context, name string, want netip.Addr) (how string, err error) {
	if len(s.endpoints) == 0 {
		return "", fmt.Errorf("ask for %s: the DNS server does not listen", name)
	}
	at := reachable(s.endpoints[0].addr)
	q := new(miekg.Msg)
	q.SetQuestion(miekg.Fqdn(name), miekg.TypeA)
	if want.Is6() {
		q.Question[0].Qtype = miekg.TypeAAAA
	}
	q.RecursionDesired = false
	kind := miekg.TypeToString[q.Question[0].Qtype]
	r, took, err := ask(ctx, q, at)
	if err != nil {
		return "", fmt.Errorf("ask %s for %s %s: %w", at, kind, name, err)
	}
	got := addresses(r)
	if r.Rcode != miekg.RcodeSuccess || !r.Authoritative || !slices.Contains(got, want) {
		return "", fmt.Errorf("%w: %s %s: %s answers %s %v, want %s",
			ErrNotVisible, kind, name, at.Addr(), miekg.RcodeToString[r.Rcode], got, want)
	}
	return fmt.Sprintf("%s %s answered %s by %s in %.1f ms", kind, strings.TrimSuffix(name, "."), want,
		at.Addr(), float64(took.Microseconds())/1000), nil
}

// ask sends q until it is answered; each attempt has a fresh socket.
func ask(ctx context.Context, q *miekg.Msg, at netip.AddrPort) (r *miekg.Msg, took time.Duration, err error) {
	c := miekg.Client{Net: "udp", Timeout: askTimeout}
	for range askAttempts {
		if r, took, err = c.ExchangeContext(ctx, q, at.String()); err == nil || ctx.Err() != nil {
			break
		}
	}
	return r, took, err
}

func addresses(m *miekg.Msg) (found []netip.Addr) {
	for _, rr := range m.Answer {
		switch rr := rr.(type) {
		case *miekg.A:
			if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				found = append(found, a)
			}
		case *miekg.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA); ok {
				found = append(found, a)
			}
		}
	}
	return found
}
