// Package initramfs writes the initramfs of the boot image: folders and device
// nodes, the kernel modules that servers need to reach their network, disks and
// BMC, firmware of their network cards, and the agent as /init. The firmware of rare
// cards it writes into overlays, archives that go beside it where one is wanted.
//
// It writes two archives that are put one after the other; the kernel unpacks
// both. The large one changes with the kernel, the small one with the agent. The
// package promises equal bytes for equal inputs and one version of zstd. Only the
// builder of the boot image may import it. It needs no cpio, depmod or root: the
// module index is made from the modules themselves, for Debian's package carries
// none (depmod makes it when the package is installed).
package initramfs

import (
	"context"
	"io"
	"io/fs"

	"github.com/u-root/u-root/pkg/cpio"
)

// Summary tells what an archive holds.
type Summary struct {
	Modules  int   // kernel modules
	Unpacked int64 // size of the archive before compression

	Firmware []Firmware // sorted by driver
	Without  []string   // drivers that name firmware which is nowhere, sorted
	Overlays []Overlay  // beside the archive, sorted by driver
}

// WriteBase writes the archive of everything but the agent. Below
// /lib/modules/<version> stand the modules, uncompressed (the kernel need not
// decompress twice, and the archive becomes smaller), modules.dep,
// modules.alias and modules.builtin in the formats of depmod. Firmware comes
// from the trees of Debian's packages, by their names (FirmwarePackages).
func WriteBase(ctx context.Context, w io.Writer, k *Kernel, firmware map[string]fs.FS) (Summary, error) {
	selected, err := k.selected()
	if err != nil {
		return Summary{}, err
	}
	modules, err := k.collect(selected)
	if err != nil {
		return Summary{}, err
	}
	files := skeleton()
	if err := addModules(files, k, modules); err != nil {
		return Summary{}, err
	}
	held, lacking, err := modules.addFirmware(files, firmware)
	if err != nil {
		return Summary{}, err
	}
	overlays, err := modules.packOverlays(ctx, firmware)
	if err != nil {
		return Summary{}, err
	}
	unpacked, err := files.writeTo(ctx, w)
	return Summary{Modules: len(modules), Unpacked: unpacked, Firmware: held, Without: lacking, Overlays: overlays}, err
}

// skeleton is the root file system without contents. The two nodes are there
// before the agent mounts devtmpfs: the kernel opens /dev/console for /init, and
// the Go runtime opens /dev/null when a standard descriptor is missing.
func skeleton() archive {
	files := make(archive)
	for _, dir := range []string{"dev", "etc", "mnt", "proc", "root", "run", "sys"} {
		files.add(cpio.Directory(dir, 0o755))
	}
	files.add(cpio.Directory("tmp", 0o1777))
	files.add(cpio.CharDev("dev/console", 0o600, 5, 1))
	files.add(cpio.CharDev("dev/null", 0o666, 1, 3))
	return files
}

func addModules(files archive, k *Kernel, modules index) error {
	dir := "lib/modules/" + k.Version + "/"
	dependencies, err := modules.dependencies()
	if err != nil {
		return err
	}
	builtIn, err := k.builtInList()
	if err != nil {
		return err
	}
	for _, module := range modules {
		files.file(dir+module.path, module.content, 0o644)
	}
	files.file(dir+"modules.dep", dependencies, 0o644)
	files.file(dir+"modules.alias", modules.aliases(), 0o644)
	files.file(dir+"modules.builtin", builtIn, 0o644)
	return nil
}
