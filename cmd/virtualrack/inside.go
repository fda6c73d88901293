package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/netns"
)

// peopleFD is the pages' socket: the first file that Reexec hands down.
const peopleFD = 3

func (c *runCmd) inside(ctx context.Context, machines []virtualrack.MachineSpec) error {
	if err := netns.Prepare(); err != nil {
		return err
	}
	record, err := os.Create(filepath.Join(c.Dir, "virtualrack.log"))
	if err != nil {
		return err
	}
	defer record.Close()
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	// Firmware that enforces Secure Boot runs nothing but the signed loaders.
	enforced := slices.ContainsFunc(machines, func(m virtualrack.MachineSpec) bool { return m.Firmware.Enforces() })
	rack, err := virtualrack.Start(ctx, virtualrack.Spec{
		Dir: c.Dir, Program: c.Appliance, Images: c.Images, Machines: machines, Light: c.Light, SecureBoot: enforced,
		People: os.NewFile(peopleFD, "people"), Out: os.Stdout, Level: level,
		Log: slog.New(slog.NewTextHandler(record, nil)),
	})
	if err != nil {
		return err
	}
	if err = c.plant(rack); err == nil {
		err = attend(ctx, rack)
	}
	fmt.Println("Stopping the rack.")
	return errors.Join(err, rack.Close())
}

// plant gives each fault a light machine, in their order.
func (c *runCmd) plant(rack *virtualrack.Rack) error {
	faults := c.Fault
	for _, m := range rack.Machines() {
		if len(faults) == 0 || !m.Light() {
			continue
		}
		if err := m.Plant(light.Fault(faults[0])); err != nil {
			return err
		}
		fmt.Printf("%s: %s is planted; firstlight boot explain %s\n", m.Name, faults[0], m.MAC)
		if faults[0] == string(light.WrongCable) {
			fmt.Printf("%s: once it is known, firstlight machine set %s nic.eth0.switch=%s nic.eth0.port=%s plans the port where its cable belongs\n", m.Name, m.Name, m.Switch, m.Port)
		}
		faults = faults[1:]
	}
	return nil
}

// attend powers the machines on and waits for the end.
func attend(ctx context.Context, rack *virtualrack.Rack) error {
	began := time.Now()
	if err := powerOn(ctx, rack.Machines()); err != nil {
		return err
	}
	fmt.Printf("%d machines powered on by their BMCs in %s; consoles and logs are in the run folder; Ctrl-C stops everything\n",
		len(rack.Machines()), time.Since(began).Round(10*time.Millisecond))
	select {
	case <-ctx.Done():
		return nil
	case <-rack.Appliance().Ended():
		return fmt.Errorf("the appliance ended by itself (%w); firstlight.log in the run folder has its last words", rack.Appliance().Err())
	}
}

// presses is how many power buttons are pressed at the same time.
const presses = 16

func powerOn(ctx context.Context, machines []*virtualrack.Machine) error {
	errs := make([]error, len(machines))
	room := make(chan struct{}, presses)
	var wg sync.WaitGroup
	for i, m := range machines {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			errs[i] = m.PowerOn(ctx)
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil // told to stop meanwhile
	}
	return errors.Join(errs...)
}
