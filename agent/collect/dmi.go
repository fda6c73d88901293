package collect

import (
	"firstlight/agent/report"

	"github.com/u-root/u-root/pkg/smbios"
)

// dmi reads what the kernel copied out of the firmware's tables, where the
// tables themselves are for root: everybody may read the copies, except of what
// names this very machine.
func (c *collector) dmi() {
	const dir = "sys/class/dmi/id"
	if !c.exists(dir) {
		return
	}
	text := func(name string) string { return c.text(dir + "/" + name) }
	r := c.report
	r.System = report.System{
		Vendor: text("sys_vendor"), Product: text("product_name"), Serial: text("product_serial"),
		UUID: text("product_uuid"), SKU: text("product_sku"), Family: text("product_family"),
	}
	r.Board = report.Board{Vendor: text("board_vendor"), Product: text("board_name"), Serial: text("board_serial")}
	r.Chassis = report.Chassis{Vendor: text("chassis_vendor"), Serial: text("chassis_serial"), Asset: text("chassis_asset_tag"), Type: chassisType(smbios.ChassisType(c.number(dir + "/chassis_type")))}
	r.Firmware.Vendor, r.Firmware.Version, r.Firmware.Date = text("bios_vendor"), text("bios_version"), text("bios_date")
	if r.System.Serial == "" {
		c.missing("serial")
	}
	if r.System.UUID == "" {
		c.missing("uuid")
	}
}
