package bmcsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/server"
	"github.com/bougou/go-ipmi/pkg/transport/udp"
	"github.com/bougou/go-ipmi/pkg/types"
	"github.com/bougou/go-ipmi/pkg/vmproto"
	"github.com/google/uuid"

	"firstlight/server/oob"
)

// LANChannel is the channel of IPMI that is the BMC's network.
const LANChannel = 1

// factorySlot is where the user is that a BMC is delivered with.
const factorySlot = 2

// ipmiSide is the same BMC as IPMI shows it: one machine, one set of users.
type ipmiSide struct {
	core     *bmc.BMC
	commands *handlers.Registry
}

func (b *BMC) newIPMI() ipmiSide {
	id := b.machine.Identity()
	guid, err := uuid.Parse(id.UUID)
	if err != nil {
		guid = uuid.Nil
	}
	raw := [16]byte(guid) // in SMBIOS's order, which most BMCs have
	slices.Reverse(raw[0:4])
	slices.Reverse(raw[4:6])
	slices.Reverse(raw[6:8])
	i := ipmiSide{
		core:     bmc.New(bmc.DeviceInfo{DeviceID: 0x20, FirmwareMajor: 1, FirmwareMinor: 0x42, IPMIVersion: 0x02}, raw, &hardware{bmc: b}),
		commands: handlers.NewRegistry(),
	}
	handlers.RegisterAllHandlers(i.commands)
	b.addCommands(i.commands)
	return i
}

// Hire makes a user in a slot, as its own machine does by KCS: an administrator who
// may come in over the network. Of the password 20 bytes are kept.
func (b *BMC) Hire(slot uint8, user string, password oob.Secret) {
	access := map[uint8]bmc.UserChannelAccess{LANChannel: {MaxPrivilege: bmc.PrivilegeLevelAdministrator, Enabled: true}}
	_ = b.ipmi.core.Users.Upsert(slot, func(u *bmc.User) error { // fails for a slot that there is not
		u.Name, u.Enabled, u.ChannelAccess = user, true, access
		u.SetPassword([]byte(password)[:min(len(password), bmc.MaxPasswordLen)])
		return nil
	})
}

// ServeIPMI answers IPMI over LAN until ctx ends; it closes the socket.
func (b *BMC) ServeIPMI(ctx context.Context, conn *net.UDPConn) error {
	s := server.NewServer(b.ipmi.core, &deaf{udp.Wrap(conn, udp.WithReadTimeout(0)), b}, server.WithHandlerRegistry(b.ipmi.commands))
	if len(b.opts.Suites) > 0 {
		b.ipmi.core.SetCipherSuites(b.opts.Suites)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("serve IPMI at %s: %w", conn.LocalAddr(), err)
	}
	return nil
}

// ServeVM answers QEMU's ipmi-bmc-extern, which is the machine's own way to its
// BMC (KCS), until ctx ends; it closes the listener.
func (b *BMC) ServeVM(ctx context.Context, l net.Listener) error {
	err := vmproto.NewVMServer(b.ipmi.core, vmproto.WithVMHandlerRegistry(b.ipmi.commands)).Serve(ctx, l)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve the machine's BMC at %s: %w", l.Addr(), err)
	}
	return nil
}

// deaf is a socket that hears nothing as long as its BMC is mute.
type deaf struct {
	*udp.Conn
	bmc *BMC
}

// ReadFrom gives the next packet that the BMC hears.
func (d *deaf) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := d.Conn.ReadFrom(b)
		if err != nil || !d.bmc.Faults().Mute {
			return n, from, err
		}
	}
}

// ended is the code for a change that did not work out.
func ended(err error) ([]byte, types.CompletionCode, error) {
	if err != nil {
		return nil, types.CodeUnspecifiedError, nil //nolint:nilerr // a code is how a BMC says so
	}
	return nil, types.CodeOK, nil
}

// addCommands are those that the library lacks, or answers otherwise than a BMC
// with an identify light and a network of its own.
func (b *BMC) addCommands(r *handlers.Registry) {
	type request = func(context.Context, *handlers.HandlerContext, []byte) ([]byte, types.CompletionCode, error)
	for command, answer := range map[types.Command]request{
		types.CommandGetSystemGUID: func(_ context.Context, h *handlers.HandlerContext, _ []byte) ([]byte, types.CompletionCode, error) {
			return h.BMC.GUID[:], types.CodeOK, nil
		},
		types.CommandGetChassisStatus:  b.chassisStatus,
		types.CommandChassisIdentify:   b.chassisIdentify,
		types.CommandSetLanConfigParam: b.setLAN,
		types.CommandSetChannelAccess:  setChannel,
		types.CommandGetChannelAccess:  getChannel,
	} {
		r.RegisterFunc(command, answer)
	}
}

// pause is how slow the BMC is now.
func (b *BMC) pause() {
	if slow := b.Faults().Slow; slow > 0 {
		t := time.NewTimer(slow)
		defer t.Stop()
		select {
		case <-t.C:
		case <-b.life.Done():
		}
	}
}
