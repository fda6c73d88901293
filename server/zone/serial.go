package zone

import "time"

// SerialBefore tells whether serial a is older than b in the arithmetic of RFC
// 1982 §3.2. Two serials that are half the circle apart have no order.
func SerialBefore(a, b uint32) bool { return a != b && b-a < 1<<31 }

// NextSerial is the serial that follows prev, 0 when there is none. It is the
// time in seconds where that lies ahead, so that an appliance that lost its
// memory still goes forward; else, when the clock stands or went back, one more.
func NextSerial(prev uint32, now time.Time) uint32 {
	next := uint32(now.Unix()) // wraps in 2106, as serials may
	if prev != 0 && !SerialBefore(prev, next) {
		next = prev + 1
	}
	if next == 0 { // RFC 1982 §7: legal, but taken for "none" by many tools
		next = 1
	}
	return next
}
