package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"firstlight/cmd/firstlight/output"
	"firstlight/server"
)

// keyCmd is the key that seals what is secret in the database. It works on the
// state folder of a host and has no door: whoever may write the folder may.
type keyCmd struct {
	Rotate keyRotateCmd `cmd:"" help:"Replace it, while the appliance is stopped."`
	Ls     keyLsCmd     `cmd:"" help:"List it, and those before it that are kept."`
}

type keyRotateCmd struct {
	Config         string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder; ${config} unless told otherwise."`
	DropUnreadable bool   `help:"Drop secrets that do not open with the key of now, such as after a restore without keys; else they stop the rotation."`
	databaseFlag
}

// Run replaces the key of an appliance that is stopped.
func (c *keyRotateCmd) Run(ctx context.Context, h *host) error {
	o, err := offline(h, c.Config, c.databaseFlag)
	if err != nil {
		return err
	}
	done, err := server.Rotation{Options: o, Unreadable: c.DropUnreadable}.Run(ctx)
	if err != nil {
		return err
	}
	for _, owner := range done.Dropped {
		h.note("dropped the secret of %s, which did not open: %s", owner, server.Again(owner))
	}
	h.note("the key before is kept as %s, for backups of its time: delete it when there is none to restore any more", done.Kept)
	return h.say("%s sealed with key %s instead of %s", plural(done.Secrets, "secret"), done.After, done.Before)
}

type keyLsCmd struct {
	Config string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder; ${config} unless told otherwise."`
	Output string `short:"o" enum:"table,wide,json,yaml,csv,name" default:"table" help:"table, wide (all columns), json, yaml, csv or name (one on a line)."`
}

// keyRow is a key as it is printed; the key itself never is.
type keyRow struct {
	ID   string    `json:"id"`
	File string    `json:"file"`
	Made time.Time `json:"made"`
	Used string    `json:"used"`
}

// Run lists keys by their ids.
func (c *keyLsCmd) Run(h *host) error {
	o, err := offline(h, c.Config, databaseFlag{})
	if err != nil {
		return err
	}
	all, err := server.Keys(o.Config.State)
	if err != nil {
		return err
	}
	var rows output.Rows[keyRow]
	for _, k := range all {
		used := "kept"
		if k.InUse {
			used = "in use"
		}
		row := keyRow{k.ID, filepath.Base(k.File), k.At, used}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		rows.Items, rows.Text = append(rows.Items, row), append(rows.Text, text)
	}
	return output.List(h.printer(c.Output), rows, []output.Column[keyRow]{
		{Name: "id", Value: func(k keyRow) any { return k.ID }},
		{Name: "used", Value: func(k keyRow) any { return k.Used }},
		{Name: "made", Value: func(k keyRow) any { return k.Made }},
		{Name: "file", Value: func(k keyRow) any { return k.File }},
	})
}
