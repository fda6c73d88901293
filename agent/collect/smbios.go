package collect

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"firstlight/agent/report"

	"github.com/u-root/u-root/pkg/smbios"
)

// Words of the SMBIOS structure without a parser in the library
// (DSP0134 3.7.0, section 7.43).
const (
	typeHostInterface = 42
	networkInterface  = 0x40
	protocolRedfishIP = 0x04
)

func (c *collector) raw(name string) []byte {
	b, err := fs.ReadFile(c.root, name)
	if err != nil {
		return nil
	}
	return b
}

// smbios reads the firmware's tables into the report and returns them. A
// structure that cannot be parsed ends the walk; what came before it counts.
func (c *collector) smbios() []*smbios.Table {
	b := c.raw("sys/firmware/dmi/tables/DMI")
	if len(b) == 0 {
		c.missing("smbios")
		c.dmi()
	}
	var tables []*smbios.Table
	for len(b) > 0 {
		t, rest, err := smbios.ParseTable(b)
		if t == nil || (err != nil && t.Type != smbios.TableTypeEndOfTable) {
			c.missing("smbios")
			break
		}
		if t.Type == smbios.TableTypeEndOfTable {
			break
		}
		tables = append(tables, t)
		c.table(t)
		b = rest
	}
	return tables
}

// table enters one structure. The first of a type is the machine's own; blade
// chassis and multi-board servers have more.
func (c *collector) table(t *smbios.Table) {
	r := c.report
	switch t.Type { //nolint:exhaustive // the other tables say nothing that is reported
	case smbios.TableTypeBIOSInfo:
		if i, err := smbios.ParseBIOSInfo(t); err == nil && r.Firmware.Vendor == "" {
			r.Firmware.Vendor, r.Firmware.Version, r.Firmware.Date = said(i.Vendor), said(i.Version), said(i.ReleaseDate)
		}
	case smbios.TableTypeSystemInfo:
		if i, err := smbios.ParseSystemInfo(t); err == nil && r.System == (report.System{}) {
			r.System = system(i)
		}
	case smbios.TableTypeBaseboardInfo:
		if i, err := smbios.ParseBaseboardInfo(t); err == nil && r.Board == (report.Board{}) {
			r.Board = report.Board{Vendor: said(i.Manufacturer), Product: said(i.Product), Serial: said(i.SerialNumber)}
		}
	case smbios.TableTypeChassisInfo:
		if i, err := smbios.ParseChassisInfo(t); err == nil && r.Chassis == (report.Chassis{}) {
			r.Chassis = report.Chassis{Vendor: said(i.Manufacturer), Serial: said(i.SerialNumber), Asset: said(i.AssetTagNumber), Type: chassisType(i.Type)}
		}
	case smbios.TableTypeIPMIDeviceInfo:
		if r.BMC == nil {
			r.BMC = &report.BMC{Source: "smbios-38"}
		}
	case typeHostInterface:
		if addr, ok := redfishHost(t); ok {
			r.BMC = hostInterface(addr)
		}
	}
}

// chassisType is a word of the specification (7.4.1) for what the machine stands
// in; "" where firmware says other or unknown.
func chassisType(t smbios.ChassisType) string {
	if t &= 0x7f; t <= smbios.ChassisTypeUnknown { // the bit above tells of a lock
		return ""
	}
	return t.String()
}

// said turns the library's word for "no string" into none.
func said(s string) string {
	if s == "Not Specified" {
		return ""
	}
	return strings.TrimSpace(s)
}

func system(i *smbios.SystemInfo) report.System {
	return report.System{
		Vendor: said(i.Manufacturer), Product: said(i.ProductName), Serial: said(i.SerialNumber),
		UUID: uuid(i.UUID), SKU: said(i.SKUNumber), Family: said(i.Family),
	}
}

// uuid spells a UUID as the kernel and iPXE do: since SMBIOS 2.6 the first
// three fields are little-endian (DSP0134, 7.2.1).
func uuid(u [16]byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(u[0:]),
		binary.LittleEndian.Uint16(u[4:]), binary.LittleEndian.Uint16(u[6:]), u[8:10], u[10:])
}

// redfishHost reads the BMC's own address from a host interface structure
// (DSP0270 1.3.0, section 8): Redfish over IP, with a static or known address.
func redfishHost(t *smbios.Table) (netip.Addr, bool) {
	b, err := t.GetBytesAt(0, t.Len())
	if err != nil || len(b) < 6 || b[4] != networkInterface {
		return netip.Addr{}, false
	}
	at := 6 + int(b[5]) // behind the interface's own data
	if at >= len(b) {
		return netip.Addr{}, false
	}
	for at++; at+2 <= len(b); {
		kind, data := b[at], b[at+2:]
		data = data[:min(int(b[at+1]), len(data))]
		if kind == protocolRedfishIP {
			if a, ok := serviceAddr(data); ok {
				return a, true
			}
		}
		at += 2 + int(b[at+1])
	}
	return netip.Addr{}, false
}

// hostInterface leaves out an address that only this machine can reach: most
// BMCs offer Redfish to their own host over a USB NIC at 169.254.0.0/16.
func hostInterface(addr netip.Addr) *report.BMC {
	b := &report.BMC{Source: "smbios-42"}
	if !addr.IsLinkLocalUnicast() {
		b.Address = addr.String()
	}
	return b
}

// serviceAddr: after the service's UUID (16 bytes), host address type, format,
// address and mask (34 bytes) come the discovery type, the format and the
// address of the service.
func serviceAddr(data []byte) (netip.Addr, bool) {
	const discovery, format, address = 50, 51, 52
	if len(data) < address+16 {
		return netip.Addr{}, false
	}
	var a netip.Addr
	switch data[format] {
	case 1:
		a = netip.AddrFrom4([4]byte(data[address:]))
	case 2:
		a = netip.AddrFrom16([16]byte(data[address:]))
	}
	return a, a.IsValid() && !a.IsUnspecified()
}
