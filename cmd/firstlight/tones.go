package main

import (
	"firstlight/cmd/firstlight/output"
	"firstlight/server/health"
	"firstlight/server/machine"
)

// tones are the meanings of the words of statuses: of machines, jobs, their
// steps, leases and parts of the appliance. No word has two.
var tones = map[string]output.Tone{
	string(machine.Expected): output.Absent, string(machine.Registered): output.Seen, string(machine.Held): output.Held,
	string(machine.Available): output.Rest, string(machine.Allocated): output.Work, string(machine.Installing): output.Work,
	string(machine.Configuring): output.Work, string(machine.InUse): output.Rest, string(machine.Recycling): output.Work,
	string(machine.Broken): output.Broken, string(machine.Repairing): output.Held, string(machine.Retiring): output.Work,
	string(machine.Retired): output.Absent,

	"queued": output.Absent, "started": output.Work, "finished": output.Rest, "failed": output.Broken, "cancelled": output.Held,
	"waiting": output.Absent, "running": output.Work, "done": output.Rest, "skipped": output.Absent,
	"bound": output.Rest, "released": output.Absent, "declined": output.Broken,
	string(health.OK): output.Rest, string(health.Degraded): output.Held,
}

// status gives a word in the colour of its meaning.
func status(word string) output.Word { return output.Word{Text: word, Tone: tones[word]} }
