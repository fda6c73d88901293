package initramfs

import (
	"fmt"
	"path"
	"strings"
)

// rule names modules by their path below kernel/, without suffix: a folder when
// it ends in a slash, else a pattern of path.Match.
type rule struct {
	path string
	why  string
	only string // architecture, when the others' kernels do not have it
}

// wanted is what goes into the boot image, besides what these depend on. A rule
// that matches neither a module nor a built-in is an error: a driver that a new
// kernel renamed must not vanish from the image in silence.
var wanted = []rule{
	{path: "drivers/net/ethernet/", why: "every wired card, less unwanted"},
	{path: "drivers/net/virtio_net", why: "KVM, clouds"},
	{path: "drivers/net/vmxnet3/", why: "VMware"},
	{path: "drivers/net/hyperv/", why: "Hyper-V, Azure"},
	{path: "drivers/net/xen-netfront", why: "Xen"},
	{path: "drivers/net/phy/realtek", why: "r8169 cannot find its PHY without it"},
	{path: "drivers/net/usb/cdc_ether", why: "BMC cards on USB, the Redfish host interface"},
	{path: "drivers/net/usb/rndis_host", why: "the same, other vendors"},
	{path: "net/8021q/", why: "boot networks in a tagged VLAN"},

	{path: "drivers/nvme/host/nvme", why: "NVMe"},
	{path: "drivers/pci/controller/vmd", why: "NVMe behind Intel VMD", only: "amd64"},
	{path: "drivers/ata/", why: "SATA and IDE, every controller, less unwanted"},
	{path: "drivers/block/mtip32xx/", why: "Micron SSD on PCIe, before NVMe"},
	{path: "drivers/block/virtio_blk", why: "KVM, clouds"},
	{path: "drivers/block/xen-blkfront", why: "Xen"},
	{path: "drivers/scsi/virtio_scsi", why: "KVM, clouds"},
	{path: "drivers/scsi/vmw_pvscsi", why: "VMware", only: "amd64"},
	{path: "drivers/scsi/hv_storvsc", why: "Hyper-V, Azure"},
	{path: "drivers/scsi/megaraid/megaraid_sas", why: "Broadcom RAID (Dell PERC, Lenovo, Supermicro)"},
	{path: "drivers/scsi/mpt3sas/", why: "Broadcom SAS2 and SAS3 adapters"},
	{path: "drivers/scsi/mpi3mr/", why: "Broadcom SAS4"},
	{path: "drivers/message/fusion/mptsas", why: "LSI SAS1, VMware"},
	{path: "drivers/message/fusion/mptspi", why: "LSI SCSI, VMware"},
	{path: "drivers/scsi/smartpqi/", why: "HPE and Microchip Smart Array"},
	{path: "drivers/scsi/hpsa", why: "older HPE Smart Array"},
	{path: "drivers/scsi/aacraid/", why: "Adaptec RAID"},
	{path: "drivers/scsi/arcmsr/", why: "Areca RAID", only: "amd64"},
	{path: "drivers/scsi/pm8001/", why: "Microchip SAS"},
	{path: "drivers/scsi/mvsas/", why: "Marvell SAS"},
	{path: "drivers/scsi/isci/", why: "Intel C600 SAS", only: "amd64"},
	{path: "drivers/scsi/hisi_sas/", why: "Kunpeng SAS", only: "arm64"},
	{path: "drivers/scsi/3w-*", why: "3ware RAID"},
	{path: "drivers/scsi/qla2xxx/qla2xxx", why: "QLogic and Marvell Fibre Channel"},
	{path: "drivers/scsi/lpfc/", why: "Emulex and Broadcom Fibre Channel"},
	{path: "drivers/scsi/fnic/", why: "Cisco UCS, FCoE", only: "amd64"},
	{path: "drivers/scsi/snic/", why: "Cisco UCS, SCSI"},
	{path: "drivers/scsi/esas2r/", why: "ATTO RAID"},
	{path: "drivers/scsi/stex", why: "Promise RAID"},
	{path: "drivers/scsi/mvumi", why: "Marvell RAID"},
	{path: "drivers/scsi/hptiop", why: "HighPoint RAID"},
	{path: "drivers/scsi/megaraid/megaraid_mbox", why: "LSI RAID before SAS", only: "amd64"},
	{path: "drivers/scsi/ips", why: "IBM ServeRAID", only: "amd64"},
	{path: "drivers/scsi/sd_mod", why: "disks of all SCSI, SAS and SATA"},
	{path: "drivers/scsi/sr_mod", why: "virtual media of BMCs"},
	{path: "drivers/scsi/sg", why: "SMART and enclosures"},

	{path: "drivers/char/ipmi/ipmi_si", why: "the BMC, by KCS"},
	{path: "drivers/char/ipmi/ipmi_ssif", why: "the BMC, by SMBus"},
	{path: "drivers/char/ipmi/ipmi_devintf", why: "/dev/ipmi0"},
	{path: "drivers/char/ipmi/ipmi_watchdog", why: "the BMC's watchdog"},
	{path: "drivers/watchdog/iTCO_wdt", why: "watchdog of Intel's chip sets", only: "amd64"},
	{path: "drivers/watchdog/sp5100_tco", why: "watchdog of AMD's chip sets", only: "amd64"},
	{path: "drivers/watchdog/hpwdt", why: "watchdog of HPE's iLO", only: "amd64"},
	{path: "drivers/watchdog/wdat_wdt", why: "watchdog that ACPI describes"},
	{path: "drivers/watchdog/sbsa_gwdt", why: "watchdog of Arm servers", only: "arm64"},
	{path: "drivers/watchdog/i6300esb", why: "QEMU's watchdog"},
	{path: "drivers/watchdog/softdog", why: "where there is no other"},
	{path: "drivers/edac/", why: "memory errors, by DIMM"},
	{path: "drivers/hwmon/coretemp", why: "temperature of Intel's processors", only: "amd64"},
	{path: "drivers/hwmon/k10temp", why: "temperature of AMD's processors", only: "amd64"},
	{path: "drivers/hwmon/drivetemp", why: "temperature of SATA disks"},
	{path: "drivers/char/tpm/tpm_tis_spi", why: "TPM on SPI"},
	{path: "drivers/char/tpm/tpm_i2c_infineon", why: "TPM on I2C"},
	{path: "drivers/char/tpm/tpm_i2c_nuvoton", why: "TPM on I2C", only: "amd64"},
	{path: "drivers/char/tpm/tpm_i2c_atmel", why: "TPM on I2C", only: "amd64"},
	{path: "drivers/i2c/busses/i2c-i801", why: "SMBus under ipmi_ssif", only: "amd64"},
	{path: "drivers/firmware/qemu_fw_cfg", why: "QEMU hands values to its guest"},
	{path: "drivers/char/hw_random/virtio-rng", why: "entropy for TLS on KVM"},

	{path: "drivers/usb/host/xhci-pci", why: "USB: BMC keyboards and cards"},
	{path: "drivers/usb/host/ehci-pci", why: "USB 2"},
	{path: "drivers/usb/host/uhci-hcd", why: "USB 1", only: "amd64"},
	{path: "drivers/usb/host/ohci-pci", why: "USB 1"},
	{path: "drivers/hid/usbhid/usbhid", why: "keyboards"},
	{path: "drivers/hid/hid-generic", why: "keyboards"},

	{path: "fs/efivarfs/", why: "the firmware's boot order"},
	{path: "fs/fat/vfat", why: "EFI system partitions"},
	{path: "fs/ext4/", why: "seeds of installed systems"},
}

