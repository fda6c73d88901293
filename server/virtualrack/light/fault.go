package light

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
)

// Fault is what is wrong with a machine, or with the network before it, as the
// appliance sees it. It shows from the machine's next step on.
type Fault string

// Faults, in the order of a boot.
const (
	Healthy      Fault = ""
	Dead         Fault = "dead"              // it has power and does nothing
	DiskFirst    Fault = "disk-first"        // it boots its disk, whatever it is told
	LatePort     Fault = "late-port"         // its switch port forwarded half a minute late
	BareRelay    Fault = "bare-relay"        // its relay adds no option 82
	WrongRelay   Fault = "wrong-relay"       // its relay is on a network that nobody configured
	FarRelay     Fault = "far-relay"         // its relay loses what we answer
	OddFirmware  Fault = "odd-architecture"  // there is no loader for it
	NoOffers     Fault = "offers-lost"       // what we answer does not reach it
	Declines     Fault = "duplicate-address" // it finds that another has its address
	OldLease     Fault = "old-lease"         // it insists on an address of another network
	OtherServer  Fault = "other-server"      // it takes the offer of another DHCP server
	NoTFTP       Fault = "no-tftp"           // it never asks for its loader
	WrongFile    Fault = "wrong-file"        // it asks for a file that somebody else names
	OtherLoader  Fault = "wrong-loader"      // it fetches the loader of another architecture
	CutLoader    Fault = "cut-loader"        // its loader breaks off
	NoDriver     Fault = "no-driver"         // its loader has no driver for its card
	LoaderLoop   Fault = "loader-loop"       // its loader starts its firmware's network boot anew
	DeafLoader   Fault = "deaf-loader"       // its loader asks for an address and takes none
	NoHTTP       Fault = "no-http"           // its loader does not reach the script
	BorrowedName Fault = "borrowed-name"     // it asks for the script of another machine
	Stops        Fault = "stops"             // it gets its script and does nothing
	GoneKernel   Fault = "gone-kernel"       // it asks for a kernel that is not there
	CutKernel    Fault = "cut-kernel"        // its kernel breaks off
	SilentAgent  Fault = "silent-agent"      // its kernel starts and the agent never speaks
	CrashLoop    Fault = "crash-loop"        // its kernel crashes, again and again
	WrongClock   Fault = "wrong-clock"       // its clock stands in 2003
	TwoFaces     Fault = "two-identities"    // it shows the UUID of another machine
	DeadDisk     Fault = "dead-disk"         // what was installed does not boot
	StubbornDisk Fault = "stubborn-disk"     // its disk says that it was erased, and was not
	WrongCable   Fault = "wrong-cable"       // its cable is in another port of the switch
	RelayLies    Fault = "relay-disagrees"   // its relay names another port of its switch than the switch does
	AgentCrash   Fault = "agent-crash"       // its agent panicked, and was started again
	MissingDIMM  Fault = "missing-dimm"      // its second memory module is not seen
	ClonedSerial Fault = "cloned-serial"     // it has the serial number of another machine
	NoSerial     Fault = "no-serial"         // its maker forgot to write its serial number
	FailingDisk  Fault = "failing-disk"      // its disk predicts its own failure
	StolenToken  Fault = "stolen-token"      // another agent shows its boot token with another key
	SlowDisk     Fault = "slow-disk"         // its disk reads at a tenth of the rate of others
	HotProcessor Fault = "hot-processor"     // its processor reaches its critical temperature
	BadDIMM      Fault = "bad-dimm"          // its second memory module has errors, which are corrected
)

// Faults lists all that a machine can be told to play.
func Faults() []Fault {
	return []Fault{
		Dead, DiskFirst, LatePort, BareRelay, WrongRelay, FarRelay, OddFirmware, NoOffers, Declines, OldLease, OtherServer,
		NoTFTP, WrongFile, OtherLoader, CutLoader, NoDriver, LoaderLoop, DeafLoader, NoHTTP, BorrowedName, Stops,
		GoneKernel, CutKernel, SilentAgent, CrashLoop, WrongClock, TwoFaces, DeadDisk, StubbornDisk, WrongCable, RelayLies, AgentCrash,
		MissingDIMM, ClonedSerial, NoSerial, FailingDisk, StolenToken, SlowDisk, HotProcessor, BadDIMM,
	}
}

