package virtualrack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/netns"
)

// Rack is a running rack.
type Rack struct {
	spec      Spec
	password  oob.Secret
	people    *os.File
	network   *netns.Switch
	uplink    *netns.Cable
	wire      *light.Wire
	router    *router
	appliance *Appliance
	fleet     *bmcsim.Fleet
	machines  []*Machine
	records   []*os.File // consoles of light machines

	end   context.CancelFunc // of the BMCs' service
	tasks sync.WaitGroup
}

// Start builds a rack and starts its appliance. This process must be inside
// namespaces (netns.Run). Close ends it, also after an error that Start returns
// itself has been cleaned up by Start.
func Start(ctx context.Context, s Spec) (*Rack, error) {
	if !netns.Inside() {
		return nil, errors.New("start a rack: this process is not in namespaces of its own: start it through netns.Run")
	}
	if err := s.fill(); err != nil {
		return nil, err
	}
	r := &Rack{spec: s, password: oob.Secret(rand.Text()), fleet: bmcsim.NewFleet()}
	for _, part := range []func(context.Context) error{r.lay, r.serveBMCs, r.rackFull, r.rackLight, r.configure, r.startAppliance} {
		if err := part(ctx); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// Appliance is the appliance of the rack.
func (r *Rack) Appliance() *Appliance { return r.appliance }

// Machines are all machines: the QEMU ones first, in the order of the Spec.
func (r *Rack) Machines() []*Machine { return r.machines }

// Address is the appliance's own on the boot network.
func (r *Rack) Address() netip.Addr { return ownAddress }

// Join gives this process an address on the boot network, for clients that a
// test or a measurement runs itself; in a rack of IPv6 a link-local one.
func (r *Rack) Join() (netip.Addr, error) {
	if r.spec.IPv6 {
		return guestAddress6, r.uplink.Add(netip.PrefixFrom(guestAddress6, 64))
	}
	return guestAddress, r.uplink.Add(netip.PrefixFrom(guestAddress, bootNetwork.Bits()))
}

// Box is a network of its own on the boot network, for what should not be there,
// such as another DHCP server.
func (r *Rack) Box(link string, at netip.Addr) (*netns.Namespace, error) {
	box, err := netns.New()
	if err != nil {
		return nil, err
	}
	cable, err := r.network.Plug(link, box)
	if err != nil {
		return nil, errors.Join(err, box.Close())
	}
	return box, cable.Add(netip.PrefixFrom(at, bootNetwork.Bits()))
}

// CLI runs the appliance's command line against the running appliance, and
// returns what it printed. Its error holds what it printed on stderr.
func (r *Rack) CLI(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, r.spec.Program, args...)
	cmd.Dir = r.spec.Dir
	cmd.Env = append(os.Environ(), "FIRSTLIGHT_SOCKET="+r.Socket())
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("firstlight %v: %w: %s", args, err, exit.Stderr)
	}
	return string(out), err
}

// Database is where the appliance keeps its state, for whoever puts something
// into it while it is stopped.
func (r *Rack) Database() string { return r.path("state/serverdb.sqlite") }

// Socket is where the appliance answers its own host.
func (r *Rack) Socket() string { return r.path("state/firstlight.sock") }

