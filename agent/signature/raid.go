package signature

import "firstlight/agent/report"

const mdMagic = 0xA92B4EFC

// mdVersion1 reads a superblock of version 1 at one of its three places
// (kernel: include/uapi/linux/raid/md_p.h).
func mdVersion1(a *area, at int64, minor string) (report.Content, bool) {
	b := a.bytes(at, 256)
	if b == nil || le.Uint32(b) != mdMagic || le.Uint32(b[4:]) != 1 {
		return report.Content{}, false
	}
	return report.Content{Kind: kindRAID, Type: "mdraid-1." + minor, Label: string(b[32:64])}, true
}

func md1(a *area) (report.Content, bool)  { return mdVersion1(a, 0, "1") }
func md12(a *area) (report.Content, bool) { return mdVersion1(a, 4096, "2") }

// mdEnd is version 1.0, 8 to 12 KiB before the end.
func mdEnd(a *area) (report.Content, bool) {
	at := (a.size/512 - 16) &^ 7 * 512
	if at <= 0 {
		return report.Content{}, false
	}
	return mdVersion1(a, at, "0")
}

// md090 is the old format, at the last whole 64 KiB but one, in the byte order
// of the machine that wrote it.
func md090(a *area) (report.Content, bool) {
	at := a.size&^(64<<10-1) - 64<<10
	if at <= 0 {
		return report.Content{}, false
	}
	b := a.bytes(at, 4)
	if b == nil || (le.Uint32(b) != mdMagic && be.Uint32(b) != mdMagic) {
		return report.Content{}, false
	}
	return report.Content{Kind: kindRAID, Type: "mdraid-0.90"}, true
}

// imsm is Intel's firmware RAID: the last sector but one.
func imsm(a *area) (report.Content, bool) {
	for _, sector := range []int64{512, 4096} {
		if b := a.bytes(-2*sector, 24); string(b) == "Intel Raid ISM Cfg Sig. " {
			return report.Content{Kind: kindRAID, Type: "imsm"}, true
		}
	}
	return report.Content{}, false
}

// ddf is SNIA's common RAID format: its anchor is the last sector (DDF 2.0,
// 5.2); some controllers (Adaptec, after libblkid) put it 257 sectors earlier.
func ddf(a *area) (report.Content, bool) {
	for _, at := range []int64{-512, -4096, -512 * 257} {
		if b := a.bytes(at, 4); string(b) == "\xde\x11\xde\x11" {
			return report.Content{Kind: kindRAID, Type: "ddf"}, true
		}
	}
	return report.Content{}, false
}

// simple knows formats whose mark in one place is all that is said of them.
// Offsets count from the end when negative.
func simple(a *area) (report.Content, bool) {
	for _, s := range []struct {
		at               int64
		mark, kind, name string
	}{
		{1024, "\x10\x20\xf5\xf2", kindFilesystem, "f2fs"},
		{1024, "\xe2\xe1\xf5\xe0", kindFilesystem, "erofs"},
		{1024, "H+\x00\x04", kindFilesystem, "hfsplus"},
		{32, "NXSB", kindFilesystem, "apfs"},
		{0, "hsqs", kindFilesystem, "squashfs"},
		{32 << 10, "JFS1", kindFilesystem, "jfs"},
		{64<<10 + 52, "ReIsEr", kindFilesystem, "reiserfs"},
		{64 << 10, "\x01\x16\x19\x70", kindFilesystem, "gfs2"},
		{8 << 10, "OCFSV2", kindFilesystem, "ocfs2"},
		{64<<10 + 1372, "\x19\x01\x54\x19", kindFilesystem, "ufs2"},
		{8<<10 + 1372, "\x19\x01\x54\x19", kindFilesystem, "ufs2"},
		{0, "bluestore block device", kindFilesystem, "ceph_bluestore"},
		{32, "ORCLDISK", kindFilesystem, "oracleasm"},
		{516, "!Stra0tis\x86\xff\x02^\x41rh", kindLVM, "stratis"},
		{3, "-FVE-FS-", kindCrypt, "bitlocker"},
		{-512, "$XIDE$", kindRAID, "lsi"},
	} {
		if b := a.bytes(s.at, len(s.mark)); string(b) == s.mark {
			return report.Content{Kind: s.kind, Type: s.name}, true
		}
	}
	return report.Content{}, false
}
