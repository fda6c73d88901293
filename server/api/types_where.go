package api

import (
	"time"

	"firstlight/server/whereabouts"
)

// Where is what is known of where a machine is cabled.
type Where struct {
	Cables []Cable `json:"cables" nullable:"false" doc:"Of its interfaces, and of its BMC"`
	// Match is absent where fewer than two agree, or any two do not.
	Match *Match `json:"match,omitempty" doc:"A place on which two legs agree; absent: there is none, or something disagrees"`
}

// Cable is one of them: where the plan wants it, and who saw it where.
type Cable struct {
	Name   string     `json:"name" doc:"Of the interface; BMC for that of the management controller" example:"eth0"`
	MAC    string     `json:"mac,omitempty" example:"52:54:00:12:34:56"`
	Switch string     `json:"switch,omitempty" doc:"Where the plan wants it" example:"sw3"`
	Port   string     `json:"port,omitempty" example:"23"`
	Seen   []Sighting `json:"seen" nullable:"false" doc:"By LLDP and by DHCP relays; empty: not known"`
	Wrong  string     `json:"wrong,omitempty" doc:"What disagrees, and what to do; absent: nothing" example:"eth0 is in sw3/31 by its relay (option 82), plan says sw3/23: move the cable to sw3/23, or accept where it is."`
}

// Sighting is what one leg says of a cable.
type Sighting struct {
	Leg    string `json:"leg" enum:"lldp,relay" doc:"lldp: the switch, to the agent; relay: the DHCP relay, to the appliance"`
	Switch string `json:"switch,omitempty" doc:"Absent: it names none that is known" example:"sw3"`
	Port   string `json:"port,omitempty" doc:"As the switch spells it" example:"Ethernet31"`
	Sure   bool   `json:"sure" doc:"It names both, so that it is held against the plan and the other leg"`
	Why    string `json:"why,omitempty" doc:"It is not" example:"the relay names a port, but no switch that is known"`

	Relay   string     `json:"relay,omitempty" doc:"Address of the relay" example:"10.80.12.254"`
	Circuit string     `json:"circuit,omitempty" doc:"Circuit id (option 82), or Interface-Id (option 18 of DHCPv6), as text, else in hex" example:"sw3:Ethernet31"`
	Remote  string     `json:"remote,omitempty" doc:"Remote id (option 82; option 37 of DHCPv6)" example:"00:1c:73:00:00:01"`
	Since   *time.Time `json:"since,omitempty" doc:"The relay says so"`
	At      *time.Time `json:"at,omitempty" doc:"The relay said so last, to the hour"`
}

// Match is a place on which two legs agree.
type Match struct {
	Cable   string     `json:"cable" example:"eth0"`
	Switch  string     `json:"switch" example:"sw3"`
	Port    string     `json:"port" example:"Ethernet31"`
	Planned bool       `json:"planned" doc:"The plan says the same"`
	By      []Sighting `json:"by" nullable:"false" doc:"What the two said"`
}

func showWhere(w whereabouts.Where) *Where {
	shown := &Where{Cables: each(w.Cables, showCable)}
	if m, ok := w.Match(); ok {
		shown.Match = &Match{Cable: m.Cable, Switch: m.Switch, Port: m.Port, Planned: m.Planned, By: each(m.Evidence, showSighting)}
	}
	return shown
}

func showCable(c whereabouts.Cable) Cable {
	shown := Cable{Name: c.Name, Switch: c.Switch, Port: c.Port, Seen: each(c.Seen, showSighting)}
	if !c.MAC.IsZero() {
		shown.MAC = c.MAC.String()
	}
	if c.Disagreement != nil {
		shown.Wrong = c.Disagreement.Sentence
	}
	return shown
}

func showSighting(s whereabouts.Sighting) Sighting {
	return Sighting{
		Leg: string(s.Leg), Switch: s.Switch, Port: s.Port, Sure: s.Sure, Why: s.Why,
		Relay: showAddr(s.Relay), Circuit: s.Circuit, Remote: s.Remote, Since: showTime(s.Since), At: showTime(s.At),
	}
}
