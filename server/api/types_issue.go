package api

import "time"

// Issue is something that asks for a person.
type Issue struct {
	Kind     string            `json:"kind" doc:"What is wrong, in one word of the catalogue" example:"silent"`
	Title    string            `json:"title" doc:"The kind for people" example:"Silent"`
	Severity string            `json:"severity" enum:"asks,broken" doc:"broken: it does not do what it is for"`
	Subject  string            `json:"subject" doc:"What it is about: a machine's id, or the MAC of one that has no record" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Name     string            `json:"name" doc:"Of the subject, for people" example:"C0MPUT3"`
	Machine  string            `json:"machine,omitempty" doc:"Hardware name of the machine that it is about" example:"C0MPUT3"`
	Site     string            `json:"site,omitempty" example:"lon6"`
	Rack     string            `json:"rack,omitempty" example:"r12"`
	Unit     int               `json:"unit,omitempty" example:"17"`
	Sentence string            `json:"sentence" doc:"What is wrong, with both values where two disagree" example:"NIC1 is in sw3/31, plan says sw3/23: move the cable to sw3/23, or accept where it is."`
	Evidence map[string]string `json:"evidence,omitempty" doc:"What it rests on, by name" example:"{\"discovered\":\"sw3/31\",\"plan\":\"sw3/23\"}"`
	Actions  []string          `json:"actions" nullable:"false" doc:"Verbs that help, the best first: at most two" example:"[\"accept-port\",\"light\"]"`
	Since    time.Time         `json:"since" doc:"When it opened"`
	Taken    string            `json:"taken,omitempty" doc:"Who said: I have this one; absent: nobody" example:"ada"`
	TakenAt  *time.Time        `json:"taken_at,omitempty"`
}

// IssueKind is an entry of the catalogue of issues.
type IssueKind struct {
	Kind        string   `json:"kind" example:"silent"`
	Title       string   `json:"title" example:"Silent"`
	Means       string   `json:"means" doc:"For a person who sees it for the first time" example:"Its agent in memory was not heard for more than five minutes."`
	Severity    string   `json:"severity" enum:"asks,broken"`
	Actions     []string `json:"actions" nullable:"false" doc:"Verbs that help" example:"[\"power\",\"light\"]"`
	Open        int      `json:"open" doc:"How many are open now" example:"2"`
	NotComputed string   `json:"not_computed,omitempty" doc:"Why nothing finds it yet; absent: it is looked for" example:"nothing collects Puppet's reports"`
}

// TakeOrder says who has an issue.
type TakeOrder struct {
	Over bool `json:"over,omitempty" doc:"Take it over from whoever has it"`
}

// Difference is a field in which a machine is not what people said.
type Difference struct {
	Field      string `json:"field" example:"memory"`
	Declared   string `json:"declared" example:"256 GB"`
	Discovered string `json:"discovered" example:"240 GB"`
	By         string `json:"by" doc:"Who declared it" example:"hardware type high-io"`
}
