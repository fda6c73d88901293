package signature

import (
	"strings"

	"firstlight/agent/report"
)

const kindLoader = "loader"

// loaderNames say in words whose folder below \EFI is whose (uefi.org keeps the list).
// Only what the folder proves is said: a loader is not yet a system that works.
var loaderNames = map[string]string{
	"microsoft": "Windows Boot Manager", "debian": "Debian's boot loader", "ubuntu": "Ubuntu's boot loader", "fedora": "Fedora's boot loader",
	"redhat": "Red Hat's boot loader", "centos": "CentOS's boot loader", "rocky": "Rocky Linux's boot loader", "almalinux": "AlmaLinux's boot loader",
	"opensuse": "openSUSE's boot loader", "sles": "SUSE's boot loader", "systemd": "systemd-boot", "vmware": "VMware's boot loader", "freebsd": "FreeBSD's boot loader",
	"proxmox": "Proxmox's boot loader", "arch": "Arch Linux's boot loader", "oracle": "Oracle's boot loader",
}

// mostLoaders bounds what is said of one partition.
const mostLoaders = 8

// loaders names those that a FAT file system holds below \EFI, each in a folder of its
// own with a program in it. \EFI\BOOT is for whatever comes along, and says nothing.
func loaders(a *area) (found []report.Content) {
	v, ok := openFAT(a)
	if !ok {
		return nil
	}
	for _, folder := range v.list(v.find(v.root(), "efi")) {
		name := strings.ToLower(folder.name)
		if !folder.dir || name == "boot" || len(found) == mostLoaders {
			continue
		}
		inside := v.list(&folder)
		if name == "microsoft" {
			inside = v.list(v.find(&folder, "boot"))
		}
		if !program(inside) {
			continue
		}
		says := loaderNames[name]
		if says == "" {
			says = `a boot loader in \EFI\` + folder.name
		}
		found = append(found, report.Content{Device: a.name, Kind: kindLoader, Type: "efi", Label: clean(says)})
	}
	return found
}

func program(all []fatEntry) bool {
	for _, e := range all {
		if !e.dir && strings.HasSuffix(strings.ToLower(e.name), ".efi") {
			return true
		}
	}
	return false
}
