// Package passthrough speaks to disks below the block layer: NVMe admin commands,
// SCSI's, and ATA's by way of SCSI's pass-through.
//
// It promises that a command is encoded and an answer decoded by pure functions
// which never panic on any bytes, and that a refusal by the disk (Status, Sense) can
// be told from one by the kernel. It decides nothing: which command is sent to
// which disk is its callers' matter, and it opens none. Sections are of NVM Express
// Base 2.0c ("NVMe"), ATA Command Set 4 ("ACS-4"), SCSI/ATA Translation 4 ("SAT-4")
// and SCSI Primary Commands 5 ("SPC-5"). Packages agent/check and agent/erase import it; it imports
// nothing of ours.
package passthrough

import "time"

// Door is a disk's way in below the block layer. The kernel's is On; tests make
// their own.
type Door interface {
	// Admin sends an NVMe admin command. Data that the disk sends is put into data.
	Admin(c Admin, data []byte) error
	// Namespace is the number of the NVMe namespace that the disk is.
	Namespace() (uint32, error)
	// SCSI sends a SCSI command.
	SCSI(c SCSI, data []byte) error
}

// Admin is an NVMe admin command (NVMe, 3.3.3.1). The zero Within is the kernel's
// own bound, a minute.
type Admin struct {
	Opcode       uint8
	Namespace    uint32
	CDW10, CDW11 uint32
	Within       time.Duration
}

// SCSI is a SCSI command.
type SCSI struct {
	CDB    []byte
	Out    bool // data goes to the disk
	Within time.Duration
}

// quick bounds commands that only ask.
const quick = 30 * time.Second
