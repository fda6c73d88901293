package ipmi

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

const (
	fruStep = 16   // bytes at a time, which every BMC gives
	maxFRU  = 4096 // bytes of an inventory that are looked at
)

// inventory reads the machine's own FRU, number 0 (section 34).
func (c *Controller) inventory(ctx context.Context) ([]byte, error) {
	info, err := c.session.command(ctx, netStorage, fruInfo, 0)
	if err != nil {
		return nil, err
	}
	if len(info) < 3 || info[2]&1 != 0 { // told in words of two bytes: nobody has it
		return nil, nil
	}
	size := min(int(info[0])|int(info[1])<<8, maxFRU)
	var all []byte
	for len(all) < size {
		at, want := len(all), min(fruStep, size-len(all))
		b, err := c.session.command(ctx, netStorage, readFRU, 0, byte(at), byte(at>>8), byte(want)) //nolint:gosec // below maxFRU
		if err != nil {
			return all, err
		}
		if len(b) < 2 || int(b[0]) > len(b)-1 || b[0] == 0 {
			return all, fmt.Errorf("%w: its inventory ends at byte %d of %d", errGarbled, at, size)
		}
		all = append(all, b[1:1+int(b[0])]...)
	}
	return all, nil
}

// product is what an inventory says of the machine. serials are all that it
// names: of the product, the board and the chassis.
type product struct {
	Vendor, Model, Serial string
	serials               []string
}

// parseFRU reads an inventory as far as it makes sense (Platform Management FRU
// Information Storage Definition, sections 8 and 10 to 12).
func parseFRU(b []byte) (p product) {
	if len(b) < 8 || b[0]&0x0F != 1 {
		return p
	}
	goods, board, chassis := fields(b, b[4], 3), fields(b, b[3], 6), fields(b, b[2], 3)
	p.Vendor, p.Model = cmp.Or(goods[0], board[0]), cmp.Or(goods[1], board[1])
	for _, s := range []string{goods[4], chassis[1], board[2]} {
		if s != "" {
			p.serials = append(p.serials, s)
		}
	}
	if len(p.serials) > 0 {
		p.Serial = p.serials[0]
	}
	return p
}

// fields are the first texts of an area, which begins at a multiple of eight
// bytes with a head of some bytes.
func fields(b []byte, offset byte, head int) (all [5]string) {
	at := int(offset)*8 + head
	if offset == 0 || at >= len(b) {
		return all
	}
	for i := range all {
		if at >= len(b) || b[at] == 0xC1 { // the end of the fields
			return all
		}
		kind, n := b[at]>>6, int(b[at]&0x3F)
		if at+1+n > len(b) {
			return all
		}
		if kind == 3 { // 8-bit ASCII; the packed kinds are rare, and not names
			all[i] = clean(string(b[at+1 : at+1+n]))
		}
		at += 1 + n
	}
	return all
}

// clean drops what pads a name and what cannot be shown.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s))
}
