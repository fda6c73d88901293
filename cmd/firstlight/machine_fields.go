package main

import (
	"encoding/json"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/machine"
)

type machineFieldsCmd struct {
	Output string `short:"o" enum:"table,wide,json,yaml,csv,name" default:"table" help:"table, wide, json, yaml, csv or name (one on a line)."`
}

// fieldRow is a word of selectors.
type fieldRow struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Scope string `json:"scope,omitempty"`
	Help  string `json:"help"`
}

var fieldColumns = []output.Column[fieldRow]{
	{Name: "name", Value: func(f fieldRow) any { return f.Name }},
	{Name: "kind", Value: func(f fieldRow) any { return f.Kind }},
	{Name: "scope", Head: "ONLY IN", Value: func(f fieldRow) any { return f.Scope }},
	{Name: "help", Head: "WHAT", Value: func(f fieldRow) any { return f.Help }},
}

// Run lists the words of selectors, which need no appliance.
func (c *machineFieldsCmd) Run(h *host) error {
	var rows output.Rows[fieldRow]
	for _, f := range machine.Fields() {
		row := fieldRow{Name: f.Name, Kind: string(f.Kind), Scope: string(f.Scope), Help: f.Help}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		rows.Items, rows.Text = append(rows.Items, row), append(rows.Text, text)
	}
	return output.List(h.printer(c.Output), rows, fieldColumns)
}
