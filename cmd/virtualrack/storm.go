package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/netns"
	"firstlight/server/virtualrack/storm"
)

type stormCmd struct {
	Machines  int           `default:"10000" placeholder:"N" help:"Machines that power on (10000)."`
	Within    time.Duration `default:"60s" placeholder:"TIME" help:"In which they do; 0s is all at once (60s)."`
	Known     int           `default:"0" placeholder:"N" help:"How many of them the appliance is told of before (0)."`
	Flood     int           `default:"0" placeholder:"N" help:"DISCOVERs a second of strangers, each from a hardware address of its own, from one more rack (0)."`
	Repeat    int           `default:"1" placeholder:"N" help:"How often the same storm comes (1)."`
	JSON      bool          `name:"json" help:"Print the result for programs."`
	Appliance string        `default:"bin/firstlight" placeholder:"FILE" help:"The appliance (bin/firstlight)."`
	Dir       string        `default:".storm" placeholder:"DIR" help:"Scratch folder (.storm)."`
}

// Run takes the scratch folder on the host, and has the storm in namespaces. Its
// code is 1 when machines were not served.
func (c *stormCmd) Run(ctx context.Context, code *int) (err error) {
	spec := storm.Spec{Machines: c.Machines, Within: c.Within, Known: c.Known, Flood: c.Flood, Repeat: c.Repeat}
	if err := spec.Validate(); err != nil {
		*code = 2
		return fmt.Errorf("--%w", err)
	}
	if netns.Inside() {
		if err := netns.Prepare(); err != nil {
			return err
		}
		return c.inside(ctx, spec, code)
	}
	dir, err := virtualrack.OpenRunDir(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	*code, err = netns.Reexec(ctx)
	return err
}

func (c *stormCmd) inside(ctx context.Context, spec storm.Spec, code *int) (err error) {
	rack, err := virtualrack.Start(ctx, virtualrack.Spec{Dir: c.Dir, Program: c.Appliance, Relayed: spec.Racks(), Level: slog.LevelWarn})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rack.Close()) }()
	fmt.Fprintf(os.Stderr, "%s; the appliance's log is firstlight.log in %s\n", spec.Describe(), c.Dir)
	result, err := storm.Run(ctx, rack, spec)
	if err != nil {
		return err
	}
	if result.Unserved() > 0 {
		*code = 1
	}
	if c.JSON {
		return result.JSON(os.Stdout)
	}
	return result.Table(os.Stdout)
}
