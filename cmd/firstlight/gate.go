package main

import (
	"context"
	"net/http"
	"net/url"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type gateCmd struct {
	planCmd[gateKind]
	Secret gateSecretCmd `cmd:"" help:"Give one a new secret, which signs its requests and their answers, and print it this once."`
	Waits  gateWaitsCmd  `cmd:"" help:"List the machines that wait, the longest first."`
}

type gateSecretCmd struct{ planRef[gateKind] }

// Run prints the secret and nothing else, so that a file can take it.
func (c *gateSecretCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var made api.GateSecret
	if _, err := a.Do(ctx, http.MethodPost, "/gates/"+url.PathEscape(c.Name)+"/secret", nil, &made); err != nil {
		return err
	}
	return h.say("%s", made.Secret)
}

type gateWaitsCmd struct {
	remote
	listFlags
}

// Run lists what is waited for.
func (c *gateWaitsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.Wait]{columns: waitColumns, read: whole[api.Wait]("/waits", nil), none: "no machine waits before a gate"}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var waitColumns = []output.Column[api.Wait]{
	{Name: "machine", Value: func(w api.Wait) any { return w.Machine }},
	{Name: "gate", Value: func(w api.Wait) any { return w.Gate }},
	{Name: "state", Value: func(w api.Wait) any { return closed(w) }},
	{Name: "since", Value: func(w api.Wait) any { return output.Age(w.Since) }},
	{Name: "deadline", Wide: true, Value: func(w api.Wait) any { return w.Deadline }},
	{Name: "sent", Wide: true, Value: func(w api.Wait) any { return w.Sent }},
	{Name: "waits_for", Head: "WAITS FOR", Value: func(w api.Wait) any { return w.Text }},
	{Name: "id", Wide: true, Value: func(w api.Wait) any { return w.ID }},
}

// closed gives a state in the colour of whether a person is needed.
func closed(w api.Wait) output.Word {
	tone := output.Held
	if w.State == "refused" || w.State == "late" {
		tone = output.Broken
	}
	return output.Word{Text: w.State, Tone: tone}
}

// waitsText is what a machine waits for before gates.
func waitsText(all []api.Wait) string {
	var texts []string
	for _, w := range all {
		texts = append(texts, w.Text)
	}
	return joined(texts...)
}

type machinePassCmd struct {
	machineRef
	Gate string `arg:"" optional:"" help:"Name of the gate, where it waits before several."`
	Why  string `required:"" help:"Why it may go on; kept in the timeline, the history and the audit."`
}

// Run lets a machine go on.
func (c *machinePassCmd) Run(ctx context.Context, h *host) error {
	return c.order(ctx, h, "/pass-gate", api.PassOrder{Gate: c.Gate, Why: c.Why}, "it goes on")
}

type machineAskCmd struct {
	machineRef
	Gate string `arg:"" optional:"" help:"Name of the gate, where it waits before several."`
}

// Run asks once more.
func (c *machineAskCmd) Run(ctx context.Context, h *host) error {
	return c.order(ctx, h, "/ask-gate", api.AskOrder{Gate: c.Gate}, "asks again")
}
