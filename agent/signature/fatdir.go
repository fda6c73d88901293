package signature

import (
	"strings"
	"unicode/utf16"
)

// fatVolume reads folders of a FAT file system (Microsoft's specification, 1.03), a
// bounded amount of them, whatever the bytes are.
type fatVolume struct {
	area        *area
	bits        int // of an entry of the table: 12, 16 or 32
	table, data int64
	cluster     int64 // bytes
	clusters    int64
	rootAt      int64  // of FAT12 and FAT16
	rootBytes   int64  // of FAT12 and FAT16
	rootCluster uint32 // of FAT32
}

// maxFolder bounds the clusters, and maxFolderBytes the bytes of a folder that are read.
const (
	maxFolder      = 64
	maxFolderBytes = 256 << 10
)

type fatEntry struct {
	name  string
	dir   bool
	first uint32
}

func openFAT(a *area) (*fatVolume, bool) {
	b := a.bytes(0, 512)
	if b == nil {
		return nil, false
	}
	sector, perCluster := int64(le.Uint16(b[11:])), int64(b[13])
	reserved, tables, root := int64(le.Uint16(b[14:])), int64(b[16]), int64(le.Uint16(b[17:]))
	length, total := int64(le.Uint16(b[22:])), int64(le.Uint16(b[19:]))
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	v := &fatVolume{area: a, bits: 16, table: reserved * sector, cluster: sector * perCluster}
	if length == 0 {
		length, v.bits, v.rootCluster = int64(le.Uint32(b[36:])), 32, le.Uint32(b[44:])
	}
	v.rootAt, v.rootBytes = (reserved+tables*length)*sector, min(root*32, maxFolderBytes)
	if v.cluster == 0 || sector == 0 {
		return nil, false
	}
	v.data = v.rootAt + (root*32+sector-1)/sector*sector
	v.clusters = (total*sector - v.data) / v.cluster
	if v.bits == 16 && v.clusters < 4085 {
		v.bits = 12
	}
	return v, v.clusters > 0
}

func (v *fatVolume) root() *fatEntry { return &fatEntry{dir: true, first: v.rootCluster} }

// find looks for a folder whatever the case of its name; nil: there is none.
func (v *fatVolume) find(in *fatEntry, name string) *fatEntry {
	for _, e := range v.list(in) {
		if e.dir && strings.EqualFold(e.name, name) {
			return &e
		}
	}
	return nil
}

// list reads a folder. That of cluster 0 is the root of FAT12 and FAT16.
func (v *fatVolume) list(in *fatEntry) []fatEntry {
	if in == nil || !in.dir {
		return nil
	}
	if in.first == 0 {
		return entriesOf(v.area.bytes(v.rootAt, int(v.rootBytes)))
	}
	var b []byte
	for n, c := 0, in.first; n < maxFolder && len(b) < maxFolderBytes && c >= 2 && int64(c) < v.clusters+2; n++ {
		b = append(b, v.area.bytes(v.data+int64(c-2)*v.cluster, int(min(v.cluster, maxFolderBytes)))...)
		c = v.next(c)
	}
	return entriesOf(b)
}

// next follows the table.
func (v *fatVolume) next(c uint32) uint32 {
	at := v.table + int64(c)*int64(v.bits)/8
	b := v.area.bytes(at, max(2, v.bits/8))
	switch {
	case b == nil:
		return 0
	case v.bits == 32:
		return le.Uint32(b) & 0x0FFFFFFF
	case v.bits == 16:
		return uint32(le.Uint16(b))
	case c%2 == 1:
		return uint32(le.Uint16(b) >> 4)
	}
	return uint32(le.Uint16(b) & 0x0FFF)
}

// entriesOf reads the entries of a folder, with the long names that stand before them.
func entriesOf(b []byte) (all []fatEntry) {
	const deleted, longName, label, folder = 0xE5, 0x0F, 0x08, 0x10
	long := ""
	for ; len(b) >= 32 && b[0] != 0; b = b[32:] {
		attributes := b[11]
		switch {
		case b[0] == deleted:
			long = ""
		case attributes&0x3F == longName:
			long = longPart(b) + long
		case attributes&label != 0:
			long = ""
		default:
			e := fatEntry{name: long, dir: attributes&folder != 0, first: uint32(le.Uint16(b[20:]))<<16 | uint32(le.Uint16(b[26:]))}
			if long == "" {
				e.name = shortName(b)
			}
			if long = ""; e.name != "." && e.name != ".." && e.first != 0 {
				all = append(all, e)
			}
		}
	}
	return all
}

func shortName(b []byte) string {
	name, kind := strings.TrimRight(string(b[:8]), " "), strings.TrimRight(string(b[8:11]), " ")
	if kind == "" {
		return name
	}
	return name + "." + kind
}

// longPart is thirteen letters of a long name, of which the last part comes first.
func longPart(b []byte) string {
	var letters []uint16
	for _, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		c := le.Uint16(b[at:])
		if c == 0 || c == 0xFFFF {
			break
		}
		letters = append(letters, c)
	}
	return string(utf16.Decode(letters))
}
