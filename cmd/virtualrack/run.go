package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/netns"
	"firstlight/server/virtualrack/qemu"
)

type runCmd struct {
	Machines  int      `default:"3" placeholder:"N" help:"QEMU machines with real firmware (3)."`
	Firmware  []string `default:"bios,uefi" placeholder:"bios,uefi,…" help:"Their firmware, in turn: bios, uefi, http (UEFI HTTP boot), arm64, secure (UEFI with Secure Boot), arm64-http or secure-http; the last holds for the rest (bios,uefi)."`
	Light     int      `default:"20" placeholder:"N" help:"Light machines: the same protocols without firmware (20)."`
	Fault     []string `placeholder:"KIND,…" help:"For drills: plant faults, one in each of the first light machines, such as no-driver,silent-agent; one that does not exist lists them all."`
	Listen    string   `default:"127.0.0.1:0" placeholder:"ADDRESS" help:"Where this host's browser reaches the pages; port 0 takes a free one (127.0.0.1:0)."`
	Dir       string   `default:".run" placeholder:"DIR" help:"Run folder (.run)."`
	Appliance string   `default:"bin/firstlight" placeholder:"FILE" help:"The appliance (bin/firstlight)."`
	Images    string   `default:"bin/images" placeholder:"DIR" help:"OS images with their manifests (bin/images)."`
	Verbose   bool     `help:"Let the appliance log every detail to firstlight.log in the run folder."`
}

// Run is called twice: on the host it takes the run folder and the socket of
// the pages and starts this program again in namespaces; in there it runs the
// rack.
func (c *runCmd) Run(ctx context.Context, code *int) error {
	machines, err := c.machines()
	if err != nil {
		*code = 2
		return err
	}
	if netns.Inside() {
		return c.inside(ctx, machines)
	}
	*code, err = c.outside(ctx)
	return err
}

func (c *runCmd) machines() ([]virtualrack.MachineSpec, error) {
	if c.Machines < 0 || c.Light < 0 || c.Machines+c.Light == 0 {
		return nil, fmt.Errorf("--machines %d --light %d: want at least one machine", c.Machines, c.Light)
	}
	if len(c.Firmware) == 0 {
		return nil, errors.New("--firmware: want bios, uefi, http, arm64, arm64-http, secure or secure-http")
	}
	all := make([]virtualrack.MachineSpec, c.Machines)
	for i := range all {
		f, err := qemu.ParseFirmware(c.Firmware[min(i, len(c.Firmware)-1)])
		if err != nil {
			return nil, fmt.Errorf("--firmware: %w", err)
		}
		all[i].Firmware = f
	}
	if len(c.Fault) > c.Light {
		return nil, fmt.Errorf("--fault: %d faults for %d light machines: want at most one for each", len(c.Fault), c.Light)
	}
	for _, name := range c.Fault {
		if _, err := light.ParseFault(name); err != nil {
			return nil, fmt.Errorf("--fault: %w", err)
		}
	}
	return all, nil
}

func (c *runCmd) outside(ctx context.Context) (code int, err error) {
	dir, err := virtualrack.OpenRunDir(c.Dir)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	people, err := c.listen(ctx)
	if err != nil {
		return 1, err
	}
	defer people.Close()
	return netns.Reexec(ctx, people)
}

// listen opens the pages' socket on the host. It keeps its network however far
// it is handed on.
func (c *runCmd) listen(ctx context.Context) (*os.File, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; choose another, such as 127.0.0.1:0", c.Listen, err)
	}
	defer l.Close()
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("--listen %s: want an address and a port", c.Listen)
	}
	return tcp.File()
}
