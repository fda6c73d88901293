package qemu

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"

	"github.com/google/uuid"
)

// hostInterface is an SMBIOS structure of type 42, Management Controller Host
// Interface: how a system learns from its firmware where its own BMC's Redfish
// service is (DSP0134 §7.43, DSP0270 1.3.0 §8).
func hostInterface(bmc netip.Addr, card Card, service [16]byte) ([]byte, error) {
	if !bmc.Is4() {
		return nil, errors.New("write SMBIOS type 42: the BMC has no IPv4 address")
	}
	const network, redfishOverIP = 0x40, 0x04
	device := networkDevice(card)
	record := redfishService(bmc, service)
	b := []byte{42, 0, 0x00, 0x2a, network, byte(len(device))}
	b = append(b, device...)
	b = append(b, 1, redfishOverIP, byte(len(record)))
	b = append(b, record...)
	b[1] = byte(len(b))
	return append(b, 0, 0), nil // no strings
}

// networkDevice is a PCI/PCIe network interface (DSP0270 table 6): vendor,
// device, and subsystem vendor and device of the card that QEMU emulates.
func networkDevice(card Card) []byte {
	ids := [4]uint16{0x1af4, 0x1000, 0x1af4, 0x0001}
	if card == E1000e {
		ids = [4]uint16{0x8086, 0x10d3, 0x8086, 0x0000}
	}
	b := []byte{0x03}
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint16(b, id)
	}
	return b
}

// redfishService is the protocol record's data (DSP0270 table 9). The host's own
// address is left to DHCP; the service's is static.
func redfishService(bmc netip.Addr, service [16]byte) []byte {
	const static, viaDHCP, ipv4 = 0x01, 0x02, 0x01
	pad := func(b []byte, a [4]byte) []byte { return append(append(b, a[:]...), make([]byte, 12)...) }
	b := append([]byte(nil), service[:]...)
	b = append(b, viaDHCP, ipv4)
	b = pad(pad(b, [4]byte{}), [4]byte{})
	b = append(b, static, ipv4)
	b = pad(pad(b, bmc.As4()), [4]byte{255, 255, 255, 255})
	b = binary.LittleEndian.AppendUint16(b, 443)
	b = binary.LittleEndian.AppendUint32(b, 0) // no VLAN
	name := bmc.String()
	return append(append(b, byte(len(name))), name...)
}

// serviceUUID is the UUID of the Redfish service as bytes, in SMBIOS's mixed
// byte order (DSP0134 §7.2.1): bmcsim gives its service the machine's.
func serviceUUID(text string) [16]byte {
	u, err := uuid.Parse(text)
	if err != nil {
		return [16]byte{}
	}
	slices.Reverse(u[0:4])
	slices.Reverse(u[4:6])
	slices.Reverse(u[6:8])
	return u
}
