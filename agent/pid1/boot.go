package pid1

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"firstlight/agent"
	"firstlight/agent/appliance"
	"firstlight/agent/bmc"
	"firstlight/agent/check"
	"firstlight/agent/collect"
	"firstlight/agent/console"
	"firstlight/agent/efiboot"
	"firstlight/agent/erase"
	"firstlight/agent/facts"
	"firstlight/agent/hotplug"
	"firstlight/agent/install"
	"firstlight/agent/lldp"
	"firstlight/agent/logbook"
	"firstlight/agent/network"
	"firstlight/agent/report"
	"firstlight/agent/watchdog"

	"golang.org/x/sys/unix"
)

// settle is how long the first report waits for devices that do not come to
// rest, such as a controller that scans a dead shelf. Later ones are reported
// when they are there.
const settle = time.Minute

// Boot is the agent's life on a real machine, as a child of PID 1. It returns
// only what kept it from working; Supervise starts it again.
func Boot(version string) error {
	ctx := context.Background()
	con := console.New(consoles()...)
	book := logbook.New()
	log := slog.New(logbook.Handler(sinceStart, con.Line, book.Line))
	log.Info("agent starts", "version", version)
	dog := watchdog.New(func() (watchdog.Device, error) { return watchdog.Open(watchdog.Path) }, starting, hangs, log)
	_ = dog.Arm() // that of an earlier life runs on; one that comes is armed later
	go dog.Run(ctx)

	found, load, err := devices(ctx, log)
	if err != nil {
		return err
	}
	rest := found.Rest()
	go func() {
		select {
		case <-found.Loaded():
		case <-time.After(settle):
		}
		arm(dog, load, log)
	}()
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("read the kernel's command line: %w", err)
	}
	opts, err := ParseOptions(string(cmdline))
	if err != nil {
		return err
	}
	key, err := bootKey()
	if err != nil {
		return err
	}
	client, err := appliance.New(opts.Server, opts.Token, key)
	if err != nil {
		return err
	}
	if err := client.Trust(opts.CA); err != nil {
		return err
	}
	name := opts.Name
	if name == "" {
		name = "firstlight"
	}
	links := network.NewLinks(ctx, log)
	con.Show(console.View{Name: name, Sentence: "Waits for its network cards and an address."})
	await(ctx, opts, rest, log, dog, client)
	go crashes.Send(ctx, client.Crash, sinceStart, log)

	neighbours := lldp.NewListener(ctx, log)
	machine := &facts.Machine{Version: version, Log: log, Neighbour: neighbours.Neighbour}
	a := &agent.Agent{
		Appliance: client, Installer: installer(client, log), Eraser: eraser(client, log), Controller: controller(client, log),
		Checker: checker(client, machine.Collect, load, log), Collect: machine.Collect,
		Changed: either(either(rest, neighbours.News()), links.News()), Screen: con, Log: log, Book: book, Name: name, Alive: dog.Alive,
	}
	end, err := a.Run(ctx)
	if err != nil {
		return err
	}
	log.Info("leaves", "to", end)
	return leave(end, dog, log)
}

// patience is how long an image's stream may stand still, or the answer to a token: an appliance that is
// restarted or upgraded takes a minute, one whose power failed a few.
const patience = 10 * time.Minute

// wholly is how long reading back all of an erased disk may take: an NVMe disk of a
// terabyte is read in less.
const wholly = 10 * time.Minute

func disks() []report.Disk { return collect.Machine{Root: os.DirFS("/")}.Collect().Disks }

func eraser(client *appliance.Client, log *slog.Logger) *erase.Eraser {
	return &erase.Eraser{Appliance: client, Disks: disks, Open: erase.OpenDevice, Log: log, Patience: patience, Whole: wholly}
}

func checker(client *appliance.Client, facts func() report.Report, load func(string) error, log *slog.Logger) *check.Checker {
	return &check.Checker{
		Facts: facts, Open: check.OpenDevice, Stream: client.Stream,
		CPUs: check.CPUs, Pin: check.Pin, Load: load, Root: os.DirFS("/"), Log: log,
	}
}

