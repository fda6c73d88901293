package lldp

import (
	"time"

	"firstlight/agent/report"
)

// port is one end of a cable. A cable has one other end: where two are heard,
// behind something that forwards LLDP, the first stays until it is silent for as
// long as it said, so that the two do not take turns.
type port struct {
	of      report.Neighbour
	until   time.Time // zero: nobody was heard
	carrier string    // how often the cable had come and gone; another count is perhaps another cable
}

// hear takes what a neighbour says, and says whether it is news.
func (p *port) hear(n report.Neighbour, ttl time.Duration, carrier string, now time.Time) bool {
	own := n.Chassis == p.of.Chassis && n.Port == p.of.Port
	switch alive := now.Before(p.until); {
	case alive && !own && carrier == p.carrier:
		return false
	case ttl == 0: // it goes; where the cable was is no less true
		if own {
			p.until = time.Time{}
		}
		return false
	}
	news := n != p.of
	p.of, p.until, p.carrier = n, now.Add(ttl), carrier
	return news
}

func (p *port) neighbour(now time.Time) *report.Neighbour {
	if !now.Before(p.until) {
		return nil
	}
	n := p.of
	return &n
}
