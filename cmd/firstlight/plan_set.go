package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"firstlight/cmd/firstlight/client"
	"firstlight/server/api"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

type planSetCmd[K planKind] struct {
	planRef[K]
	formFlags
	setWords
	File string `short:"f" placeholder:"FILE" help:"The whole of it in JSON or YAML, as show -o yaml prints it; - for standard input. Words come on top."`
}

// setWords are what is to be changed.
type setWords struct {
	Words []string `arg:"" optional:"" name:"field=value" help:"What changes, such as title='London 6'; an empty value takes it away."`
}

// Run changes what was given and leaves the rest, over the version that it read.
func (c *planSetCmd[K]) Run(ctx context.Context, h *host) error {
	empty := len(c.Words) == 0 && c.File == ""
	if empty && !c.bare() {
		return c.nothing()
	}
	a, err := c.open(h)
	if err != nil {
		return err
	}
	item, version, err := c.read(ctx, a)
	if err == nil && empty && version > 0 {
		return c.nothing()
	}
	if err == nil && c.File != "" {
		item, err = c.fromFile(h)
	}
	if err != nil {
		return err
	}
	if err := setFields(declare.Plan(c.kind()), item, c.Words); err != nil {
		return err
	}
	var text json.RawMessage
	if _, err := a.Write(ctx, http.MethodPut, c.path(), condition(api.ETag(version)), api.ShowPlan(item, version), &text); err != nil {
		return err
	}
	return c.showing().print(h, c.formFlags, reply[json.RawMessage]{text, text})
}

// bare tells whether a name alone makes a new one, as remedies say it.
func (c *planSetCmd[K]) bare() bool {
	return !slices.ContainsFunc(declare.Plan(c.kind()), func(f declare.Field[machine.Plan]) bool { return f.Must })
}

// nothing lists what there is to change.
func (c *planSetCmd[K]) nothing() error { return nothingToSet(declare.Plan(c.kind())) }

func nothingToSet[T any](fields []declare.Field[T]) error {
	var text strings.Builder
	text.WriteString("say what changes, as field=value. Fields:")
	for _, f := range fields {
		text.WriteString("\n  " + f.Name + ": " + f.Says)
		if f.Must {
			text.WriteString(" (must be given)")
		}
	}
	return usage("%s", text.String())
}

// read gives the item that there is, with its version, or an empty one.
func (c *planSetCmd[K]) read(ctx context.Context, a *client.Client) (machine.Plan, int64, error) {
	text, err := a.Get(ctx, c.path(), nil, nil)
	if missing(err) {
		text, err = []byte("{}"), nil
	}
	if err != nil {
		return nil, 0, err
	}
	return api.ReadPlan(c.kind(), text)
}

// missing tells whether the appliance said that there is no such thing.
func missing(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}

// condition is that of a write over the state that was read; "" had nothing.
func condition(tag string) http.Header {
	if tag == "" {
		return http.Header{"If-None-Match": {"*"}}
	}
	return http.Header{"If-Match": {tag}}
}

// fromFile reads the whole item.
func (c *planSetCmd[K]) fromFile(h *host) (machine.Plan, error) {
	text, err := h.file(c.File)
	if err != nil {
		return nil, err
	}
	item, _, err := api.ReadPlan(c.kind(), text)
	if err != nil {
		return nil, usage("file %s: %w: want one %s, as firstlight %s show -o yaml prints it", c.File, err, c.kind(), c.kind())
	}
	return item, nil
}

// file reads JSON or YAML, of which JSON is a part, as JSON.
func (h *host) file(path string) ([]byte, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(h.in)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		return nil, usage("file %s: %w", path, err)
	}
	return text, nil
}

// setFields reads field=value words into a thing.
func setFields[T any](fields []declare.Field[T], of T, words []string) error {
	changes, err := declare.Words(words)
	if err != nil {
		return failure{exitUsage, err}
	}
	for name, value := range changes {
		f, err := declare.Find(fields, name)
		if err == nil {
			err = f.Set(of, value)
		}
		if err != nil {
			return failure{exitUsage, err}
		}
	}
	return nil
}
