package erase

import (
	"fmt"

	"firstlight/agent/passthrough"
)

// probe asks a disk what it can do. named is how many disks of its controller the
// plan names. What cannot be asked cannot be done.
func (r *run) probe(named int) Can {
	door := r.disk.Door()
	if door == nil {
		return Can{}
	}
	switch r.found.Transport {
	case nvme:
		return r.probeNVMe(door, named)
	case "sata":
		return r.probeATA(door)
	case "sas": // SATA disks hang on SAS controllers too; others refuse ATA's commands
		can := r.probeATA(door)
		r.probeSCSI(door, &can)
		return can
	}
	return Can{}
}

const nvme = "nvme" // as report.Disk says it

func (r *run) probeSCSI(door passthrough.Door, can *Can) {
	can.SanitizeCrypto = passthrough.CanSanitizeSCSI(door, passthrough.SanitizeCrypto)
	can.SanitizeBlock = passthrough.CanSanitizeSCSI(door, passthrough.SanitizeBlock)
	can.SanitizeWrite = passthrough.CanSanitizeSCSI(door, passthrough.SanitizeOverwrite)
	if n, err := passthrough.LUNs(door); err != nil {
		can.Others = fmt.Sprintf("it is not known what else the disk holds: %v", err)
	} else if n > 1 {
		can.Others = fmt.Sprintf("it would erase all of the disk's %d logical units", n)
	}
}

func (r *run) probeNVMe(door passthrough.Door, named int) Can {
	c, err := passthrough.IdentifyController(door)
	if err != nil {
		r.Log.Warn("the controller does not say what it can do", "disk", r.found.Name, "error", err)
		return Can{}
	}
	can := Can{
		SanitizeCrypto: c.Crypto, SanitizeBlock: c.Block, SanitizeWrite: c.Own,
		Format: c.Format, FormatCrypto: c.FormatCrypto, FormatsAll: c.FormatsAll || c.ErasesAll,
	}
	active, all, err := passthrough.Namespaces(door)
	switch {
	case err != nil:
		can.Others = fmt.Sprintf("it is not known what else the controller holds: %v", err)
	case len(active) > named || len(all) > named:
		can.Others = fmt.Sprintf("it would erase all of the controller's %d namespaces, and the plan names %d", max(len(active), len(all)), named)
	}
	return can
}

func (r *run) probeATA(door passthrough.Door) Can {
	a, err := passthrough.IdentifyATA(door)
	if err != nil {
		r.Log.Info("no ATA disk", "disk", r.found.Name, "answer", err)
		return Can{}
	}
	r.Log.Info("ATA disk", "disk", r.found.Name, "serial", a.Serial, "security", a.Supported, "frozen", a.Frozen, "hides", a.Hides)
	can := Can{Security: a.Security}
	if a.Hides {
		if native, err := passthrough.NativeSectors(door, a); err != nil {
			r.Log.Warn("the disk does not say whether it hides sectors", "disk", r.found.Name, "error", err)
		} else if native > a.Sectors {
			can.Hidden = native - a.Sectors
		}
	}
	return can
}
