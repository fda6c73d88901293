package server

import (
	"context"
	"net"
	"net/netip"
	"time"

	"firstlight/server/api"
	"firstlight/server/gate"
)

func (a *Appliance) openGates(context.Context) error {
	a.gates = gate.New(gate.Config{
		DB: a.db, Keys: &gate.Keys{Store: a.db, Key: a.key}, Log: a.Log.With("part", "gates"), Now: time.Now, Answers: a.answerURL,
	})
	a.metrics.MustRegister(a.gates)
	return nil
}

// answerURL is where a system outside answers: the people's door by its first
// name in the certificate or, where it listens on every address, by one of ours.
func (a *Appliance) answerURL(id string) string {
	host, port, err := net.SplitHostPort(a.people.address())
	if err != nil { // a socket that systemd opened in a way of its own
		host, port = "", "443"
	}
	if addr, bad := netip.ParseAddr(host); bad != nil && host == "" || bad == nil && addr.IsUnspecified() {
		host = a.own()[0].String()
	}
	if names := a.Config.People.Names; len(names) > 0 {
		host = names[0]
	}
	return "https://" + net.JoinHostPort(host, port) + api.AnswerPath(id)
}
