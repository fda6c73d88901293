package api

import (
	"time"

	"firstlight/server/trust"
)

// Trust is how far a boot has proven to be the machine's: which secrets its agent
// may be given.
type Trust struct {
	Rung  string   `json:"rung" enum:"none,token,position,tpm" doc:"Of the identity ladder; none: another one speaks for the machine, too" example:"position"`
	Doubt string   `json:"doubt,omitempty" doc:"Why nothing is proven, one sentence without its end"`
	Rungs []Proven `json:"rungs" nullable:"false" doc:"What the boot has shown, by rung, the lowest first"`
}

// Proven is one rung: how the boot came to it, or what it lacks.
type Proven struct {
	Rung  string     `json:"rung" enum:"token,position,tpm" example:"position"`
	At    *time.Time `json:"at,omitempty" doc:"Absent: it did not come to it"`
	How   string     `json:"how,omitempty" example:"eth0 in sw3/Ethernet31 by LLDP and its relay (option 82)"`
	Lacks string     `json:"lacks,omitempty" doc:"Why not, and what brings it" example:"the plan names no port for the interface 52:54:00:12:34:56 that booted: plan its switch and port"`
}

// showTrust is absent where nothing was shown.
func showTrust(e trust.Evidence) *Trust {
	if e.Token.At.IsZero() {
		return nil
	}
	shown := &Trust{Rung: e.Rung().String(), Doubt: e.Contested}
	for r := trust.Token; r <= trust.TPM; r++ {
		if p := e.Of(r); p != (trust.Proof{}) {
			shown.Rungs = append(shown.Rungs, Proven{Rung: r.String(), At: showTime(p.At), How: p.How, Lacks: p.Lacks})
		}
	}
	return shown
}
