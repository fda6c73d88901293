package issue

import (
	"fmt"
	"strings"
	"time"

	"firstlight/server/machine"
)

// infoOld is when what a BMC said is too old to be believed. They are asked
// every few hours.
const infoOld = 24 * time.Hour

func bmcNoIP(in *Input) *Finding {
	if !in.Facts.BMC || in.Machine.BMC.Address != "" || in.is(machine.Retired) {
		return nil
	}
	return found("It has a BMC without a known address: nobody can switch it from here.", "agent", "saw a BMC", "address", "none", "BMC MAC", in.Machine.BMC.MAC.String())
}

func bmcDuplicate(in *Input) *Finding {
	m := in.Machine
	all := in.Others.BMCs[m.BMC.Address]
	if m.BMC.Address == "" || len(all) < 2 || in.is(machine.Retired) {
		return nil
	}
	var others []string
	for _, name := range all {
		if name != m.Name {
			others = append(others, name)
		}
	}
	names := strings.Join(others[:min(len(others), 5)], ", ")
	return found(fmt.Sprintf("Its BMC has the address %s, and so has that of %s.", m.BMC.Address, names),
		"address", m.BMC.Address, "this", m.Name, "other", names)
}

// refused begins what is kept of a log-in that was refused, as against one
// that was not answered.
const refused = "log-in refused"

func bmcAuth(in *Input) *Finding {
	b := in.Machine.BMC
	if !strings.HasPrefix(b.Failed, refused) || in.is(machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its BMC %s refuses the log-in: give the right one.", b.Address), "BMC", b.Address, "answer", b.Failed)
}

// bmcDefault finds a BMC whose log-in is in its vendor's manual, or that needs none.
func bmcDefault(in *Input) *Finding {
	m := in.Machine
	if in.is(machine.Retired) {
		return nil
	}
	if m.BMC.Factory {
		return found(fmt.Sprintf("Its BMC %s takes the default log-in of its vendor: take it over, or give it another password.", m.BMC.Address), "BMC", m.BMC.Address, "log-in", "its vendor's default")
	}
	for _, u := range in.Facts.BMCUsers {
		if u.Name == "" && u.Enabled && u.Network && u.Privilege != "" {
			return found(fmt.Sprintf("Its BMC lets in over the network whoever gives no name, as %s: disable its user %d.", u.Privilege, u.Slot), "user", fmt.Sprint(u.Slot), "privilege", u.Privilege)
		}
	}
	return nil
}

func bmcUnreachable(in *Input) *Finding {
	m := in.Machine
	if m.BMC.Address == "" || m.Observed.BMCError == "" || in.is(machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its BMC %s does not answer.", m.BMC.Address),
		"BMC", m.BMC.Address, "error", m.Observed.BMCError, "answered last", clock(m.Observed.BMCAt))
}

func bmcInfoOld(in *Input) *Finding {
	m := in.Machine
	if !m.BMC.Proven || m.Observed.BMCError != "" || !in.past(latest(m.Observed.BMCAt, in.Began), infoOld) || in.is(machine.Held, machine.Retired) {
		return nil
	}
	if m.Observed.BMCAt.IsZero() {
		return nil
	}
	return found(fmt.Sprintf("Its BMC %s answered last at %s.", m.BMC.Address, clock(m.Observed.BMCAt)),
		"BMC", m.BMC.Address, "answered last", clock(m.Observed.BMCAt))
}

func powerMismatch(in *Input) *Finding {
	m, o := in.Machine, in.Machine.Observed
	if o.Power != "off" || in.Job != nil || !in.past(o.PowerAt, powerSettles) {
		return nil
	}
	switch {
	// The agent goes on speaking a moment after the power was read.
	case in.Heard.After(o.PowerAt.Add(time.Minute)):
		return found(fmt.Sprintf("Its BMC said at %s that it is off, but its agent speaks since: the BMC may be another machine's.", clock(o.PowerAt)),
			"BMC", "off at "+clock(o.PowerAt), "agent", "speaks since")
	case m.Status == machine.InUse && !in.heard().After(o.PowerAt) && !o.BootAt.After(o.PowerAt):
		return found(fmt.Sprintf("It is in use, but its BMC says that it is off since %s or longer.", clock(o.PowerAt)),
			"status", "in use", "BMC", "off at "+clock(o.PowerAt))
	default:
		return nil
	}
}
