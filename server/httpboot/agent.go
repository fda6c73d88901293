package httpboot

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// clash is an error of ServerDb that a person has to look at.
type clash interface {
	error
	Clash() bool
}

// report takes what an agent found.
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	c, err := s.who(r)
	if err != nil {
		return err
	}
	mac := c.mac
	rep, err := report.Decode(r.Body)
	if err != nil {
		return malformed(err)
	}
	if !names(&rep, mac) {
		return status(http.StatusConflict, fmt.Errorf("the report names no interface %s, through which the machine booted", mac))
	}
	if _, ok := s.Inventory.SubnetFor(source(r)); !ok {
		return status(http.StatusConflict, fmt.Errorf("the report comes from %s, which lies in no subnet of ours: add one that holds it", source(r)))
	}
	m, err := s.Records.Report(r.Context(), &rep, source(r))
	if err != nil {
		return s.unclear(mac, err)
	}
	e, enrolled := s.Records.Enrolment(mac)
	s.Records.Observe(m.ID, func(o *machine.Observed) {
		o.CallAt, o.AgentBoot, o.Power, o.PowerAt = s.Now(), rep.Boot.ID, "on", s.Now()
		o.Waits, o.Progress = Sentence(m), 0
		if enrolled {
			prove(o, e)
		}
		o.Platform, o.SecureBoot, o.BootOrder = rep.Boot.Platform, rep.Firmware.SecureBoot, discovery.BootOrder(rep.Boot.Order)
		o.Agent = discovery.Clean(rep.Boot.Agent)
	})
	if err := s.Jobs.Reported(r.Context(), m, rep.Boot.ID); err != nil {
		return err
	}
	reply(w, http.StatusOK, report.Welcome{Name: m.Name, Status: string(m.Status), Sentence: Sentence(m), Page: s.Page(m.Name)})
	return nil
}

// unclear tells the agent, and the timeline of its MAC, what a person must
// look at.
func (s *Server) unclear(mac machine.MAC, err error) error {
	var c clash
	if !errors.As(err, &c) {
		return err
	}
	s.Records.Note(journal.Event{MAC: mac, Source: journal.Agent, Text: "Report refused: " + c.Error()})
	return status(http.StatusConflict, c)
}

func names(r *report.Report, mac machine.MAC) bool {
	for _, n := range r.NICs {
		if m, err := machine.ParseMAC(n.MAC); err == nil && m == mac {
			return true
		}
	}
	return false
}

// Sentence says what a machine in the agent waits for.
func Sentence(m *machine.Machine) string {
	switch m.Status {
	case machine.Available:
		return "Available: waits for somebody to ask for it"
	case machine.Allocated:
		return "Allocated as " + m.Hostname + ": its install is about to start"
	case machine.Installing:
		return "Installs " + m.Image + " as " + m.Hostname
	case machine.Recycling:
		return "Has its disks erased"
	case machine.Held:
		return "Held: " + m.Sentence
	case machine.Registered:
		return "Registered: being checked"
	case machine.Broken:
		return "Broken: " + m.Sentence
	default:
		return "It is " + m.Status.Human()
	}
}

// redeem trades an order's token for its plan.
func (s *Server) redeem(w http.ResponseWriter, r *http.Request) error {
	c, err := s.who(r)
	if err != nil {
		return err
	}
	m, err := s.machineOf(c)
	if err != nil {
		return err
	}
	msg, err := report.DecodeMessage[report.Redeem](r.Body)
	if err != nil {
		return malformed(err)
	}
	if c.key != "" {
		c.shown.Position = s.Records.Position(m, c.mac, time.Unix(0, c.issued))
	}
	plan, err := s.Jobs.Redeem(r.Context(), m, c.shown, msg)
	if err != nil {
		if errors.Is(err, boot.ErrRefused) {
			s.Records.Note(journal.Event{Machine: m.ID, Source: journal.Agent, Text: "Redemption refused: " + err.Error()})
		}
		return err
	}
	reply(w, http.StatusOK, plan)
	return nil
}

func (s *Server) progress(w http.ResponseWriter, r *http.Request) error {
	m, err := s.agent(r)
	if err != nil {
		return err
	}
	msg, err := report.DecodeMessage[report.Progress](r.Body)
	if err != nil {
		return malformed(err)
	}
	s.Jobs.Heard(m)
	if err := s.Jobs.Progress(m, msg); err != nil {
		return status(http.StatusConflict, err) // the order is void
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) result(w http.ResponseWriter, r *http.Request) error {
	m, err := s.agent(r)
	if err != nil {
		return err
	}
	msg, err := report.DecodeMessage[report.Result](r.Body)
	if err != nil {
		return malformed(err)
	}
	s.Jobs.Heard(m)
	if err := s.Jobs.Result(r.Context(), m, msg); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// home takes the call of an installed system.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	msg, err := report.DecodeMessage[report.Home](r.Body)
	if err != nil {
		return malformed(err)
	}
	if err := s.Jobs.Home(r.Context(), r.PathValue("token"), msg); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// malformed is the agent's mistake, unless the message was too large.
func malformed(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return status(http.StatusBadRequest, fmt.Errorf("message: %w", err))
}
