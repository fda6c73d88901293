package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/bench"
	"firstlight/server/virtualrack/netns"
)

type benchCmd struct {
	Work      []string `placeholder:"WORK,…" help:"Which to compare: dns, dhcp, tftp, http, script, serverdb, dhcp6, storm, discovery, image (all)."`
	Appliance string   `default:"bin/firstlight" placeholder:"FILE" help:"The appliance (bin/firstlight)."`
	Dir       string   `default:".bench" placeholder:"DIR" help:"Scratch folder (.bench)."`
}

// Run takes the scratch folder on the host, and compares in namespaces.
func (c *benchCmd) Run(ctx context.Context, code *int) (err error) {
	if netns.Inside() {
		if err := netns.Prepare(); err != nil {
			return err
		}
		return bench.Run(ctx, bench.Options{Works: c.Work, Program: c.Appliance, Dir: c.Dir, Out: os.Stdout, Err: os.Stderr})
	}
	dir, err := virtualrack.OpenRunDir(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	back, err := bench.Buffers()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: receive buffers stay as they are: %v\n", err) // as they do for all
		back = func() error { return nil }
	}
	defer func() { err = errors.Join(err, back()) }()
	*code, err = netns.Reexec(ctx)
	return err
}
