package api

import "time"

// Restored is what was restored last.
type Restored struct {
	At       time.Time  `json:"at" doc:"When a backup was restored"`
	BackupAt time.Time  `json:"backup_at" doc:"The state that it held"`
	From     string     `json:"from" doc:"The appliance that it was made of" example:"lon6"`
	SafeMode bool       `json:"safe_mode" doc:"Nobody has said yet that the database agrees with the machines that there are"`
	Until    time.Time  `json:"until" doc:"How long addresses are probed before they are given out"`
	Frozen   int        `json:"frozen" doc:"Machines that are still frozen" example:"3"`
	EndedAt  *time.Time `json:"ended_at,omitempty" doc:"When safe mode was ended"`
	EndedBy  string     `json:"ended_by,omitempty" doc:"By whom" example:"ada"`
	Why      string     `json:"why,omitempty" doc:"What was looked at" example:"every rack was walked"`
}

// WhyOrder is what a person says of an act that only a look can justify.
type WhyOrder struct {
	Why string `json:"why" minLength:"1" maxLength:"200" doc:"What you looked at; kept in timeline and audit" example:"its owner says that it is not in use"`
}
