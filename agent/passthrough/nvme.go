package passthrough

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Opcodes and selectors of NVMe admin commands.
const (
	opLogPage  = 0x02
	opIdentify = 0x06
	opFormat   = 0x80
	opSanitize = 0x84

	cnsNamespace  = 0x00
	cnsController = 0x01
	cnsActive     = 0x02
	cnsAllocated  = 0x10

	logSanitize   = 0x81
	allNamespaces = 0xFFFFFFFF
	identifyBytes = 4096
)

// Controller is what a controller says of itself (NVMe, 5.17.2.1, figure 275).
type Controller struct {
	Serial, Model      string
	Format             bool // Format NVM is supported
	FormatsAll         bool // a format is of all namespaces
	ErasesAll          bool // a secure erase by a format is of all namespaces
	FormatCrypto       bool // a format may change the key
	Crypto, Block, Own bool // a sanitize changes the key, erases the cells, overwrites
	SelfTest           bool // Device Self-test is supported
}

// ControllerOf is what disks of one controller have in common: for nvme0n1 and
// nvme0n2 it is nvme0. Any other disk is its own.
func ControllerOf(name string) string {
	number, isNVMe := strings.CutPrefix(name, "nvme")
	if n := strings.IndexByte(number, 'n'); isNVMe && n > 0 {
		return name[:len("nvme")+n]
	}
	return name
}

// DecodeController reads the answer to Identify Controller.
func DecodeController(b []byte) (Controller, error) {
	if len(b) < identifyBytes {
		return Controller{}, fmt.Errorf("identify controller: %d bytes, want %d", len(b), identifyBytes)
	}
	oacs, fna, sanicap := binary.LittleEndian.Uint16(b[256:]), b[524], binary.LittleEndian.Uint32(b[328:])
	return Controller{
		Serial: text(b[4:24]), Model: text(b[24:64]),
		Format: oacs&2 != 0, FormatsAll: fna&1 != 0, ErasesAll: fna&2 != 0, FormatCrypto: fna&4 != 0,
		Crypto: sanicap&1 != 0, Block: sanicap&2 != 0, Own: sanicap&4 != 0, SelfTest: oacs&(1<<4) != 0,
	}, nil
}

func text(b []byte) string { return strings.Trim(string(b), " \x00") }

// IdentifyController asks a controller what it is.
func IdentifyController(d Door) (Controller, error) {
	b := make([]byte, identifyBytes)
	if err := d.Admin(Admin{Opcode: opIdentify, CDW10: cnsController, Within: quick}, b); err != nil {
		return Controller{}, fmt.Errorf("identify controller: %w", err)
	}
	return DecodeController(b)
}

// Layout is how a namespace is formatted (NVMe NVM Command Set 1.0c, 4.1.5.1,
// figure 97). A format keeps it.
type Layout struct {
	Format   uint8 // number of the LBA format
	Extended bool  // metadata lies with the data
	PI       uint8 // type of protection information
	PIFirst  bool  // it comes first
}

// DecodeLayout reads the answer to Identify Namespace.
func DecodeLayout(b []byte) (Layout, error) {
	if len(b) < identifyBytes {
		return Layout{}, fmt.Errorf("identify namespace: %d bytes, want %d", len(b), identifyBytes)
	}
	flbas, dps := b[26], b[29]
	return Layout{Format: flbas&0x0f | flbas>>1&0x30, Extended: flbas&0x10 != 0, PI: dps & 7, PIFirst: dps&8 != 0}, nil
}

// IdentifyNamespace asks how a namespace is formatted.
func IdentifyNamespace(d Door, namespace uint32) (Layout, error) {
	b := make([]byte, identifyBytes)
	if err := d.Admin(Admin{Opcode: opIdentify, Namespace: namespace, CDW10: cnsNamespace, Within: quick}, b); err != nil {
		return Layout{}, fmt.Errorf("identify namespace %d: %w", namespace, err)
	}
	return DecodeLayout(b)
}

// Namespaces lists the namespaces of a controller: those that it gives to the
// machine, and those that exist (NVMe, 5.17.2.2 and 5.17.2.9). A controller that
// cannot make namespaces does not know the second list; it is the first then.
func Namespaces(d Door) (active, all []uint32, err error) {
	b := make([]byte, identifyBytes)
	if err := d.Admin(Admin{Opcode: opIdentify, CDW10: cnsActive, Within: quick}, b); err != nil {
		return nil, nil, fmt.Errorf("list namespaces: %w", err)
	}
	active = DecodeNamespaces(b)
	clear(b)
	if err := d.Admin(Admin{Opcode: opIdentify, CDW10: cnsAllocated, Within: quick}, b); err != nil {
		return active, active, nil
	}
	return active, DecodeNamespaces(b), nil
}

// DecodeNamespaces reads a namespace list, which ends with a 0.
func DecodeNamespaces(b []byte) []uint32 {
	var all []uint32
	for ; len(b) >= 4; b = b[4:] {
		n := binary.LittleEndian.Uint32(b)
		if n == 0 {
			break
		}
		all = append(all, n)
	}
	return all
}

// Secure erase settings of a format (NVMe, 5.14, figure 189).
const (
	FormatErase  = 1
	FormatCrypto = 2
)

// Format erases a namespace, and keeps how it is laid out (NVMe, 5.14, figure 189).
func Format(d Door, namespace uint32, l Layout, setting uint32, within time.Duration) error {
	return d.Admin(Admin{Opcode: opFormat, Namespace: namespace, CDW10: formatWord(l, setting), Within: within}, nil)
}

func formatWord(l Layout, setting uint32) uint32 {
	w := uint32(l.Format&0x0f) | uint32(l.PI&7)<<5 | setting&7<<9 | uint32(l.Format>>4&3)<<12
	if l.Extended {
		w |= 1 << 4
	}
	if l.PIFirst {
		w |= 1 << 8
	}
	return w
}
