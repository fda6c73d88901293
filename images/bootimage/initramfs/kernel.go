package initramfs

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/ulikunitz/xz"
)

// Kernel is a Debian kernel package, unpacked.
type Kernel struct {
	// Version is the kernel's release as uname tells it.
	Version string
	// Architecture is Debian's name for it.
	Architecture string

	tree    fs.FS
	modules []string // paths below the version's folder: kernel/drivers/….ko.xz, sorted
	builtIn []string // the same for what is in the kernel itself: kernel/….ko
}

// required are the kernel options without which the boot image cannot start.
var required = []string{
	"CONFIG_BLK_DEV_INITRD", // an initramfs at all
	"CONFIG_RD_ZSTD",        // and in this compression
	"CONFIG_DEVTMPFS",       // /dev of the agent, which brings no udev
	"CONFIG_PACKET",         // the agent's DHCP
}

// OpenKernel reads the tree of an unpacked linux-image package.
func OpenKernel(tree fs.FS, architecture string) (*Kernel, error) {
	k := &Kernel{Architecture: architecture, tree: tree}
	for _, step := range []func() error{k.findVersion, k.checkConfig, k.listModules, k.listBuiltIn} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("open kernel package: %w", err)
		}
	}
	return k, nil
}

// Image is the kernel, unchanged: Debian signed it.
func (k *Kernel) Image() ([]byte, error) {
	data, err := fs.ReadFile(k.tree, "boot/vmlinuz-"+k.Version)
	if err != nil {
		return nil, fmt.Errorf("read kernel: %w", err)
	}
	return data, nil
}

func (k *Kernel) findVersion() error {
	images, err := fs.Glob(k.tree, "boot/vmlinuz-*")
	if err != nil {
		return err
	}
	if len(images) != 1 {
		return fmt.Errorf("found %d files boot/vmlinuz-*, want one: this is no linux-image package", len(images))
	}
	k.Version = strings.TrimPrefix(images[0], "boot/vmlinuz-")
	return nil
}

func (k *Kernel) checkConfig() error {
	config, err := fs.ReadFile(k.tree, "boot/config-"+k.Version)
	if err != nil {
		return err
	}
	for _, option := range required {
		if !strings.Contains("\n"+string(config), "\n"+option+"=y\n") {
			return fmt.Errorf("kernel %s lacks %s=y: choose another flavour", k.Version, option)
		}
	}
	return nil
}

func (k *Kernel) listModules() error {
	err := fs.WalkDir(k.tree, k.dir()+"/kernel", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(path.Base(name), ".ko") {
			k.modules = append(k.modules, strings.TrimPrefix(name, k.dir()+"/"))
		}
		return err
	})
	slices.Sort(k.modules)
	return err
}

func (k *Kernel) listBuiltIn() error {
	list, err := k.builtInList()
	k.builtIn = strings.Fields(string(list))
	return err
}

func (k *Kernel) builtInList() ([]byte, error) {
	list, err := fs.ReadFile(k.tree, k.dir()+"/modules.builtin")
	if err != nil {
		return nil, fmt.Errorf("read list of built-in modules: %w", err)
	}
	return list, nil
}

// dir is the folder of the modules in the package: Debian's is merged into /usr.
func (k *Kernel) dir() string {
	return "usr/lib/modules/" + k.Version
}

// module reads a module and decompresses it. The bytes stay as Debian signed
// them: a stripped module would not load under lockdown.
func (k *Kernel) module(name string) ([]byte, error) {
	file, err := k.tree.Open(k.dir() + "/" + name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var content io.Reader = file
	switch path.Ext(name) {
	case ".ko":
	case ".xz":
		if content, err = xz.NewReader(file); err != nil {
			return nil, fmt.Errorf("decompress %s: %w", name, err)
		}
	default:
		return nil, fmt.Errorf("read module %s: unknown compression %s, xz and none are known", name, path.Ext(name))
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return nil, fmt.Errorf("read module %s: %w", name, err)
	}
	return data, nil
}

// shortPath turns kernel/drivers/scsi/sd_mod.ko.xz into drivers/scsi/sd_mod.
func shortPath(module string) string {
	short := strings.TrimPrefix(module, "kernel/")
	if i := strings.LastIndex(short, ".ko"); i >= 0 {
		short = short[:i]
	}
	return short
}

// moduleName is the name the kernel gives a module: the file's, with underscores.
func moduleName(module string) string {
	return strings.ReplaceAll(path.Base(shortPath(module)), "-", "_")
}
