package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"firstlight/server/frame"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/netns"
	"firstlight/server/virtualrack/replay"
)

type replayCmd struct {
	Capture   string `arg:"" placeholder:"FILE" help:"Capture in the classic format, as tcpdump -w or a machine's page gives it."`
	MAC       string `name:"mac" placeholder:"MAC" help:"Which machine of the capture, where several are in it."`
	Appliance string `default:"bin/firstlight" placeholder:"FILE" help:"The appliance (bin/firstlight)."`
	Dir       string `default:".replay" placeholder:"DIR" help:"Scratch folder (.replay)."`
}

// Run reads the capture, on the host first so that a mistake costs nothing, and
// plays it in namespaces. Its code is 3 when the appliance answered in another
// way than the recording.
func (c *replayCmd) Run(ctx context.Context, code *int) (err error) {
	recording, err := c.read()
	if err != nil {
		return err
	}
	if netns.Inside() {
		if err := netns.Prepare(); err != nil {
			return err
		}
		return c.inside(ctx, recording, code)
	}
	dir, err := virtualrack.OpenRunDir(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	*code, err = netns.Reexec(ctx)
	return err
}

func (c *replayCmd) read() (*replay.Recording, error) {
	f, err := os.Open(c.Capture)
	if err != nil {
		return nil, fmt.Errorf("%w: want a pcap file, such as firstlight boot packets NAME --pcap FILE writes", err)
	}
	defer f.Close()
	packets, err := frame.ReadPCAP(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.Capture, err)
	}
	var mac machine.MAC
	if c.MAC != "" {
		if mac, err = machine.ParseMAC(c.MAC); err != nil {
			return nil, fmt.Errorf("--mac: %w", err)
		}
	}
	return replay.Read(packets, mac)
}

func (c *replayCmd) inside(ctx context.Context, recording *replay.Recording, code *int) (err error) {
	rack, err := virtualrack.Start(ctx, virtualrack.Spec{Dir: c.Dir, Program: c.Appliance, Relayed: 1, Level: slog.LevelWarn})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rack.Close()) }()
	p := replay.Player{Server: rack.Address(), Relay: virtualrack.RelayedNetwork(0).Addr().Next(), Out: os.Stdout}
	steps, different, err := p.Play(ctx, recording)
	if err != nil {
		return err
	}
	fmt.Printf("%s did %d things, of which %d came out as in the recording\n", recording.MAC, steps, steps-different)
	if different > 0 {
		*code = 3
	}
	return nil
}
