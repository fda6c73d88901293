package efiboot

import (
	"encoding/binary"
	"unicode/utf16"
)

// kind is what a boot entry leads to.
type kind string

const (
	kindOther    kind = ""
	kindNetwork  kind = "network"
	kindFirmware kind = "firmware" // a menu or a shell inside the firmware; never what it boots by itself
)

// option is a boot entry (EFI_LOAD_OPTION) as far as it matters here.
type option struct {
	description string
	kind        kind
}

const (
	active      = 0x1
	categoryApp = 0x100
)

// Types and subtypes of device path nodes.
const (
	typeMessaging = 3
	typeMedia     = 4
	typeEnd       = 0x7F

	subMAC    = 11
	subIPv4   = 12
	subIPv6   = 13
	subURI    = 24
	subFWFile = 6
	subFWVol  = 7

	subHardDrive = 1
	subFilePath  = 4
)

// parseOption reads an entry. One that is broken leads nowhere.
func parseOption(b []byte) option {
	if len(b) < 6 {
		return option{}
	}
	attributes, length := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint16(b[4:]))
	var text []uint16
	i := 6
	for ; i+2 <= len(b); i += 2 {
		c := binary.LittleEndian.Uint16(b[i:])
		if c == 0 {
			break
		}
		text = append(text, c)
	}
	o := option{description: string(utf16.Decode(text))}
	path := b[min(i+2, len(b)):]
	o.kind = pathKind(path[:min(length, len(path))])
	if attributes&categoryApp != 0 || attributes&active == 0 {
		o.kind = kindFirmware // skipped when the firmware goes through its order
	}
	return o
}

// pathKind walks the nodes of a device path.
func pathKind(path []byte) kind {
	for len(path) >= 4 {
		kind, sub, n := path[0], path[1], int(binary.LittleEndian.Uint16(path[2:]))
		switch {
		case n < 4 || n > len(path) || kind == typeEnd:
			return kindOther
		case kind == typeMessaging && (sub == subMAC || sub == subIPv4 || sub == subIPv6 || sub == subURI):
			return kindNetwork
		case kind == typeMedia && (sub == subFWFile || sub == subFWVol):
			return kindFirmware
		}
		path = path[n:]
	}
	return kindOther
}

// option encodes the entry: the short form of a path, which begins at the
// partition and so holds wherever the disk is plugged in (10.3.4.1 and 3.1.2).
func (e Entry) option() []byte {
	drive := binary.LittleEndian.AppendUint32(nil, e.Number)
	drive = binary.LittleEndian.AppendUint64(drive, e.Start)
	drive = binary.LittleEndian.AppendUint64(drive, e.Size)
	drive = append(drive, e.GUID[:]...)
	drive = append(drive, 2, 2) // a GUID partition table, signed by a GUID
	path := append(node(typeMedia, subHardDrive, drive), node(typeMedia, subFilePath, text(e.LoaderPath))...)
	path = append(path, typeEnd, 0xFF, 4, 0)

	b := binary.LittleEndian.AppendUint32(nil, active)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(path)))
	return append(append(b, text(ours)...), path...)
}

func node(kind, sub byte, data []byte) []byte {
	n := binary.LittleEndian.AppendUint16([]byte{kind, sub}, uint16(4+len(data)))
	return append(n, data...)
}

func text(s string) []byte {
	var b []byte
	for _, c := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}
