package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Raw is an IPv4 packet that was captured.
type Raw struct {
	At   time.Time
	IPv4 []byte
}

// Link types of captures (https://www.tcpdump.org/linktypes.html).
const (
	linkEthernet = 1
	linkRaw      = 101
	linkCooked   = 113 // tcpdump -i any
	linkIPv4     = 228
	linkCooked2  = 276
)

// Errors of captures that cannot be read.
var (
	ErrNG = errors.New("the capture is pcapng, as Wireshark saves it: convert it with editcap -F pcap IN OUT, save it as \"pcap\", or capture with tcpdump -w")
	// ErrNoPCAP is in errors that say what was found instead.
	ErrNoPCAP = errors.New("this is no pcap file")
)

// ReadPCAP reads the IPv4 packets of a capture in the classic format, of either
// byte order, in micro- or nanoseconds, and passes over all others. A capture
// that is cut off gives what is whole of it, and an error with io.ErrUnexpectedEOF.
func ReadPCAP(r io.Reader) ([]Raw, error) {
	var head [24]byte
	order, unit, err := opening(r, head[:])
	if err != nil {
		return nil, err
	}
	link := order.Uint32(head[20:]) & 0xffff // above are flags of frame checks
	var all []Raw
	for n := 0; ; n++ { // of whichever protocol
		var h [16]byte
		if _, err := io.ReadFull(r, h[:]); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, cut(n, err)
		}
		size := order.Uint32(h[8:])
		if size > 256<<10 { // more than any capture's limit
			return all, fmt.Errorf("packet %d of the capture has %d bytes: it is damaged", n+1, size)
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return all, cut(n, err)
		}
		if ip, ok := within(link, b); ok {
			at := time.Unix(int64(order.Uint32(h[:])), int64(order.Uint32(h[4:]))*int64(unit))
			all = append(all, Raw{at, ip})
		}
	}
}

// opening reads the head of a capture, and says what is there where it is none.
func opening(r io.Reader, head []byte) (binary.ByteOrder, time.Duration, error) {
	n, err := io.ReadFull(r, head)
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, fmt.Errorf("it is empty: %w", ErrNoPCAP)
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, err
	case n < 4:
		return nil, 0, fmt.Errorf("it has %d bytes: %w", n, ErrNoPCAP)
	}
	order, unit, wrong := dialect(head[:4])
	if wrong == nil && err != nil {
		wrong = fmt.Errorf("it has %d bytes and is cut off in its head: %w", n, io.ErrUnexpectedEOF)
	}
	return order, unit, wrong
}

// cut is an error in the middle of what follows n packets.
func cut(n int, err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("it is cut off after %d whole packets; editcap -F pcap IN OUT keeps those: %w", n, io.ErrUnexpectedEOF)
}

// dialect reads the magic number.
func dialect(magic []byte) (binary.ByteOrder, time.Duration, error) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case 0xa1b2c3d4:
			return order, time.Microsecond, nil
		case 0xa1b23c4d:
			return order, time.Nanosecond, nil
		case 0x0a0d0d0a:
			return nil, 0, ErrNG
		}
	}
	return nil, 0, fmt.Errorf("it begins with %q: %w", magic, ErrNoPCAP)
}

// within takes the IPv4 packet out of a frame.
func within(link uint32, b []byte) ([]byte, bool) {
	at, kind := 0, -1 // where the packet begins, where its EtherType stands
	switch link {
	case linkEthernet:
		for at, kind = 14, 12; len(b) >= at && tagged(b[kind:]); {
			at, kind = at+4, kind+4
		}
	case linkCooked:
		at, kind = 16, 14
	case linkCooked2:
		at, kind = 20, 0
	case linkRaw, linkIPv4:
	default:
		return nil, false
	}
	if len(b) <= at || kind >= 0 && binary.BigEndian.Uint16(b[kind:]) != 0x0800 || b[at]>>4 != 4 {
		return nil, false
	}
	return b[at:], true
}

// tagged tells a VLAN tag (IEEE 802.1Q, 802.1ad).
func tagged(b []byte) bool {
	kind := binary.BigEndian.Uint16(b)
	return kind == 0x8100 || kind == 0x88a8
}
