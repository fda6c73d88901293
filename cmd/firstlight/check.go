package main

import (
	"errors"
	"fmt"

	"firstlight/server/config"
)

type checkCmd struct {
	Config string `arg:"" optional:"" default:"${config}" placeholder:"FILE" help:"Configuration file; ${config} unless told otherwise."`
}

// Run prints every problem of a configuration file. What depends on this host
// is doctor's.
func (c *checkCmd) Run(h *host) error {
	cfg, err := config.Load(c.Config)
	if problems := config.Problems(nil); errors.As(err, &problems) {
		for _, p := range problems {
			h.note("%s", p)
		}
		return failure{code: exitUsage, err: fmt.Errorf("%s has %s", c.Config, plural(len(problems), "problem"))}
	}
	if err != nil {
		return failure{code: exitUsage, err: err}
	}
	return h.say("%s is right: %s, %s, %s", c.Config, plural(len(cfg.Interfaces), "interface"), plural(len(cfg.Subnets), "subnet"), plural(len(cfg.Rules), "rule"))
}