// lay builds the switch, the box of the appliance and the cables.
func (r *Rack) lay(context.Context) (err error) {
	if r.network, err = netns.NewSwitch("switch"); err != nil {
		return err
	}
	box, err := netns.New()
	if err != nil {
		return err
	}
	r.appliance = &Appliance{rack: r, box: box}
	theirs, err := r.network.Plug(applianceLink, box)
	if err != nil {
		return err
	}
	if r.uplink, err = r.network.Plug(rackLink, nil); err != nil {
		return err
	}
	err = errors.Join(
		theirs.Add(netip.PrefixFrom(ownAddress, bootNetwork.Bits())),
		theirs.Reach(bmcNetwork),
		r.uplink.Add(netip.PrefixFrom(bmcUplink, 32)),
		r.uplink.Reach(bootNetwork),
		r.uplink.Own(bmcNetwork),
	)
	if err == nil && r.spec.Relayed > 0 {
		err = errors.Join(
			r.uplink.Add(netip.PrefixFrom(guestAddress, bootNetwork.Bits())),
			r.uplink.Own(relayed),
			theirs.Via(relayed, guestAddress),
		)
		if err == nil {
			_, err = netns.NoEcho() // until the rack's namespace ends
		}
	}
	if err == nil && r.spec.LinkRate > 0 {
		err = errors.Join(theirs.Shape(r.spec.LinkRate), r.uplink.Shape(r.spec.LinkRate))
	}
	if err == nil && r.spec.IPv6 {
		if err = theirs.Add(netip.PrefixFrom(ownAddress6, bootNetwork6.Bits())); err == nil {
			r.router, err = advertise(rackLink, bootNetwork6, r.spec.Log.Debug)
		}
	}
	if err == nil && r.spec.Light > 0 {
		r.wire, err = light.Open(rackLink, r.uplink)
	}
	return err
}

// serveBMCs opens one door for all BMCs; the dialled address tells them apart.
func (r *Rack) serveBMCs(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", netip.AddrPortFrom(netip.IPv4Unspecified(), bmcPort).String())
	if err != nil {
		return fmt.Errorf("serve the BMCs: %w", err)
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	r.end = end
	r.tasks.Go(func() {
		if err := r.fleet.Serve(life, l); err != nil {
			r.spec.Log.Error("the BMCs do not answer any more", "error", err)
		}
	})
	return nil
}

// configure writes what the appliance reads.
func (r *Rack) configure(context.Context) error {
	if err := r.fillCatalogue(); err != nil {
		return err
	}
	rules := r.spec.Rules
	if rules == nil {
		rules = DefaultRules(r.image(), r.spec.Light)
	}
	return r.writeConfig(rules)
}

func (r *Rack) startAppliance(ctx context.Context) error {
	r.people = r.spec.People
	if r.people == nil {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return fmt.Errorf("listen for the appliance: %w", err)
		}
		defer l.Close()
		if r.people, err = l.File(); err != nil {
			return fmt.Errorf("listen for the appliance: %w", err)
		}
	}
	return r.appliance.Start(ctx)
}

// boundClose is how long machines may take to go dark.
const boundClose = 15 * time.Second

// Close stops everything in order: machines, BMCs, appliance, network. What it
// leaves in the run folder are the logs (Clean).
func (r *Rack) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), boundClose)
	defer cancel()
	all := r.darken(ctx)
	if r.appliance != nil {
		all = errors.Join(all, r.appliance.Stop())
	}
	if r.end != nil {
		r.end()
		r.tasks.Wait()
	}
	for _, m := range r.machines {
		m.BMC.Close()
	}
	for _, f := range r.records {
		all = errors.Join(all, f.Close())
	}
	if r.people != nil && r.people != r.spec.People {
		_ = r.people.Close()
	}
	return errors.Join(all, r.unplug())
}

func (r *Rack) darken(ctx context.Context) error {
	errs := make([]error, len(r.machines))
	var wg sync.WaitGroup
	for i, m := range r.machines {
		wg.Go(func() { errs[i] = m.hands.Close(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (r *Rack) unplug() error {
	var all error
	if r.wire != nil {
		all = r.wire.Close()
	}
	if r.router != nil {
		all = errors.Join(all, r.router.close())
	}
	if r.uplink != nil {
		all = errors.Join(all, r.uplink.Disown(bmcNetwork), r.uplink.Disown(relayed))
	}
	if r.network != nil {
		all = errors.Join(all, r.network.Close())
	}
	if r.appliance != nil {
		all = errors.Join(all, r.appliance.box.Close())
	}
	return all
}
