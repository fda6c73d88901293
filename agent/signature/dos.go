package signature

import "encoding/binary"

// Types of the old partition scheme that say more than "a partition".
const (
	typeEmpty      = 0x00
	typeExtended   = 0x05
	typeExtendedWD = 0x0F // with LBA
	typeExtendedLX = 0x85 // Linux
)

// dosEntry is one of the four slots of a record.
type dosEntry struct {
	kind  byte
	start int64 // bytes
	size  int64
}

// dos reads the old partition scheme. A record with its mark but with no
// partition in it is one too: somebody wrote it.
func dos(disk *area) ([]*area, bool) {
	entries, ok := record(disk, 0)
	if !ok {
		return nil, false
	}
	for _, p := range []probe{fat, exfat, ntfs} { // their boot records carry the same mark
		if _, ok := p(disk); ok {
			return nil, false
		}
	}
	var parts []*area
	for i, e := range entries {
		switch e.kind {
		case typeEmpty:
		case typeExtended, typeExtendedWD, typeExtendedLX:
			parts = append(parts, logical(disk, e.start)...)
		default:
			if a := disk.part(i+1, e.start, e.size); a != nil {
				parts = append(parts, a)
			}
		}
	}
	return parts, true
}

// logical follows the chain of records in an extended partition. The chain is
// a stranger's: its length is bounded, which also ends one that bites its tail.
func logical(disk *area, extended int64) []*area {
	var parts []*area
	at := extended
	for number := 5; number < 5+maxPartitions; number++ {
		entries, ok := record(disk, at)
		if !ok {
			break
		}
		if a := disk.part(number, at+entries[0].start, entries[0].size); a != nil && entries[0].kind != typeEmpty {
			parts = append(parts, a)
		}
		if entries[1].kind == typeEmpty {
			break
		}
		at = extended + entries[1].start
	}
	return parts
}

// record reads a boot record: its mark stands at 510, and each slot's first
// byte is 0x80 (active) or 0, which code or text in that place hardly ever is.
func record(disk *area, at int64) ([4]dosEntry, bool) {
	b := disk.bytes(at, 512)
	if b == nil || b[510] != 0x55 || b[511] != 0xAA {
		return [4]dosEntry{}, false
	}
	var entries [4]dosEntry
	for i := range entries {
		e := b[446+16*i:]
		if e[0]&0x7F != 0 {
			return [4]dosEntry{}, false
		}
		entries[i] = dosEntry{
			kind:  e[4],
			start: int64(binary.LittleEndian.Uint32(e[8:])) * 512,
			size:  int64(binary.LittleEndian.Uint32(e[12:])) * 512,
		}
	}
	return entries, true
}
