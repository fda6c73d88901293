package web

import (
	"net/http"
	"strings"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// BootClient is a machine as its firmware shows itself.
type BootClient struct{ Ref, Subnet, Firmware, Arch string }

// BootStep is one thing that a booting machine asks, and what it gets.
type BootStep struct{ Asks, Gets string }

// Simulation is a boot that nobody did.
type Simulation struct {
	Steps   []BootStep
	Answer  *boot.Answer // what comes of it; nil: not even a script
	Lines   []string     // of the script
	Options []machine.AppliedSet
}

// simulationData is a boot that nobody did: the question as it was asked, and
// the answer to it.
type simulationData struct {
	Asked   BootClient
	Subnets []subnetRow
	Simulation
	Says  string // what comes of it, and why
	Wrong string
}

// Firmwares and Archs are the choices of the form.
func (simulationData) Firmwares() []string { return []string{"uefi", "http", "bios"} }

// Archs are described with Firmwares.
func (simulationData) Archs() []string { return []string{"x64", "arm64", "x86"} }

func (s *Site) simulation(r *http.Request, subnets []subnetRow) simulationData {
	q := r.URL.Query()
	ask := func(name string) string { return clip(strings.TrimSpace(q.Get(name)), 64) }
	d := simulationData{Asked: BootClient{ask("machine"), ask("subnet"), ask("firmware"), ask("arch")}, Subnets: subnets}
	if d.Asked.Firmware == "" {
		return d // nobody asked
	}
	told, err := s.Insight.Simulate(r.Context(), d.Asked)
	if err != nil {
		d.Wrong = sentence(err.Error())
	}
	if told == nil {
		return d
	}
	if d.Simulation = *told; d.Answer != nil {
		d.Says = target(*d.Answer) + " " + sentence(d.Answer.Why)
	}
	return d
}
