package httpboot

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// enrol trades the boot token of a script for a session that is bound to the
// agent's key. What is refused is said on the timeline of the token's machine,
// unless anybody could have made it up.
func (s *Server) enrol(w http.ResponseWriter, r *http.Request) error {
	msg, err := report.DecodeMessage[report.Enrol](r.Body)
	if err != nil {
		return malformed(err)
	}
	mac, token, ours := s.opened(msg.Token)
	if !ours || len(msg.Key) != ed25519.PublicKeySize || !ed25519.Verify(msg.Key, report.EnrolText(msg.Token), msg.Proof) {
		s.metrics.enrolments.WithLabelValues(string(trust.Forged)).Inc()
		return status(http.StatusUnauthorized, errors.New("the boot token is none of this appliance, or the proof is not of its key; boot again"))
	}
	outcome, why := trust.Borrowed, s.stolen(r, mac)
	if why == "" {
		if outcome, why, err = s.redeemToken(r, mac, token, report.Fingerprint(msg.Key)); err != nil {
			return crowded(err)
		}
	}
	s.metrics.enrolments.WithLabelValues(string(outcome)).Inc()
	if why != "" {
		s.Records.Note(journal.Event{MAC: mac, Source: journal.Agent, Text: "Enrolment refused: " + why, Details: map[string]string{
			"outcome": string(outcome), "key": report.Fingerprint(msg.Key), "address": source(r).String(), "phase": token.Phase,
		}})
		return status(http.StatusUnauthorized, errors.New(why))
	}
	s.calls.add(mac, string(msg.Key))
	reply(w, http.StatusOK, report.Enrolled{Session: s.session(mac, token.Issued, msg.Key), Challenge: s.challenge})
	return nil
}

// crowded is an appliance that is asked too much by strangers: the agent goes on
// to ask.
func crowded(err error) error {
	if c, ok := errors.AsType[interface {
		error
		Crowded() bool
	}](err); ok {
		return status(http.StatusTooManyRequests, c)
	}
	return err
}

// redeemToken decides, and keeps what it came to before anybody is told. Where
// the machine is not to run the agent any more, the key that runs it may go on.
func (s *Server) redeemToken(r *http.Request, mac machine.MAC, t trust.BootToken, key string) (o trust.Outcome, why string, err error) {
	m, _ := s.Inventory.ByMAC(mac)
	over := boot.Over(m)
	var e trust.Enrolment
	err = s.Records.Enrol(r.Context(), mac, func(have *trust.Enrolment) (trust.Enrolment, string, bool) {
		e, o, why = trust.Redeem(have, t, key, source(r).String(), s.Now())
		switch {
		case o == trust.Enrolled && over != "":
			o, why = trust.Over, over
			return e, "", false
		case o == trust.Enrolled:
			return e, fmt.Sprintf("Redeemed the boot token of the phase %s with key %s", t.Phase, key), true
		default:
			return e, "", have != nil && have.Contest != e.Contest && (o == trust.Stolen || o == trust.Late)
		}
	})
	if err == nil && (o == trust.Stolen || o == trust.Late) {
		s.contest(mac, e.Contest)
	}
	return o, why, err
}

// contest shows on a machine's page that another one speaks for it.
func (s *Server) contest(mac machine.MAC, c trust.Contest) {
	if m, ok := s.Inventory.ByMAC(mac); ok {
		s.Records.Observe(m.ID, func(o *machine.Observed) { o.Contest = machine.Contest{At: c.At, How: c.How, Key: c.Key, From: c.From} })
	}
}

// prove shows on a machine's page by what its boot is known.
func prove(o *machine.Observed, e trust.Enrolment) {
	o.Proof = machine.Proof{At: e.At, Key: e.Key, From: e.From, Phase: e.Phase}
	if c := e.Contest; !c.At.IsZero() {
		o.Contest = machine.Contest{At: c.At, How: c.How, Key: c.Key, From: c.From}
	}
}

// superseded keeps in mind that an agent of an earlier boot speaks still. One
// sentence in the timeline is enough for each boot.
func (s *Server) superseded(ctx context.Context, mac machine.MAC, key, from string) error {
	var e trust.Enrolment
	err := s.Records.Enrol(ctx, mac, func(have *trust.Enrolment) (trust.Enrolment, string, bool) {
		if have == nil || have.Key == key || !have.Contest.At.IsZero() {
			return e, "", false
		}
		e = have.Superseded(key, from, s.Now())
		return e, "Doubt about this boot: " + e.Contest.How, true
	})
	if err == nil && !e.Contest.At.IsZero() {
		s.metrics.enrolments.WithLabelValues(string(trust.TwoAgents)).Inc()
		s.contest(mac, e.Contest)
	}
	return err
}
