package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/netns"
	"firstlight/server/virtualrack/storm"
)

type stormCmd struct {
	Machines  int            `default:"10000" placeholder:"N" help:"Machines that power on (10000)."`
	Within    time.Duration  `default:"60s" placeholder:"TIME" help:"In which they do; 0s is all at once (60s)."`
	Known     int            `default:"0" placeholder:"N" help:"How many of them the appliance is told of before (0)."`
	Flood     int            `default:"0" placeholder:"N" help:"DISCOVERs a second of strangers, each from a hardware address of its own, from one more rack (0)."`
	Repeat    int            `default:"1" placeholder:"N" help:"How often the same storm comes (1)."`
	Each      string         `placeholder:"FILE" help:"Write what each machine got, as CSV."`
	JSON      bool           `name:"json" help:"Print the result for programs."`
	Against   netip.Addr     `placeholder:"ADDRESS" help:"An appliance that runs, instead of a fresh one. The storm comes from this network namespace, as root."`
	Interface string         `placeholder:"LINK" help:"With --against: the link to it. A storm goes to loopback, or to the link that is named here; never through a router."`
	Behind    []netip.Prefix `placeholder:"NETWORK,…" help:"With --against: subnets of that appliance of which this host is the relay. Until the end all their addresses are this host's, which answers no ping."`
	Appliance string         `default:"bin/firstlight" placeholder:"FILE" help:"The appliance (bin/firstlight)."`
	Dir       string         `default:".storm" placeholder:"DIR" help:"Scratch folder (.storm)."`
}

// Run takes the scratch folder on the host, and has the storm in namespaces. Its
// code is 1 when machines were not served.
func (c *stormCmd) Run(ctx context.Context, code *int) (err error) {
	spec := storm.Spec{Machines: c.Machines, Within: c.Within, Known: c.Known, Flood: c.Flood, Repeat: c.Repeat}
	if err := spec.Validate(); err != nil {
		*code = 2
		return fmt.Errorf("--%w", err)
	}
	if c.Against.IsValid() {
		return c.against(ctx, spec, code)
	}
	if c.Interface != "" || len(c.Behind) > 0 {
		*code = 2
		return errors.New("--interface and --behind: they belong to --against ADDRESS; a fresh appliance has networks of its own")
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
	return c.tell(spec, code, func(s storm.Spec) (*storm.Result, error) { return storm.Run(ctx, rack, s) })
}

// against has the storm on an appliance that somebody runs.
func (c *stormCmd) against(ctx context.Context, spec storm.Spec, code *int) error {
	a := storm.Against{Appliance: c.Against, Interface: c.Interface, Behind: c.Behind}
	if err := a.Validate(); err != nil {
		*code = 2
		return fmt.Errorf("--%w", err)
	}
	fmt.Fprintf(os.Stderr, "%s, on %s\n", spec.Describe(), c.Against)
	return c.tell(spec, code, func(s storm.Spec) (*storm.Result, error) { return a.Run(ctx, s) })
}

// tell has the storm and prints what came of it.
func (c *stormCmd) tell(spec storm.Spec, code *int, have func(storm.Spec) (*storm.Result, error)) (err error) {
	if c.Each != "" {
		f, failed := os.Create(c.Each)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		spec.Each = f
	}
	result, err := have(spec)
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
