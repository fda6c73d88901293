// Package smarttest makes what disks answer, byte by byte from the specifications.
// Only tests import it.
package smarttest

import "encoding/binary"

// NVMe is what a log of health says (NVMe, figure 207).
type NVMe struct {
	Warning                             byte
	Kelvin                              uint16
	Spare, SpareLimit, Used             byte
	Hours, UnsafeShutdowns, MediaErrors uint64
}

// Log is the log page.
func (n NVMe) Log() []byte {
	b := make([]byte, 512)
	b[0], b[3], b[4], b[5] = n.Warning, n.Spare, n.SpareLimit, n.Used
	binary.LittleEndian.PutUint16(b[1:], n.Kelvin)
	binary.LittleEndian.PutUint64(b[128:], n.Hours)
	binary.LittleEndian.PutUint64(b[144:], n.UnsafeShutdowns)
	binary.LittleEndian.PutUint64(b[160:], n.MediaErrors)
	return b
}

// Attribute is one of ATA's SMART.
type Attribute struct {
	ID, Value, Limit byte
	Prefail          bool
	Raw              uint64
}

// ATA makes the sectors of values and of limits, with their checksums (SFF-8035i).
func ATA(all ...Attribute) (values, limits []byte) {
	values, limits = make([]byte, 512), make([]byte, 512)
	values[0], limits[0] = 16, 16
	for i, a := range all {
		v, l := values[2+12*i:], limits[2+12*i:]
		raw := binary.LittleEndian.AppendUint64(nil, a.Raw)
		v[0], v[3], v[4], l[0], l[1] = a.ID, a.Value, a.Value, a.ID, a.Limit
		if a.Prefail {
			v[1] = 1
		}
		copy(v[5:11], raw[:6])
	}
	for _, b := range [][]byte{values, limits} {
		for _, c := range b[:511] {
			b[511] -= c
		}
	}
	return values, limits
}

// Page makes a log page of SCSI of parameters by their codes (SPC-5, 7.3.2).
func Page(page byte, parameters ...[]byte) []byte {
	b := []byte{page, 0, 0, 0}
	for _, p := range parameters {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
	return b
}

// Parameter is one of a log page.
func Parameter(code uint16, data ...byte) []byte {
	return append([]byte{byte(code >> 8), byte(code), 0x03, byte(len(data))}, data...)
}

// Status is the sense by which the registers of an ATA command come back (SAT-4,
// 12.2.2.6), of one that was asked whether the disk predicts its failure.
func Status(fails bool) []byte {
	mid, high := byte(0x4F), byte(0xC2)
	if fails {
		mid, high = 0xF4, 0x2C
	}
	return []byte{0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 0, 0, 0, 0, 0, 0, 0, mid, 0, high, 0, 0x50}
}
