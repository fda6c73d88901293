package dhcp

import (
	"strings"

	"firstlight/server/boot"
)

// who words a client for the timeline: "UEFI x64", "iPXE on BIOS", "another iPXE on BIOS", "udhcp 1.35".
func (q *query) who() string {
	arch := boot.ArchName(q.boot.Arch)
	switch q.boot.Stage {
	case boot.StageFirmware:
		if isIPXE(q.packet) {
			return "another iPXE on " + arch // in the card's ROM, mostly
		}
		return arch
	case boot.StageHTTP:
		return arch + " HTTP boot"
	case boot.StageIPXE:
		return "iPXE on " + arch
	default: // a system; GRUB goes on with the firmware's address
	}
	if name, _, _ := strings.Cut(q.vendor, ":"); name != "" {
		return "DHCP client " + name
	}
	return "DHCP client"
}
