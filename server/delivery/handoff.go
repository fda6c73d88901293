package delivery

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"firstlight/server/machine"
)

// Standing is how far a delivery has come.
type Standing struct {
	Arrived, Missing []*machine.Machine
	// NeverCame are those that were still missing when the delivery was closed.
	NeverCame []*machine.Machine
	// Unexpected came to the delivery's site while it was open and are on no list.
	Unexpected []*machine.Machine
	// First is when the first of them was seen to boot, Last when the last one
	// became available; zero: not yet.
	First, Last time.Time
}

// Sort says for each machine of the fleet what it is to a delivery.
func Sort(d *machine.Delivery, fleet []*machine.Machine) (s Standing) {
	for _, m := range fleet {
		switch {
		case m.Delivery == d.Name && m.Status == machine.Expected:
			s.Missing = append(s.Missing, m)
		case m.Delivery == d.Name && m.Status == machine.Retired && m.ReportedAt.IsZero():
			s.NeverCame = append(s.NeverCame, m)
		case m.Delivery == d.Name:
			s.Arrived = append(s.Arrived, m)
		case m.Delivery == "" && unexpected(d, m):
			s.Unexpected = append(s.Unexpected, m)
		}
	}
	return s
}

// unexpected tells whether a machine that is on no list came with a delivery.
// One that was adopted was there before.
func unexpected(d *machine.Delivery, m *machine.Machine) bool {
	return d.Site != "" && m.Site == d.Site && m.CreatedAt.After(d.CreatedAt) && !m.ReportedAt.IsZero() &&
		m.Status != machine.Retired && (d.ClosedAt.IsZero() || m.CreatedAt.Before(d.ClosedAt)) && !m.Flags.UntilBoot
}

// HandOff is the one line with which a delivery is handed over: "38 available,
// 1 held (spec), 1 DOA; first power-on → last available: 52 min".
func (s *Standing) HandOff() string {
	count := map[string]int{}
	rank := map[string]int{}
	for _, m := range s.Arrived {
		word := m.Status.Human()
		switch {
		case m.Status == machine.Broken && m.Reason == machine.ReasonDOA:
			word = "DOA"
		case (m.Status == machine.Held || m.Status == machine.Broken) && m.Reason != "":
			word += " (" + m.Reason + ")"
		}
		count[word]++
		rank[word] = slices.Index(machine.Statuses(), m.Status)
		if m.Status == machine.Available {
			rank[word] = -1
		}
	}
	var words []string
	for w := range count {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(rank[a], rank[b]), strings.Compare(a, b)) })
	for i, w := range words {
		words[i] = fmt.Sprintf("%d %s", count[w], w)
	}
	if n := len(s.Missing) + len(s.NeverCame); n > 0 {
		words = append(words, fmt.Sprintf("%d missing", n))
	}
	line := strings.Join(words, ", ")
	if !s.First.IsZero() && s.Last.After(s.First) {
		line += "; first power-on → last available: " + took(s.Last.Sub(s.First))
	}
	return line
}

// WriteHandOff writes the machines of a delivery, those that are missing last.
// Serial numbers of orders may begin like a formula.
func (s *Standing) WriteHandOff(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"serial", "name", "status", "reason", "rack", "unit", "bmc_address", "hostname"}); err != nil {
		return err
	}
	for _, m := range slices.Concat(s.Arrived, s.Missing, s.NeverCame) {
		row := []string{m.Serial, m.Name, m.Status.Human(), cmp.Or(m.Reason, m.Sentence), m.Rack, number(m.Unit), m.BMC.Address, m.Hostname}
		for i := range row {
			row[i] = guard(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func took(d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case minutes < 120:
		return fmt.Sprintf("%d min", minutes)
	default:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
}
