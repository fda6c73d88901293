package api

import "time"

// Wait is a machine before a gate.
type Wait struct {
	ID       string     `json:"id" doc:"Of the request and its answer" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Machine  string     `json:"machine" doc:"Hardware name" example:"C0MPUT3"`
	Gate     string     `json:"gate" example:"vlan"`
	Title    string     `json:"title" doc:"What is waited for" example:"switch VLAN"`
	Text     string     `json:"text" doc:"The same with the time that is left, or why it stays closed" example:"switch VLAN, 40 s"`
	State    string     `json:"state" enum:"asking,asked,open,refused,late,over" doc:"asking: the request has not arrived; asked: it is not answered; late: there was no answer in time; over: the machine went on"`
	From     string     `json:"from" doc:"Status that waits" example:"allocated"`
	To       string     `json:"to" doc:"Status that is waited for" example:"installing"`
	Since    time.Time  `json:"since"`
	Deadline time.Time  `json:"deadline"`
	Sent     int        `json:"sent" doc:"How often the request went out" example:"1"`
	SentAt   *time.Time `json:"sent_at,omitempty" doc:"The last time"`
	TakenAt  *time.Time `json:"taken_at,omitempty" doc:"When the system took the request"`
	Error    string     `json:"error,omitempty" doc:"Why the last request did not arrive" example:"vlan.example.net answered 503 Service Unavailable"`
	OpenedAt *time.Time `json:"opened_at,omitempty"`
	OpenedBy string     `json:"opened_by,omitempty" doc:"The gate, or who passed it" example:"gate vlan"`
	Why      string     `json:"why,omitempty" doc:"Reason of whoever passed it" example:"set by hand"`
	Refused  string     `json:"refused,omitempty" doc:"Reason of the system that refused" example:"port 23 of sw3 is shut"`
}

// WaitAnswer is what a system outside answers.
type WaitAnswer struct {
	Answer string `json:"answer" enum:"ok,refused" doc:"Whether the machine may go on"`
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"Of a refusal: one sentence" example:"port 23 of sw3 is shut"`
}

// PassOrder lets a machine go on.
type PassOrder struct {
	Gate string `json:"gate,omitempty" maxLength:"63" doc:"Where it waits before several" example:"vlan"`
	Why  string `json:"why" minLength:"1" maxLength:"200" doc:"What you looked at; kept in timeline, history and audit" example:"the VLAN was set by hand"`
}

// AskOrder names the gate that is to ask again.
type AskOrder struct {
	Gate string `json:"gate,omitempty" maxLength:"63" doc:"Where it waits before several" example:"vlan"`
}
