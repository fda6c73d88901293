package report

// ErasePlan answers the redemption of an order to erase. The agent erases all of
// its disks or none: one that is not there, or is there twice, fails the order
// before the first write.
type ErasePlan struct {
	Disks []Target `json:"disks"`
	// Weakest is the weakest way that is allowed; "" allows any. A disk that can do
	// none as strong fails.
	Weakest string `json:"weakest,omitempty"`
}

// Ways to erase a disk, from the strongest to the weakest. What a disk proves that
// it can do decides, and what it fails at is tried the next weaker way.
const (
	EraseSanitizeCrypto = "sanitize-crypto"    // NVMe Sanitize, SCSI SANITIZE: the key is changed
	EraseSanitizeBlock  = "sanitize-block"     // NVMe Sanitize, SCSI SANITIZE: the cells are erased
	EraseSanitizeWrite  = "sanitize-overwrite" // NVMe Sanitize, SCSI SANITIZE: overwritten by the disk
	EraseFormatCrypto   = "format-crypto"      // NVMe Format NVM, secure erase setting 2
	EraseFormat         = "format"             // NVMe Format NVM, secure erase setting 1
	EraseATAEnhanced    = "ata-enhanced"       // SECURITY ERASE UNIT, enhanced
	EraseATA            = "ata"                // SECURITY ERASE UNIT
	EraseOverwrite      = "overwrite"          // zeros from the first block to the last
	EraseDiscard        = "discard"            // blocks given back, proven to read as zeros
)

// Erased is what became of one disk.
type Erased struct {
	Disk      Target     `json:"disk"`
	Model     string     `json:"model,omitempty"`
	WWN       string     `json:"wwn,omitempty"`
	Transport string     `json:"transport,omitempty"`
	OK        bool       `json:"ok"`
	Method    string     `json:"method,omitempty"` // by which it was erased
	Tried     []EraseTry `json:"tried,omitempty"`  // in vain, in order
	Error     string     `json:"error,omitempty"`  // one sentence
	Read      uint64     `json:"read"`             // bytes of it that were read back at least once
	Whole     bool       `json:"whole,omitempty"`  // every block was read back
	Fill      string     `json:"fill,omitempty"`   // what was read: "00", "ff" or "random"
	Seconds   float64    `json:"seconds"`
}

// EraseTry is a way that a disk did not go.
type EraseTry struct {
	Method string `json:"method"`
	Error  string `json:"error"`
}

// Steps of an erase after StepRedeem.
const (
	StepErase    = "erase"
	StepReadBack = "read-back"
)
