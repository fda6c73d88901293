package issue

import (
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Facts is what issues read from the facts of a machine: little of much.
type Facts struct {
	Serial      string // as its firmware shows it
	BMC         bool   // it has one
	BMCUsers    []machine.BMCUser
	Differences []discovery.Difference
	Failing     []machine.FailingDisk
}

// Look reads the facts of a machine; nil where it has not reported.
func Look(m *machine.Machine, t *machine.HardwareType) *Facts {
	if m.Facts == nil {
		return nil
	}
	return &Facts{Serial: m.Facts.Serial, BMC: m.Facts.BMC, BMCUsers: m.Facts.BMCUsers, Differences: discovery.Differences(m, t), Failing: m.Facts.Failing()}
}
