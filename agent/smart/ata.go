package smart

import (
	"encoding/binary"
	"errors"
	"fmt"

	"firstlight/agent/report"
)

// Attributes that makers agree on; smartmontools' drivedb has them all.
const (
	reallocated   = 5
	hours         = 9
	uncorrected   = 187
	airflow       = 190
	temperature   = 194
	pending       = 197
	uncorrectable = 198
)

// lives are the attributes whose value is what is left of a solid-state disk's life,
// in percent; the first that there is counts.
var lives = []byte{231, 202, 233, 177}

var names = map[byte]string{
	1: "read errors", 3: "spin-up time", reallocated: "reallocated sectors", 7: "seek errors", hours: "hours of power", 10: "spin-up retries",
	177: "wear", 184: "end-to-end errors", uncorrected: "uncorrected errors", 188: "command time-outs", pending: "pending sectors",
	uncorrectable: "uncorrectable sectors", 199: "checksum errors of its cable", 202: "life left", 231: "life left", 233: "life left",
}

// attribute is one of thirty, of twelve bytes each.
type attribute struct {
	id, value byte
	prefail   bool
	raw       uint64
}

const (
	entries    = 30
	entryBytes = 12
)

// decodeATA reads the sectors of values and of limits (SFF-8035i, revision 2), and
// what the disk answered when it was asked whether it predicts its failure.
func decodeATA(values, limits []byte, fails, rotational bool) (*report.Health, error) {
	if len(values) < 512 {
		return nil, fmt.Errorf("SMART values: %d bytes, want 512", len(values))
	}
	if sum(values) != 0 {
		return nil, errors.New("SMART values: their checksum is wrong")
	}
	all := attributes(values)
	h := &report.Health{
		Source: fromATA, Hours: all[hours].raw & (1<<24 - 1), // some count minutes above
		Celsius:     celsius(all),
		Reallocated: all[reallocated].raw & (1<<32 - 1), Pending: all[pending].raw & (1<<32 - 1),
		Uncorrectable: all[uncorrectable].raw & (1<<32 - 1), MediaErrors: all[uncorrected].raw & (1<<32 - 1),
	}
	if !rotational {
		h.Used = used(all)
	}
	if h.Says = below(values, limits); fails && len(h.Says) == 0 {
		h.Says = []string{"it predicts its own failure"}
	}
	return h, nil
}

func attributes(b []byte) map[byte]attribute {
	all := map[byte]attribute{}
	for i := range entries {
		e := b[2+i*entryBytes:][:entryBytes]
		if e[0] == 0 {
			continue
		}
		raw := binary.LittleEndian.Uint64(append(append([]byte(nil), e[5:11]...), 0, 0))
		all[e[0]] = attribute{id: e[0], prefail: e[1]&1 != 0, value: e[3], raw: raw}
	}
	return all
}

// below names the attributes by which a disk predicts its failure: a value at its
// limit or below. A limit of 0 never fails, and 254 and more are for tests.
func below(values, limits []byte) (says []string) {
	if len(limits) < 512 || sum(limits) != 0 {
		return nil
	}
	all := attributes(values)
	for i := range entries {
		e := limits[2+i*entryBytes:][:entryBytes]
		a, there := all[e[0]]
		if limit := e[1]; there && a.prefail && limit > 0 && limit < 254 && a.value > 0 && a.value <= limit {
			says = append(says, fmt.Sprintf("it predicts its own failure: attribute %d%s is at %d, and its limit is %d", a.id, name(a.id), a.value, limit))
		}
	}
	return says
}

func name(id byte) string {
	if s := names[id]; s != "" {
		return " (" + s + ")"
	}
	return ""
}

// celsius is in the lowest byte; the others have highest and lowest of its life.
func celsius(all map[byte]attribute) int {
	const hottest = 120 // what is above is no temperature
	for _, id := range []byte{temperature, airflow} {
		if c := int(all[id].raw & 0xFF); 0 < c && c < hottest {
			return c
		}
	}
	return 0
}

func used(all map[byte]attribute) *int {
	for _, id := range lives {
		if a, there := all[id]; there && a.value <= 100 {
			n := 100 - int(a.value)
			return &n
		}
	}
	return nil
}

func sum(b []byte) (s byte) {
	for _, c := range b[:512] {
		s += c
	}
	return s
}