// Brocade's Fibre Channel, bfa, is left out: its firmware is, which it needs.

// unwanted are the drivers of cards that no server of the last fifteen years
// carries, and of switch chips.
var unwanted = []rule{
	{path: "drivers/ata/pata_legacy", why: "it tries ports of the ISA bus"},
	{path: "drivers/ata/pata_pcmcia", why: "PC Card"},
	{path: "drivers/net/ethernet/3com/", why: "PCI and PC Cards of the nineties"},
	{path: "drivers/net/ethernet/8390/", why: "NE2000"},
	{path: "drivers/net/ethernet/adaptec/", why: "Starfire, 1998"},
	{path: "drivers/net/ethernet/agere/", why: "ET1310, desktops"},
	{path: "drivers/net/ethernet/alteon/", why: "AceNIC, 1998"},
	{path: "drivers/net/ethernet/amd/nmclan_cs", why: "PC Card"},
	{path: "drivers/net/ethernet/dec/", why: "Tulip"},
	{path: "drivers/net/ethernet/dlink/", why: "desktops"},
	{path: "drivers/net/ethernet/fujitsu/", why: "PC Card"},
	{path: "drivers/net/ethernet/micrel/", why: "embedded boards"},
	{path: "drivers/net/ethernet/mscc/", why: "switches"},
	{path: "drivers/net/ethernet/natsemi/", why: "desktops of the nineties"},
	{path: "drivers/net/ethernet/packetengines/", why: "Hamachi, 1998"},
	{path: "drivers/net/ethernet/rdc/", why: "embedded boards"},
	{path: "drivers/net/ethernet/silan/", why: "desktops"},
	{path: "drivers/net/ethernet/sis/", why: "desktops"},
	{path: "drivers/net/ethernet/smsc/", why: "embedded boards"},
	{path: "drivers/net/ethernet/via/", why: "desktops"},
	{path: "drivers/net/ethernet/xircom/", why: "PC Card"},
}

// unstated are dependencies that modules load by name at run time, through a
// modprobe that the boot image does not have.
var unstated = map[string][]string{
	// CONFIG_FAT_DEFAULT_CODEPAGE and CONFIG_FAT_DEFAULT_IOCHARSET of Debian.
	"vfat": {"nls_cp437", "nls_ascii"},
}

func (r rule) matches(module string) bool {
	if strings.HasSuffix(r.path, "/") {
		return strings.HasPrefix(module, r.path)
	}
	// The patterns are constants above, tests match them all.
	ok, err := path.Match(r.path, module)
	return ok && err == nil
}

func anyMatches(rules []rule, module string) bool {
	for _, r := range rules {
		if r.matches(module) {
			return true
		}
	}
	return false
}

// selected answers which modules the rules ask for, as paths below the folder
// of the kernel's version, without their dependencies.
func (k *Kernel) selected() ([]string, error) {
	var chosen []string
	for _, r := range wanted {
		if r.only != "" && r.only != k.Architecture {
			continue
		}
		found := false
		for _, module := range k.modules {
			short := shortPath(module)
			if r.matches(short) && !anyMatches(unwanted, short) {
				chosen, found = append(chosen, module), true
			}
		}
		if !found && !k.builtInMatches(r) {
			return nil, fmt.Errorf("select modules: kernel %s has nothing at %s (%s): find its new name for select.go",
				k.Version, r.path, r.why)
		}
	}
	return chosen, nil
}

func (k *Kernel) builtInMatches(r rule) bool {
	for _, module := range k.builtIn {
		if r.matches(shortPath(module)) {
			return true
		}
	}
	return false
}
