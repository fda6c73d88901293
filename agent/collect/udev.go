package collect

import (
	"strings"

	"firstlight/agent/report"
)

// recognised is what udev found on a disk and its partitions when they appeared
// (systemd: src/udev/udev-builtin-blkid.c). It knows fewer things than a look at
// the disk, and nothing of its emptiness.
func (c *collector) recognised(disk string) []report.Content {
	dir := "sys/block/" + disk
	found := c.udev(disk, dir)
	for _, name := range c.names(dir) {
		if strings.HasPrefix(name, disk) && c.exists(dir+"/"+name+"/partition") {
			found = append(found, c.udev(name, dir+"/"+name)...)
		}
	}
	return found
}

// udev reads the record of one block device: lines of the form E:KEY=value.
func (c *collector) udev(name, dir string) []report.Content {
	said := map[string]string{}
	for line := range strings.Lines(c.text("run/udev/data/b" + c.text(dir+"/dev"))) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			said[k] = v
		}
	}
	bytes := c.number(dir+"/size") * 512
	var found []report.Content
	if table := said["E:ID_PART_TABLE_TYPE"]; table != "" && c.number(dir+"/partition") == 0 {
		found = append(found, report.Content{Device: name, Kind: "partition-table", Type: table, Bytes: bytes})
	}
	if fs := said["E:ID_FS_TYPE"]; fs != "" {
		kind, fs := content(said["E:ID_FS_USAGE"], fs, said["E:ID_FS_VERSION"])
		found = append(found, report.Content{Device: name, Kind: kind, Type: fs, Label: said["E:ID_FS_LABEL"], Bytes: bytes})
	}
	return found
}

// content translates libblkid's words into agent/report's.
func content(usage, name, version string) (kind, as string) {
	switch name {
	case "LVM2_member":
		return "lvm", "lvm2"
	case "crypto_LUKS":
		return "crypt", "luks" + version
	case "linux_raid_member":
		return "raid", "mdraid-" + version
	case "isw_raid_member":
		return "raid", "imsm"
	case "ddf_raid_member":
		return "raid", "ddf"
	case "swap":
		return "swap", "swap"
	}
	kind = map[string]string{"filesystem": "filesystem", "raid": "raid", "crypto": "crypt"}[usage]
	if kind == "" {
		kind = "data"
	}
	return kind, strings.ToLower(name)
}
