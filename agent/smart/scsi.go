package smart

import (
	"encoding/binary"
	"errors"
	"fmt"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

// Log pages of SCSI (SPC-5, 7.3; SBC-4, 6.4).
const (
	pageReadErrors   = 0x03
	pageVerifyErrors = 0x05
	pageTemperature  = 0x0D
	pageSolidState   = 0x11
	pageScan         = 0x15
	pageExceptions   = 0x2F
)

// readSCSI counts any page that the disk has: few have all of them.
func readSCSI(door passthrough.Door) (*report.Health, error) {
	h := &report.Health{Source: fromSCSI}
	answered, errs := false, []error(nil)
	for _, page := range []byte{pageExceptions, pageTemperature, pageSolidState, pageScan, pageReadErrors, pageVerifyErrors} {
		b, err := passthrough.LogPage(door, page)
		var refused passthrough.Sense
		switch {
		case err == nil:
			decodeSCSI(h, page, b)
			answered = true
			continue
		case !errors.As(err, &refused): // the door, not the disk
			return nil, err
		}
		errs = append(errs, err)
	}
	if !answered {
		return nil, errors.Join(errs...)
	}
	return h, nil
}

// decodeSCSI enters what one page says. Each parameter has a code of two bytes, one of
// control and one that is the length of what follows (SPC-5, 7.3.2.2).
func decodeSCSI(h *report.Health, page byte, b []byte) {
	for len(b) >= 4 {
		code, n := binary.BigEndian.Uint16(b), min(int(b[3]), len(b)-4)
		parameter(h, page, code, b[4:4+n])
		b = b[4+n:]
	}
}

func parameter(h *report.Health, page byte, code uint16, p []byte) {
	const notKnown = 0xFF
	switch {
	case page == pageExceptions && code == 0 && len(p) >= 3: // SPC-5, 7.3.8
		h.Says = append(h.Says, exception(p[0], p[1])...)
		if h.Celsius == 0 && p[2] != notKnown {
			h.Celsius = int(p[2])
		}
	case page == pageTemperature && code == 0 && len(p) >= 2 && p[1] != notKnown: // SPC-5, 7.3.21
		h.Celsius = int(p[1])
	case page == pageSolidState && code == 1 && len(p) >= 4: // SBC-4, 6.4.9
		n := int(p[3])
		h.Used = &n
	case page == pageScan && code == 0 && len(p) >= 4: // SBC-4, 6.4.2
		h.Hours = uint64(binary.BigEndian.Uint32(p)) / 60
	case (page == pageReadErrors || page == pageVerifyErrors) && code == 6: // total uncorrected errors, SPC-5, 7.3.7
		h.MediaErrors += number(p)
	}
}

// exception reads the sense of an informational exception: those of code 5Dh predict a
// failure. A temperature (0Bh) passes.
func exception(code, qualifier byte) []string {
	const prediction, falsely = 0x5D, 0xFF
	if code != prediction || qualifier == falsely { // made up for a test
		return nil
	}
	return []string{fmt.Sprintf("it predicts its own failure (sense %02x/%02x)", code, qualifier)}
}

// number reads a counter of up to eight bytes.
func number(p []byte) (n uint64) {
	if len(p) > 8 {
		return 0
	}
	for _, c := range p {
		n = n<<8 | uint64(c)
	}
	return n & (1<<63 - 1)
}
