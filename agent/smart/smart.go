// Package smart asks disks how they are: NVMe's log of health, ATA's SMART, and the
// log pages of SCSI.
//
// It only ever sends commands that read, and judges nothing but what the disk itself
// says is wrong: limits of numbers are the appliance's. What a disk does not tell
// stays empty, and no bytes make it panic. Sections are of NVM Express Base 2.0c
// ("NVMe"), ATA Command Set 3 ("ACS-3"), SCSI Block Commands 4 ("SBC-4") and SCSI
// Primary Commands 5 ("SPC-5"). Package agent/collect imports it; it imports
// agent/passthrough and agent/report.
package smart

import (
	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

// Sources of a disk's health.
const (
	fromNVMe = "nvme"
	fromATA  = "ata"
	fromSCSI = "scsi"
)

// Asks tells whether disks of a transport can be asked: what only looks like a disk
// has no health, and sticks are better not asked at all.
func Asks(transport string) bool {
	switch transport {
	case "nvme", "sata", "sas", "scsi", "fc":
		return true
	}
	return false
}

// Read asks a disk. SATA disks hang on SAS controllers, too: there, what answers
// ATA's commands is one.
func Read(door passthrough.Door, d report.Disk) (*report.Health, error) {
	switch d.Transport {
	case "nvme":
		return readNVMe(door)
	case "sata":
		return readATA(door, d.Rotational)
	case "sas":
		if _, err := passthrough.IdentifyATA(door); err == nil {
			return readATA(door, d.Rotational)
		}
	}
	return readSCSI(door)
}

func readNVMe(door passthrough.Door) (*report.Health, error) {
	log, err := passthrough.HealthLog(door)
	if err != nil {
		return nil, err
	}
	return decodeNVMe(log)
}

// readATA counts what the attributes say though the disk does not answer whether it
// predicts a failure, as some controllers lose the registers.
func readATA(door passthrough.Door, rotational bool) (*report.Health, error) {
	values, err := passthrough.SMARTValues(door)
	if err != nil {
		return nil, err
	}
	limits, _ := passthrough.SMARTThresholds(door) // obsolete: newer disks may refuse
	fails, _ := passthrough.SMARTFails(door)
	return decodeATA(values, limits, fails, rotational)
}
