package collect

import (
	"encoding/binary"
	"slices"
)

// tables builds the firmware's tables of a machine that nobody has, byte by byte
// from the specification (DSP0134 3.7.0). Each method adds one structure.
type tables struct {
	all    []byte
	handle uint16
}

// structure is one of a type: its formatted part behind the header, in which a
// string stands for its own number, and the strings behind it (6.1).
func (t *tables) structure(kind byte, fields ...any) uint16 {
	var body []byte
	var texts []string
	for _, f := range fields {
		switch f := f.(type) {
		case string:
			body = append(body, text(&texts, f))
		case byte:
			body = append(body, f)
		case []byte:
			body = append(body, f...)
		case uint16:
			body = binary.LittleEndian.AppendUint16(body, f)
		case uint32:
			body = binary.LittleEndian.AppendUint32(body, f)
		case uint64:
			body = binary.LittleEndian.AppendUint64(body, f)
		default:
			panic("a field is a string, bytes or a number of 8, 16, 32 or 64 bits")
		}
	}
	handle := t.handle
	t.handle++
	t.all = append(t.all, kind, byte(4+len(body)))
	t.all = append(binary.LittleEndian.AppendUint16(t.all, handle), body...)
	for _, s := range texts {
		t.all = append(append(t.all, s...), 0)
	}
	if len(texts) == 0 {
		t.all = append(t.all, 0)
	}
	t.all = append(t.all, 0)
	return handle
}

// text gives a string its number; 0 is none.
func text(texts *[]string, s string) byte {
	if s == "" {
		return 0
	}
	i := slices.Index(*texts, s)
	if i < 0 {
		i = len(*texts)
		*texts = append(*texts, s)
	}
	return byte(i + 1)
}

// end closes the tables with type 127 (7.45).
func (t *tables) end() []byte {
	t.structure(127)
	return t.all
}

// bios is type 0 (7.1).
func (t *tables) bios(vendor, version, date string) {
	t.structure(0, vendor, version, uint16(0xF000), date, byte(0xFF), uint64(0x08), []byte{0, 0x08}, byte(2), byte(45), byte(0xFF), byte(0xFF))
}

// system is type 1 (7.2); the UUID's first three fields are little-endian.
func (t *tables) system(vendor, product, serial string, uuid [16]byte) {
	t.structure(1, vendor, product, "", serial, uuid[:], byte(0x06), "", "")
}

// board is type 2 (7.3).
func (t *tables) board(vendor, product, serial string) {
	t.structure(2, vendor, product, "", serial, "", byte(0x09), "", uint16(0), byte(0x0A), byte(0))
}

// chassis is type 3 (7.4).
func (t *tables) chassis(vendor string, kind byte, version, serial, asset string) {
	const safe, none = byte(0x03), byte(0x03)
	t.structure(3, vendor, kind, version, serial, asset, safe, safe, safe, none, uint32(0), byte(0), byte(0), byte(0), byte(0), "")
}

// processor is type 4 (7.5), of a socket in use where it has cores.
func (t *tables) processor(socket, vendor, model string, cores, threads uint16) {
	status, count := byte(0x41), func(n uint16) byte { return byte(min(n, 0xFF)) }
	if cores == 0 {
		status = 0
	}
	t.structure(4, socket, byte(0x03), byte(0x02), vendor, uint64(0), model, byte(0), uint16(100), uint16(3500), uint16(2600), status, byte(0x01),
		uint16(0xFFFF), uint16(0xFFFF), uint16(0xFFFF), "", "", "", count(cores), count(cores), count(threads), uint16(0xFC), uint16(0x02), cores, cores, threads)
}

// array is type 16 (7.17): what its slots are for, and how many they are.
func (t *tables) array(use byte, slots uint16) uint16 {
	return t.structure(16, byte(0x03), use, byte(0x05), uint32(0x80000000), uint16(0xFFFE), slots, uint64(1)<<40)
}

// module is what is in a slot; without a size, nothing is, unless it is unsized.
type module struct {
	mib                  uint32
	unsized              bool
	kind                 byte
	mts                  uint16
	vendor, part, serial string
}

// slot is type 17 (7.18).
func (t *tables) slot(array uint16, locator, bank string, m module) {
	size, extended := uint16(min(m.mib, 0x7FFF)), m.mib // from 32 GiB - 1 MiB on it is in the extended field
	if m.mib < 0x7FFF {
		extended = 0
	}
	switch {
	case m.unsized:
		size = 0xFFFF
	case m.mib == 0:
		m = module{kind: 0x02, vendor: "NO DIMM", part: "NO DIMM", serial: "NO DIMM"}
	}
	t.structure(17, array, uint16(0xFFFE), uint16(72), uint16(64), size, byte(0x09), byte(0), locator, bank, m.kind, uint16(0x2080),
		m.mts, m.vendor, m.serial, "", m.part, byte(2), extended, m.mts, uint16(1200), uint16(1200), uint16(1200))
}
