package bmcsim

import (
	"context"
	"sync"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/hal"
	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/types"
)

// lan is the BMC's own network, as it was told. The virtual one stays where it
// is whatever it is told.
type lan struct {
	mu  sync.Mutex
	now hal.IPConfig
}

// GetConfig gives it as it is.
func (l *lan) GetConfig(context.Context) (*hal.IPConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	is := l.now
	return &is, nil
}

// SetConfig replaces it.
func (l *lan) SetConfig(_ context.Context, c *hal.IPConfig) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = *c
	return nil
}

// LAN is the network as the BMC was told it.
func (b *BMC) LAN() hal.IPConfig {
	is, _ := b.lan.GetConfig(context.Background()) // never fails
	return *is
}

// setLAN is Set LAN Configuration Parameters (table 23-4) for what describes an
// address. As with real BMCs an address is read-only while DHCP gives it.
func (b *BMC) setLAN(_ context.Context, _ *handlers.HandlerContext, asked []byte) ([]byte, types.CompletionCode, error) {
	b.pause()
	if len(asked) < 3 {
		return nil, types.CodeRequestDataTruncated, nil
	}
	is, data := b.LAN(), asked[2:]
	var into *[4]byte
	switch types.LanConfigParamSelector(asked[1]) {
	case types.LanConfigParamSelector_SetInProgress:
		return nil, types.CodeOK, nil
	case types.LanConfigParamSelector_IPSource:
		is.DHCP = types.LanIPAddressSource(data[0]) == types.IPAddressSourceDHCP
		return ended(b.lan.SetConfig(context.Background(), &is))
	case types.LanConfigParamSelector_IP:
		into = &is.IP
	case types.LanConfigParamSelector_SubnetMask:
		into = &is.Mask
	case types.LanConfigParamSelector_DefaultGatewayIP:
		into = &is.Gateway
	default:
		return nil, types.CodeParameterNotSupported, nil
	}
	switch {
	case len(data) != 4:
		return nil, types.CodeRequestDataLengthInvalid, nil
	case is.DHCP:
		return nil, types.CodeParamConfigSetReadOnly, nil
	}
	*into = [4]byte(data)
	return ended(b.lan.SetConfig(context.Background(), &is))
}

// setChannel is Set Channel Access (table 22-34): the mode of a channel, and the
// highest privilege on it.
func setChannel(_ context.Context, h *handlers.HandlerContext, asked []byte) ([]byte, types.CompletionCode, error) {
	if len(asked) < 3 {
		return nil, types.CodeRequestDataTruncated, nil
	}
	c, err := h.BMC.Channels.Get(asked[0] & 0x0F)
	if err != nil {
		return nil, types.CodeRequestDataFieldInvalid, nil //nolint:nilerr // a code is how a BMC says so
	}
	if asked[1]&0xC0 != 0 {
		c.AccessMode = bmc.ChannelAccessMode(asked[1] & 0x07)
	}
	if asked[2]&0xC0 != 0 {
		c.MaxPrivilege = bmc.PrivilegeLevel(asked[2] & 0x0F)
	}
	h.BMC.Channels.Set(c)
	return nil, types.CodeOK, nil
}

func getChannel(_ context.Context, h *handlers.HandlerContext, asked []byte) ([]byte, types.CompletionCode, error) {
	if len(asked) < 1 {
		return nil, types.CodeRequestDataTruncated, nil
	}
	c, err := h.BMC.Channels.Get(asked[0] & 0x0F)
	if err != nil {
		return nil, types.CodeRequestDataFieldInvalid, nil //nolint:nilerr // a code is how a BMC says so
	}
	return []byte{byte(c.AccessMode), byte(c.MaxPrivilege)}, types.CodeOK, nil
}

// inventory is the machine's FRU: who made it, and its serial.
type inventory struct{ bmc *BMC }

func (i inventory) FRU() hal.FRUStore { return i }
func (inventory) SDR() hal.SDRStore   { return nil }

// Read gives the one inventory that there is.
func (i inventory) Read(_ context.Context, device uint8) ([]byte, error) {
	if device != 0 {
		return nil, hal.ErrNotFound
	}
	id := i.bmc.machine.Identity()
	return types.PackFRU(types.FRUPackConfig{Product: &types.FRUPackProduct{Manufacturer: id.Vendor, Name: id.Model, Serial: id.Serial}})
}

func (inventory) Write(context.Context, uint8, []byte) error { return hal.ErrNotSupported }
func (inventory) Delete(context.Context, uint8) error        { return hal.ErrNotSupported }
func (inventory) DeviceIDs(context.Context) ([]uint8, error) { return []uint8{0}, nil }
