package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// lightVerbs are what Light takes, and what the identify light does then.
var lightVerbs = [...]struct {
	verb string
	want oob.Indicator
}{{"on", oob.IndicatorLit}, {"off", oob.IndicatorOff}, {"blink", oob.IndicatorBlinking}}

// lightLimit bounds one act on an identify light: a log-in, a change and the
// proof of it.
const lightLimit = time.Minute

// Light lets a machine's identify light shine, blink or end, and returns once the
// BMC shows it. It points at a machine and changes nothing of it, so that neither
// a lock nor a job forbids it. The act goes on when the one who asked hangs up,
// or nobody would know what the light does.
func (d *Desk) Light(ctx context.Context, who auth.User, name, verb string) error {
	m, by, err := d.allowed(who, name, auth.Point)
	if err != nil {
		return err
	}
	want, err := lightVerb(verb)
	if err != nil {
		return err
	}
	if err := d.DB.RecordAudit(ctx, by, "light "+verb, m.Name, m.Observed.Light, string(want)); err != nil {
		return err
	}
	d.DB.Note(journal.Event{Machine: m.ID, Source: journal.People, Text: "Asked for identify light " + verb, Who: who.Name})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lightLimit)
	defer cancel()
	err = d.Jobs.WithBMC(ctx, m, func(c oob.Controller) error { return d.Jobs.Shine(ctx, c, m, want) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, oob.ErrNoLogin), errors.Is(err, oob.ErrCredentials):
		return conflict(err.Error(), "give its BMC's log-in (firstlight bmc set "+m.Serial+"), or look for the machine "+standing(m))
	case errors.Is(err, oob.ErrUnsupported):
		return conflict(fmt.Sprintf("machine %s: %v", m.Name, err), "look for the machine "+standing(m))
	}
	d.DB.Note(journal.Event{Machine: m.ID, Source: journal.BMC, Text: fmt.Sprintf("Identify light %s did not work: %v", verb, err)})
	return fmt.Errorf("light %s of machine %s: %w", verb, m.Name, err)
}

func lightVerb(verb string) (oob.Indicator, error) {
	var all []string
	for _, v := range lightVerbs {
		if v.verb == verb {
			return v.want, nil
		}
		all = append(all, v.verb)
	}
	return "", &Refused{Field: "action", Value: verb, Why: "no such act of an identify light", Remedy: "want one of " + strings.Join(all, ", ")}
}

// standing is how a person finds a machine without its light.
func standing(m *machine.Machine) string {
	text := "with serial number " + m.Serial
	if m.Rack != "" {
		text += " in rack " + m.Rack
	}
	if m.Rack != "" && m.Unit > 0 {
		text += fmt.Sprintf(" unit %d", m.Unit)
	}
	return text
}
