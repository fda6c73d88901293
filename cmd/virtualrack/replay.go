package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"firstlight/server/bundle"
	"firstlight/server/frame"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/netns"
	"firstlight/server/virtualrack/replay"
)

type replayCmd struct {
	Capture   string `arg:"" placeholder:"FILE" help:"Bundle of a machine (firstlight boot bundle), or capture in the classic format, as tcpdump -w writes it."`
	MAC       string `name:"mac" placeholder:"MAC" help:"Which machine of the capture, where several are in it."`
	Appliance string `default:"bin/firstlight" placeholder:"FILE" help:"The appliance (bin/firstlight)."`
	Dir       string `default:".replay" placeholder:"DIR" help:"Scratch folder (.replay)."`
}

// Run reads the file, on the host first so that a mistake costs nothing, and
// plays it in namespaces. Its code is 3 when the appliance answered in another
// way than the recording, or finds something else wrong than a bundle says.
func (c *replayCmd) Run(ctx context.Context, code *int) (err error) {
	recording, b, err := c.read()
	if err != nil {
		return err
	}
	if netns.Inside() {
		if err := netns.Prepare(); err != nil {
			return err
		}
		return c.inside(ctx, recording, b, code)
	}
	dir, err := virtualrack.OpenRunDir(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	*code, err = netns.Reexec(ctx)
	return err
}

// wanted says what is replayed, and where that comes from.
const wanted = "want the bundle of a machine (firstlight boot bundle NAME FILE, or the page of its packets) or a capture in the pcap format (tcpdump -w FILE)"

// read reads a bundle, or a capture: then there is no bundle. Its errors name
// the file.
func (c *replayCmd) read() (*replay.Recording, *bundle.Bundle, error) {
	f, err := os.Open(c.Capture)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s", err, wanted)
	}
	defer f.Close()
	r, b, err := c.recording(f)
	switch {
	case errors.Is(err, frame.ErrNoPCAP):
		err = fmt.Errorf("read %s: %w: %s", c.Capture, err, wanted)
	case err != nil:
		err = fmt.Errorf("read %s: %w", c.Capture, err)
	}
	return r, b, err
}

func (c *replayCmd) recording(f *os.File) (*replay.Recording, *bundle.Bundle, error) {
	start := make([]byte, 4)
	if n, _ := f.ReadAt(start, 0); bundle.Is(start[:n]) {
		info, err := f.Stat()
		if err != nil {
			return nil, nil, err
		}
		b, err := bundle.Read(f, info.Size())
		if err != nil {
			return nil, nil, err
		}
		r, err := replay.OfBundle(b)
		return r, b, err
	}
	packets, err := frame.ReadPCAP(f)
	if err != nil {
		return nil, nil, err
	}
	var mac machine.MAC
	if c.MAC != "" {
		if mac, err = machine.ParseMAC(c.MAC); err != nil {
			return nil, nil, fmt.Errorf("--mac: %w", err)
		}
	}
	r, err := replay.Read(packets, mac)
	return r, nil, err
}

func (c *replayCmd) inside(ctx context.Context, recording *replay.Recording, b *bundle.Bundle, code *int) (err error) {
	s := virtualrack.Spec{Dir: c.Dir, Program: c.Appliance, Relayed: 1, Level: slog.LevelWarn}
	if b != nil {
		s.Behind = replay.Subnet(b)
	}
	rack, err := virtualrack.Start(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rack.Close()) }()
	if b != nil {
		if err := replay.SetUp(ctx, rack.Appliance(), rack.Database(), b); err != nil {
			return err
		}
	}
	p := replay.Player{Server: rack.Address(), Relay: virtualrack.RelayedNetwork(0).Addr().Next(), Out: os.Stdout}
	steps, different, err := p.Play(ctx, recording)
	if err != nil {
		return err
	}
	fmt.Printf("%s did %d things, of which %d came out as in the recording\n", recording.MAC, steps, steps-different)
	if different > 0 {
		*code = 3
	}
	if b == nil {
		return nil
	}
	return c.verdict(ctx, rack, b, code)
}

// verdict holds what is wrong now against what was wrong then.
func (c *replayCmd) verdict(ctx context.Context, rack *virtualrack.Rack, b *bundle.Bundle, code *int) error {
	fmt.Printf("waits up to %s for what was found wrong then\n", replay.Patience(b).Round(time.Second))
	same, now, err := replay.SameWrong(ctx, rack.Socket(), b)
	if err != nil {
		return err
	}
	then, err := b.Wrong()
	if err != nil {
		return err
	}
	fmt.Printf("then: %s\nnow:  %s\n", said(then), said(now))
	if !same {
		*code = 3
	}
	return nil
}

func said(all []bundle.Found) string {
	if len(all) == 0 {
		return "nothing is wrong"
	}
	return fmt.Sprintf("%s: %s", all[0].Fault, all[0].Sentence)
}
