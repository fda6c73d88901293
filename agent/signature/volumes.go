package signature

import (
	"bytes"
	"strings"

	"firstlight/agent/report"
)

// swap is marked at the end of the first page, whose length was the writing
// machine's.
func swap(a *area) (report.Content, bool) {
	for _, page := range []int64{4 << 10, 8 << 10, 16 << 10, 64 << 10} {
		mark := a.bytes(page-10, 10)
		switch string(mark) {
		case "SWAPSPACE2", "SWAP-SPACE", "S1SUSPEND\x00", "S2SUSPEND\x00", "LINHIB0001":
		default:
			continue
		}
		c := report.Content{Kind: kindSwap, Type: "swap"}
		if h := a.bytes(1024, 512); h != nil && string(mark) == "SWAPSPACE2" {
			c.Bytes = (uint64(le.Uint32(h[4:])) + 1) * uint64(page)
			c.Label = string(h[28:44])
		}
		return c, true
	}
	return report.Content{}, false
}

// lvm finds a physical volume: its label stands in one of the first four
// sectors. The label shown is the volume group's name.
func lvm(a *area) (report.Content, bool) {
	head := a.bytes(0, 2048)
	for at := 0; at+512 <= len(head); at += 512 {
		label := head[at : at+512]
		if string(label[:8]) == "LABELONE" && string(label[24:32]) == "LVM2 001" {
			return report.Content{Kind: kindLVM, Type: "lvm2", Label: volumeGroup(a, label)}, true
		}
	}
	return report.Content{}, false
}

// volumeGroup walks from the label to the text of the first metadata area,
// which begins with the group's name (LVM2: lib/format_text/layout.h).
func volumeGroup(a *area, label []byte) string {
	header := int(le.Uint32(label[20:]))
	at := header + 40 // behind the volume's UUID and its size
	for ends := 0; at >= 0 && at+16 <= len(label); at += 16 {
		offset := le.Uint64(label[at:])
		if offset == 0 { // the list of data areas ends, then that of metadata areas
			if ends++; ends == 2 {
				break
			}
			continue
		}
		if ends == 1 {
			return groupName(a, offset)
		}
	}
	return ""
}

func groupName(a *area, offset uint64) string {
	if offset > uint64(a.size) {
		return ""
	}
	area := a.bytes(int64(offset), 512)
	if area == nil || string(area[4:20]) != " LVM2 x[5A%r0N*>" {
		return ""
	}
	text := a.bytes(int64(offset+le.Uint64(area[40:])&(1<<40-1)), 128)
	name, _, ok := strings.Cut(string(text), " {")
	if !ok {
		return ""
	}
	return name
}

// luks also looks for the second header of LUKS2, which survives when only the
// first sectors were overwritten.
func luks(a *area) (report.Content, bool) {
	if b := a.bytes(0, 512); b != nil && string(b[:6]) == "LUKS\xba\xbe" {
		if be.Uint16(b[6:]) == 1 {
			return report.Content{Kind: kindCrypt, Type: "luks1"}, true
		}
		return report.Content{Kind: kindCrypt, Type: "luks2", Label: string(b[24:72])}, true
	}
	for at := int64(16 << 10); at <= 4<<20; at *= 2 {
		if b := a.bytes(at, 72); b != nil && string(b[:6]) == "SKUL\xba\xbe" {
			return report.Content{Kind: kindCrypt, Type: "luks2", Label: string(b[24:72])}, true
		}
	}
	return report.Content{}, false
}

// zfs looks for an uberblock in the labels at either end; the first two of the
// four labels adjoin, and so do the last two.
func zfs(a *area) (report.Content, bool) {
	const label = 256 << 10
	for _, at := range []int64{0, label, a.size/label*label - 2*label, a.size/label*label - label} {
		if at < 0 {
			continue
		}
		blocks := a.bytes(at+128<<10, 128<<10)
		for i := 0; i+8 <= len(blocks); i += 1024 {
			if le.Uint64(blocks[i:]) == 0x00BAB10C || be.Uint64(blocks[i:]) == 0x00BAB10C {
				return report.Content{Kind: kindFilesystem, Type: "zfs_member", Label: poolName(a, at)}, true
			}
		}
	}
	return report.Content{}, false
}

// poolName finds the string pair "name" in the label's list, which is XDR.
func poolName(a *area, label int64) string {
	list := a.bytes(label+16<<10, 112<<10)
	i := bytes.Index(list, []byte("\x00\x00\x00\x04name\x00\x00\x00\x09\x00\x00\x00\x01"))
	if i < 0 || i+20 > len(list) {
		return ""
	}
	n := int(be.Uint32(list[i+16:]))
	if n > 256 || i+20+n > len(list) {
		return ""
	}
	return string(list[i+20 : i+20+n])
}

// vmfs finds a member of VMware's volume manager, or a file system of its own.
func vmfs(a *area) (report.Content, bool) {
	if b := a.bytes(1<<20, 4); string(b) == "\x0d\xd0\x01\xc0" {
		return report.Content{Kind: kindFilesystem, Type: "vmfs_volume_member"}, true
	}
	if b := a.bytes(2<<20, 4); string(b) == "\x5e\xf1\xab\x2f" {
		return report.Content{Kind: kindFilesystem, Type: "vmfs"}, true
	}
	return report.Content{}, false
}