// ParseFault reads the name of a fault.
func ParseFault(s string) (Fault, error) {
	if f := Fault(s); slices.Contains(Faults(), f) {
		return f, nil
	}
	names := make([]string, 0, len(Faults()))
	for _, f := range Faults() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("there is no fault %q; want one of %s", s, strings.Join(names, ", "))
}

// Plant makes something wrong with the machine; Healthy mends it.
func (m *Machine) Plant(f Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

func (m *Machine) has(f Fault) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fault == f
}

// hang does nothing until the power goes.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Addresses of what is not as it should be.
var (
	relayOfNobody = netip.MustParseAddr("10.99.0.1")
	farRelay      = netip.MustParseAddr("10.99.64.1")
	otherNetwork  = netip.MustParseAddr("10.7.7.7")
	otherServer   = netip.MustParseAddr("10.80.0.9")
	ownRelay      = netip.MustParseAddr("10.80.255.254") // of the rack's own network, which forwards both ways
)

// disguise changes what a program says in DHCP.
func (m *Machine) disguise(p program) program {
	add := func(mods ...dhcpv4.Modifier) { p.identify = append(slices.Clone(p.identify), mods...) }
	switch {
	case m.has(LatePort):
		add(func(d *dhcpv4.DHCPv4) { d.NumSeconds = 27 })
	case m.has(BareRelay), m.has(WrongRelay):
		add(dhcpv4.WithGatewayIP(relayOfNobody.AsSlice()))
		if m.has(WrongRelay) {
			add(dhcpv4.WithOption(dhcpv4.OptRelayAgentInfo(dhcpv4.OptGeneric(dhcpv4.AgentCircuitIDSubOption, []byte("port 7")))))
		}
	case m.has(RelayLies):
		add(dhcpv4.WithGatewayIP(ownRelay.AsSlice()), dhcpv4.WithOption(dhcpv4.OptRelayAgentInfo(
			dhcpv4.OptGeneric(dhcpv4.AgentCircuitIDSubOption, fmt.Appendf(nil, "%s:%s", m.spec.Switch, m.spec.WrongPort)),
		)))
	case m.has(FarRelay):
		add(dhcpv4.WithGatewayIP(farRelay.AsSlice()))
	case m.has(OddFirmware):
		add(dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00037:UNDI:003016")), dhcpv4.WithOption(dhcpv4.OptClientArch(iana.Arch(37))))
	}
	return p
}

// deaf tells whether a program takes no offer.
func (m *Machine) deaf(p program) bool {
	return m.has(NoOffers) && p.name == nameFirmware || m.has(DeafLoader) && p.name == nameLoader
}

// loaderName is what the firmware asks for, by what it was told.
func (m *Machine) loaderName(told string) string {
	switch {
	case m.has(WrongFile):
		return "pxelinux.0"
	case m.has(OtherLoader) && m.spec.UEFI:
		return "undionly.kpxe"
	case m.has(OtherLoader):
		return "snponly.efi"
	}
	return told
}

// stuck is what happens between two steps of a boot, where a fault is.
func (m *Machine) stuck(ctx context.Context, at ...Fault) error {
	if slices.ContainsFunc(at, m.has) {
		return hang(ctx)
	}
	return ctx.Err()
}

// loops is how often a loader that starts the firmware anew is fetched, and a
// kernel that crashes.
const loops = 4

func (m *Machine) loopLoader(ctx context.Context) error {
	for range loops {
		if err := m.loadLoader(ctx); err != nil {
			return err
		}
	}
	return hang(ctx)
}

// cut fetches the beginning of a file and goes away.
func cut(ctx context.Context, web *http.Client, address string) error {
	ctx, away := context.WithTimeout(ctx, 5*time.Second)
	defer away()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = resp.Body.Read(make([]byte, 4096))
	return err
}
