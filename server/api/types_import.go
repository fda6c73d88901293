package api

import "time"

// Import is the verdict on a list of machines.
type Import struct {
	Written   bool      `json:"written" doc:"False of a dry run, and where a line was refused: then nothing of the list was written"`
	DryRun    bool      `json:"dry_run"`
	Style     string    `json:"style" enum:"firstlight,netbox,legacy" doc:"Whose headings the list has"`
	LeftOut   []string  `json:"left_out" nullable:"false" doc:"Headings that nothing was read from" example:"[\"Price\"]"`
	Missing   []string  `json:"missing" nullable:"false" doc:"Racks and sites that are added with the list" example:"[\"rack lon6-r13\"]"`
	New       int       `json:"new" doc:"Lines with a machine that nobody knows" example:"38"`
	Changed   int       `json:"changed" doc:"Lines that change what is declared of a machine" example:"2"`
	Unchanged int       `json:"unchanged" example:"0"`
	Refused   int       `json:"refused" example:"0"`
	Lines     []Verdict `json:"lines" nullable:"false" doc:"One verdict for each line"`
}

// Verdict is what a line of a list does, or why it may not.
type Verdict struct {
	Line    int           `json:"line" doc:"In the list, from 1" example:"2"`
	Result  string        `json:"result" enum:"new,update,unchanged,refused"`
	Machine string        `json:"machine" doc:"Its name; of a refused line what the line calls it" example:"C0MPUT3"`
	Changes []FieldChange `json:"changes,omitempty"`
	Faults  []Fault       `json:"faults,omitempty" doc:"Why it is refused"`
}

// FieldChange is a declared field before and after.
type FieldChange struct {
	Field  string `json:"field" example:"unit"`
	Before string `json:"before" example:"16"`
	After  string `json:"after" example:"17"`
}

// Fault is what is wrong with one field of a line.
type Fault struct {
	Field  string `json:"field" example:"rack"`
	Value  string `json:"value,omitempty" example:"lon6-r21"`
	Detail string `json:"detail" doc:"What is wrong and what to do" example:"there is no such rack: did you mean lon6-r12?"`
}

// ImportProgress is a line of an import that is asked for as
// application/x-ndjson: how many lines are written. The verdict follows.
type ImportProgress struct {
	Done  int `json:"done" example:"1200"`
	Total int `json:"total" example:"12000"`
}

// Welcome answers an adoption.
type Welcome struct {
	Name     string `json:"name" doc:"Of the machine in ServerDb" example:"C0MPUT3"`
	Status   string `json:"status" example:"in_use"`
	Sentence string `json:"sentence" doc:"What it waits for" example:"adopted by ada (ran before): locked until its first boot is seen"`
	Page     string `json:"page" doc:"Path of its page" example:"/machines/C0MPUT3"`
}

// Delivery is an order of machines that is expected or has come.
type Delivery struct {
	Name         string     `json:"name" doc:"Such as the number of the order" example:"2026-1140"`
	Site         string     `json:"site,omitempty" example:"lon6"`
	Lines        int        `json:"lines" doc:"Machines on its lists" example:"40"`
	Arrived      int        `json:"arrived" doc:"That reported, or are in use" example:"38"`
	Missing      int        `json:"missing" doc:"That are still expected" example:"2"`
	NeverArrived int        `json:"never_arrived" doc:"That were missing when it was closed" example:"0"`
	Unexpected   int        `json:"unexpected" doc:"That came to its site while it was open, and are on no list" example:"1"`
	CreatedBy    string     `json:"created_by" example:"ada"`
	CreatedAt    time.Time  `json:"created_at"`
	ClosedBy     string     `json:"closed_by,omitempty" example:"ada"`
	ClosedAt     *time.Time `json:"closed_at,omitempty" doc:"When somebody said that nothing more of it comes"`
	Version      int64      `json:"version" doc:"Grows with every change; the ETag is made of it" example:"2"`
}

// DeliveryState is a delivery with its machines.
type DeliveryState struct {
	Delivery
	HandOff       string     `json:"hand_off" doc:"How it stands, in one line" example:"38 available, 1 held (spec), 1 DOA; first power-on → last available: 52 min"`
	FirstSeen     *time.Time `json:"first_seen,omitempty" doc:"When the first of them was seen to boot"`
	LastAvailable *time.Time `json:"last_available,omitempty" doc:"When the last of them became available"`

	ArrivedMachines    []DeliveryMachine `json:"arrived_machines" nullable:"false"`
	MissingMachines    []DeliveryMachine `json:"missing_machines" nullable:"false"`
	NeverCame          []DeliveryMachine `json:"never_arrived_machines" nullable:"false"`
	UnexpectedMachines []DeliveryMachine `json:"unexpected_machines" nullable:"false"`
}

// DeliveryMachine is a machine of a delivery.
type DeliveryMachine struct {
	Name     string `json:"name" example:"C0MPUT3"`
	Serial   string `json:"serial" example:"C0MPUT3"`
	Status   string `json:"status" example:"available"`
	Reason   string `json:"reason,omitempty" example:"spec"`
	Sentence string `json:"sentence,omitempty" doc:"The reason as one sentence for people"`
	Rack     string `json:"rack,omitempty" example:"lon6-r12"`
	Unit     int    `json:"unit,omitempty" example:"17"`
}

// DeliveryClose ends a delivery.
type DeliveryClose struct {
	Note string `json:"note,omitempty" maxLength:"200" doc:"Why; kept with each machine that never arrived" example:"the vendor ran out"`
}
