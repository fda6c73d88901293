package ipmi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"firstlight/server/oob"
)

// Identify says whose BMC this is, as far as it tells: who made the machine and
// its serial stand in its inventory (FRU), its UUID in the system's GUID.
func (c *Controller) Identify(ctx context.Context) (id oob.Identity, err error) {
	err = c.do(ctx, "identify the machine at", func(ctx context.Context) error {
		id, err = c.identify(ctx)
		return err
	})
	return id, err
}

func (c *Controller) identify(ctx context.Context) (id oob.Identity, err error) {
	b, err := c.session.command(ctx, netApp, getDeviceID)
	if err != nil {
		return id, err
	}
	if len(b) < 4 {
		return id, fmt.Errorf("%w: it says who it is in %d bytes", errGarbled, len(b))
	}
	id.Firmware = fmt.Sprintf("%d.%02x", b[2]&0x7F, b[3]) // the minor one is BCD
	guid, err := c.session.command(ctx, netApp, getSystemGUID)
	if err = unlessUnsupported(err); err != nil {
		return id, err
	}
	id.UUID = c.uuidOf(guid)
	inventory, err := c.inventory(ctx)
	if err = unlessUnsupported(err); err != nil {
		return id, err
	}
	p := parseFRU(inventory)
	id.Vendor, id.Model, id.Serial = p.Vendor, p.Model, p.Serial
	if slices.Contains(p.serials, c.cfg.Serial) {
		id.Serial = c.cfg.Serial
	}
	return id, nil
}

// unlessUnsupported forgives a BMC that does not tell.
func unlessUnsupported(err error) error {
	if errors.Is(classify(err), oob.ErrUnsupported) {
		return nil
	}
	return err
}

// prove refuses a BMC that shows another machine: its serial and its UUID both
// contradict. One of the two alone often does, because a board was exchanged or
// a vendor orders the UUID's bytes in a way of its own.
func (c *Controller) prove(ctx context.Context) error {
	id, err := c.identify(ctx)
	if err != nil || c.cfg.Serial == "" && c.cfg.UUID == "" {
		return err
	}
	matches := id.Serial != "" && id.Serial == c.cfg.Serial || id.UUID != "" && strings.EqualFold(id.UUID, c.cfg.UUID)
	if matches || id.Serial == "" || id.UUID == "" {
		return nil
	}
	return fmt.Errorf("%w: it belongs to the machine with serial %q and UUID %s, wanted are serial %q and UUID %s", errPlain, id.Serial, id.UUID, c.cfg.Serial, c.cfg.UUID)
}

// uuidOf reads a GUID, whose bytes vendors order in three ways: as the IPMI
// specification has it (all reversed), as SMBIOS does, and plainly. It is the way
// that gives the UUID that is looked for, else that of SMBIOS, which most have.
func (c *Controller) uuidOf(b []byte) string {
	if len(b) < 16 || uuid.UUID(b[:16]) == uuid.Nil || uuid.UUID(b[:16]) == uuid.Max {
		return ""
	}
	plain := uuid.UUID(b[:16])
	reversed, smbios := plain, plain
	slices.Reverse(reversed[:])
	binary.BigEndian.PutUint32(smbios[0:], binary.LittleEndian.Uint32(plain[0:]))
	binary.BigEndian.PutUint16(smbios[4:], binary.LittleEndian.Uint16(plain[4:]))
	binary.BigEndian.PutUint16(smbios[6:], binary.LittleEndian.Uint16(plain[6:]))
	for _, u := range []uuid.UUID{smbios, reversed, plain} {
		if strings.EqualFold(u.String(), c.cfg.UUID) {
			return u.String()
		}
	}
	return smbios.String()
}
