package web

import (
	"net/http"
	"strings"
)

// BootClient is a machine as its firmware shows itself.
type BootClient struct{ Ref, Subnet, Firmware, Arch string }

// BootStep is one thing that a booting machine asks, and what it gets.
type BootStep struct{ Asks, Gets string }

// simulationData is a boot that nobody did: the question as it was asked, and
// the answer to it.
type simulationData struct {
	Asked   BootClient
	Subnets []subnetRow
	Steps   []BootStep
	Says    string // what comes of it, and why
	Lines   []string
	Wrong   string
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
	steps, answer, lines, err := s.Insight.Simulate(r.Context(), d.Asked)
	if err != nil {
		d.Wrong = sentence(err.Error())
	}
	if d.Steps, d.Lines = steps, lines; answer != nil {
		d.Says = target(*answer) + " " + sentence(answer.Why)
	}
	return d
}
