// Package bmcsim is a simulated BMC: a Redfish service over TLS with a log-in
// that switches a virtual machine on and off and sets what it boots from next.
// The same BMC answers IPMI, over the network and to its own machine (KCS): a
// user that is made on one side logs in on the others.
//
// It is strict where real BMCs are (methods, content types, unknown properties,
// If-Match), differs where they differ (Profile), and fails on demand as they do
// (Faults), so that a controller which passes here has met the field. It counts
// what it did, so that a test can prove "exactly once". One process holds a
// thousand: a BMC is some kilobytes, and a Fleet serves all of them from one
// listener. The virtual rack and tests import it; the appliance never does.
package bmcsim

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/bougou/go-ipmi/pkg/types"

	"firstlight/server/oob"
)

// Machine is what a BMC has in its hands. The BMC calls PowerOn and PowerOff one
// at a time, and only when Running says that there is something to change.
type Machine interface {
	Identity() oob.Identity
	// PowerOn starts the machine; next is where it shall look first, this once.
	PowerOn(ctx context.Context, next oob.BootDevice) error
	// PowerOff pulls the plug.
	PowerOff(ctx context.Context) error
	Running() bool
}

// Options are what a BMC is delivered with.
type Options struct {
	User     string // "admin" when empty
	Password oob.Secret
	Profile  Profile // Generic when zero
	MACs     []string
	Slots    int // sessions at once; 8 when zero
	Lockout  int // refused log-ins in a row that lock the account; 3 when zero
	// Suites are the cipher suites of IPMI that it has; all that are safe when empty.
	Suites []types.CipherSuiteID
	// Indicate shows what the identify light does from now on to whoever stands
	// before the machine; nobody does when nil.
	Indicate func(oob.Indicator)
	// Certificate is kept over restarts by whoever wants pins to hold; one is
	// made at first use when nil.
	Certificate *tls.Certificate
	Now         func() time.Time // time.Now when nil
}

// Counts is what a BMC did and saw since it was made.
type Counts struct {
	Requests      int
	PowerOns      int
	PowerOffs     int
	BootChanges   int
	LightChanges  int
	LoginsRefused int
	Locked        bool // the account is locked: too many refused log-ins in a row
	Sessions      int  // open now
}

// BMC is one simulated BMC; it is an http.Handler.
type BMC struct {
	machine Machine
	opts    Options
	routes  []route
	cert    func() (*tls.Certificate, error)
	ipmi    ipmiSide
	lan     lan

	life      context.Context
	end       context.CancelFunc
	tasks     sync.WaitGroup
	switchOne sync.Mutex // one power change at a time

	mu       sync.Mutex // guards all below
	faults   Faults
	counts   Counts
	inARow   int // refused log-ins since the last good one
	boot     override
	light    oob.Indicator
	sessions map[string]session
	jobs     []*task
	serial   int // of sessions and tasks
}

// New returns a BMC in front of the machine.
func New(m Machine, o Options) *BMC {
	o.fill()
	b := &BMC{machine: m, opts: o, sessions: map[string]session{}, boot: noOverride(), light: oob.IndicatorOff}
	b.life, b.end = context.WithCancel(context.Background())
	b.cert = sync.OnceValues(func() (*tls.Certificate, error) {
		if o.Certificate != nil {
			return o.Certificate, nil
		}
		return NewCertificate(m.Identity().Serial, o.Now())
	})
	b.routes = b.table()
	b.ipmi = b.newIPMI()
	b.Hire(factorySlot, o.User, o.Password)
	return b
}

func (o *Options) fill() {
	if o.User == "" {
		o.User = "admin"
	}
	if o.Profile.Name == "" {
		o.Profile = Generic()
	}
	if o.Slots == 0 {
		o.Slots = 8
	}
	if o.Lockout == 0 {
		o.Lockout = 3
	}
	if o.Indicate == nil {
		o.Indicate = func(oob.Indicator) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Close lets go of requests that hang in a fault and waits for tasks. The
// machine stays as it is.
func (b *BMC) Close() {
	b.end()
	b.tasks.Wait()
}

// Counts returns what the BMC did until now.
func (b *BMC) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts
	c.Sessions = len(b.sessions)
	c.Locked = b.inARow >= b.opts.Lockout
	return c
}

// Unlock lets the account log in again, as a person at the BMC's page would.
func (b *BMC) Unlock() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inARow = 0
}

// TakeNextBoot returns the device of the next boot and uses it up. The machine
// calls it when it starts again by itself: firmware asks its BMC then too.
func (b *BMC) TakeNextBoot() oob.BootDevice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.boot.take()
}
