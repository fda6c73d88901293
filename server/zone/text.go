package zone

import (
	"fmt"
	"strings"
	"time"
)

// Text is the zone as a master file (RFC 1035 §5), one record a line, with
// absolute names, so that two versions differ in just the lines that changed.
func (z Zone) Text() string {
	var s strings.Builder
	o := z.SOA
	record(&s, z.Name, o.TTL, TypeSOA, fmt.Sprintf("%s %s %d %d %d %d %d", o.NS, o.Mailbox, z.Serial,
		Seconds(o.Refresh), Seconds(o.Retry), Seconds(o.Expire), Seconds(o.Minimum)))
	for _, set := range z.RRsets {
		for _, d := range set.Data {
			record(&s, set.Name, set.TTL, set.Type, d.String())
		}
	}
	return s.String()
}

func record(s *strings.Builder, name string, ttl time.Duration, t Type, data string) {
	fmt.Fprintf(s, "%s\t%d\tIN\t%s\t%s\n", name, Seconds(ttl), t, data)
}

// Seconds is a time as the DNS has it. RFC 2181 §8: at most 31 bits.
func Seconds(d time.Duration) uint32 {
	return uint32(max(0, min(d/time.Second, 1<<31-1)))
}
