package jobs

import "time"

// Limits are the times that steps may take. The zero value takes the defaults.
type Limits struct {
	Power    time.Duration // a BMC's power to follow
	Obey     time.Duration // before a BMC that accepted an order of power counts as one that ignores it
	Ask      time.Duration // after power-on, before a one-time boot from the network counts as ignored
	Boot     time.Duration // a boot request after power-on
	Hand     time.Duration // the same where a person has to power the machine on
	Agent    time.Duration // the agent's first word after the boot request
	Silence  time.Duration // no progress while an image is written
	Write    time.Duration // the whole writing
	Erase    time.Duration // of all disks: the largest are overwritten for days
	Check    time.Duration // beyond the budget of a check
	Home     time.Duration // the installed system's call home
	Settle   time.Duration // before an act whose effect does not show is repeated
	Look     time.Duration // between two looks at one BMC
	Return   time.Duration // for agents to come back after the appliance was away
	Attempts int           // of the way from the netboot to the written image
}

func (l Limits) orDefaults() Limits {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&l.Power, 3*time.Minute)
	set(&l.Obey, 30*time.Second)
	set(&l.Ask, 6*time.Minute)
	set(&l.Boot, 10*time.Minute)
	set(&l.Hand, 24*time.Hour)
	set(&l.Agent, 10*time.Minute)
	set(&l.Silence, 10*time.Minute)
	set(&l.Write, time.Hour)
	set(&l.Erase, 7*24*time.Hour)
	set(&l.Check, 15*time.Minute)
	set(&l.Home, 30*time.Minute)
	set(&l.Settle, 45*time.Second)
	set(&l.Look, 2*time.Second)
	set(&l.Return, 20*time.Second)
	if l.Attempts == 0 {
		l.Attempts = 3
	}
	return l
}
