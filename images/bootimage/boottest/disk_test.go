package boottest

import (
	"io"
	"io/fs"
	"path/filepath"
	"testing"

	"firstlight/ipxe"
	"firstlight/ipxe/script"
)

const diskSays = "the disk was booted"

// bootSector prints diskSays on the first serial port and halts. It lets nothing
// interrupt it: SeaBIOS writes the rest of its own line from the timer.
func bootSector() []byte {
	sector := []byte{
		0xfa,       //       cli
		0x31, 0xc0, //       xor  ax, ax
		0x8e, 0xd8, //       mov  ds, ax
		0xbe, 0x17, 0x7c, // mov  si, 0x7c17: the text below
		0xfc,       //       cld
		0xac,       // next: lodsb
		0x84, 0xc0, //       test al, al
		0x74, 0x06, //       jz   halt
		0xba, 0xf8, 0x03, // mov  dx, 0x3f8: first serial port
		0xee,       //       out  dx, al
		0xeb, 0xf5, //       jmp  next
		0xf4,       // halt: hlt
		0xeb, 0xfd, //       jmp  halt
	}
	sector = append(sector, "\r\n"+diskSays+"\r\n\x00"...)
	sector = append(sector, make([]byte, 510-len(sector))...)
	return append(sector, 0x55, 0xaa)
}

func disk(w io.Writer, _ string) error {
	return script.Disk(w, script.IPXE, script.DiskValues{Machine: "ams1-web-7", Reason: "in use"})
}

func TestABIOSMachineThatIsSentToItsDiskBootsIt(t *testing.T) {
	needs(t)
	t.Parallel()
	a := serve(t, "", disk)
	path := filepath.Join(t.TempDir(), "disk.raw")
	write(t, path, append(bootSector(), make([]byte, 1<<20-512)...))
	machine{bootfile: a.base + "/first", disk: path}.boot(t,
		"Firstlight: ams1-web-7 boots its local disk: in use", "Booting from SAN device 0x80", diskSays)
	a.checkIdentity(t, "pcbios")
}

func TestAUEFIMachineThatIsSentToItsDiskBootsIt(t *testing.T) {
	needs(t)
	t.Parallel()
	a := serve(t, "", disk)
	// The system on this disk is iPXE once more, with a script that says so.
	loader, err := fs.ReadFile(ipxe.Loaders(), ipxe.AMD64EFI)
	if err != nil {
		t.Fatalf("read loader: %v; run ipxe/fetch", err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "EFI/BOOT/BOOTX64.EFI"), loader)
	write(t, filepath.Join(dir, "EFI/BOOT/autoexec.ipxe"), []byte("#!ipxe\necho "+diskSays+"\nsleep 600\n"))
	machine{
		uefi: true, bootfile: ipxe.SNPOnlyEFI, tftp: tftpFolder(t, a), disk: "fat:rw:" + dir,
	}.boot(t, "Firstlight: ams1-web-7 boots its local disk: in use", diskSays)
	a.checkIdentity(t, "efi")
}