func controller(client *appliance.Client, log *slog.Logger) *bmc.Controller {
	return &bmc.Controller{Appliance: client, Device: "/dev/ipmi0", Log: log, Patience: patience}
}

func installer(client *appliance.Client, log *slog.Logger) *install.Installer {
	i := &install.Installer{
		Appliance: client, Disks: disks, Open: install.OpenDevice, Arch: runtime.GOARCH, Log: log, Patience: patience,
	}
	if _, err := os.Stat(efivars); err == nil {
		i.Variables = efiboot.Dir(efivars)
	}
	return i
}

// devices starts to load modules and returns who tells when disks and NICs have
// come to rest, and how to load one that no device asks for.
func devices(ctx context.Context, log *slog.Logger) (found *hotplug.Watcher, load func(module string) error, err error) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return nil, nil, fmt.Errorf("read the kernel's release: %w", err)
	}
	dir := "/lib/modules/" + strings.TrimSpace(string(release))
	modules, err := hotplug.ReadModules(os.DirFS(dir), hotplug.Insert(dir))
	if err != nil {
		return nil, nil, err
	}
	listener, err := hotplug.Listen()
	if err != nil {
		return nil, nil, err
	}
	events := make(chan hotplug.Event, 1024)
	go func() {
		if err := listener.Run(ctx, events); err != nil {
			log.Error("devices that come from now on stay unknown", "error", err)
		}
	}()
	if err := mountVariables(modules.Load); err != nil {
		log.Warn("firmware variables not readable", "error", err)
	}
	w := hotplug.NewWatcher(os.DirFS("/sys"), modules, events, log)
	go w.Run(ctx)
	return w, modules.Load, nil
}

// await waits until there is an address and until disks and NICs are at rest. The
// enrolment, which the first call asks for, is made while devices still move.
func await(ctx context.Context, opts Options, rest <-chan struct{}, log *slog.Logger, dog *watchdog.Dog, client *appliance.Client) {
	net := &network.Client{BootMAC: opts.BootMAC, IPv6: opts.reachedByIPv6(), Resolv: "/etc/resolv.conf", Log: log, Accept: network.Wired}
	address := make(chan struct{}, 1)
	go net.Run(ctx, func(string) {
		select {
		case address <- struct{}{}:
		default:
		}
	})
	late := time.NewTimer(settle)
	defer late.Stop()
	tick := time.NewTicker(waiting / 5)
	defer tick.Stop()
	for up := (<-chan struct{})(address); rest != nil || up != nil; {
		dog.Alive(waiting)
		select {
		case <-up:
			up = nil
			go client.Enrol(ctx)
		case <-rest:
			log.Info("devices at rest")
			rest = nil
		case <-late.C:
			if rest != nil {
				log.Warn("devices do not come to rest; reports what there is")
			}
			rest = nil
		case <-tick.C: // a cable may be missing for days
		}
	}
}

// either receives a value when one of the two does.
func either(a, b <-chan struct{}) <-chan struct{} {
	one := make(chan struct{})
	go func() {
		for {
			select {
			case <-a:
			case <-b:
			}
			one <- struct{}{}
		}
	}()
	return one
}

// leave ends the machine's run as an order said. It returns only on failure,
// after the time that firmware may take to obey.
func leave(end string, dog *watchdog.Dog, log *slog.Logger) error {
	dog.Alive(flushing)
	unix.Sync()
	if err := dog.Disarm(); err != nil {
		log.Error("the machine may be reset on its way", "error", err)
	}
	command := unix.LINUX_REBOOT_CMD_RESTART
	if end == report.ActionPowerOff {
		command = unix.LINUX_REBOOT_CMD_POWER_OFF
	}
	if err := unix.Reboot(command); err != nil {
		return fmt.Errorf("%s: %w", end, err)
	}
	time.Sleep(time.Minute)
	return fmt.Errorf("%s: the machine is still running", end)
}
