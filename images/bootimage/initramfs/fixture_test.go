package initramfs

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// module makes an ELF file that says the given key=value about itself, as modules
// do, and is nothing else.
func module(t *testing.T, says ...string) []byte {
	t.Helper()
	modinfo := []byte(strings.Join(says, "\x00") + "\x00")
	names := []byte("\x00.modinfo\x00.shstrtab\x00")
	const head = 64
	header := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: head,
		Shoff: uint64(head + len(modinfo) + len(names)), Shentsize: 64, Shnum: 3, Shstrndx: 2,
	}
	copy(header.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: head, Size: uint64(len(modinfo))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(head + len(modinfo)), Size: uint64(len(names))},
	}
	var file bytes.Buffer
	for _, part := range []any{header, modinfo, names, sections} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

const (
	version = "6.12-test"
	modules = "usr/lib/modules/" + version + "/"
)

// tree is an unpacked kernel package with the given modules, by path below
// kernel/, in which all else that is wanted is built in.
func tree(given map[string][]byte) fstest.MapFS {
	var builtIn strings.Builder
	for _, r := range wanted {
		name := strings.ReplaceAll(r.path, "*", "x")
		if strings.HasSuffix(name, "/") {
			name += "any"
		}
		builtIn.WriteString("kernel/" + name + ".ko\n")
	}
	var config strings.Builder
	for _, option := range required {
		config.WriteString(option + "=y\n")
	}
	files := fstest.MapFS{
		"boot/vmlinuz-" + version:   {Data: []byte("kernel")},
		"boot/config-" + version:    {Data: []byte(config.String())},
		modules + "modules.builtin": {Data: []byte(builtIn.String())},
		modules + "kernel":          {Mode: fs.ModeDir},
	}
	for name, content := range given {
		files[modules+"kernel/"+name] = &fstest.MapFile{Data: content}
	}
	return files
}

func kernel(t *testing.T, files fstest.MapFS) *Kernel {
	t.Helper()
	k, err := OpenKernel(files, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// cards are two drivers with firmware, one apart, one without, and what one of them needs.
func cards(t *testing.T) map[string][]byte {
	t.Helper()
	const net = "drivers/net/ethernet/"
	return map[string][]byte{
		net + "intel/ice/ice.ko": module(t, "alias=pci:v00008086d00001592sv*sd*bc*sc*i*", "depends=libeth", "firmware=intel/ice/ddp/ice.pkg"),
		net + "broadcom/bnx2x/bnx2x.ko": module(t, "alias=pci:v000014E4d0000168Esv*sd*bc*sc*i*", "depends=",
			"firmware=bnx2x/bnx2x-e2-7.13.15.0.fw", "firmware=bnx2x/bnx2x-e2-7.13.21.0.fw"),
		net + "brocade/bna/bna.ko":    module(t, "alias=pci:v00001657d00000014sv*sd*bc02sc00i00*", "depends=libeth", "firmware=ctfw-3.2.5.1.bin"),
		net + "sun/cassini.ko":        module(t, "depends=", "firmware=sun/cassini.bin"),
		net + "dec/tulip/tulip.ko":    module(t, "depends="),
		"net/core/libeth.ko":          module(t, "depends="),
		"drivers/net/wireless/ath.ko": module(t, "depends=", "firmware=ath.bin"),
	}
}

// firmwareTrees are their packages.
func firmwareTrees() map[string]fs.FS {
	return map[string]fs.FS{
		"firmware-intel-misc": fstest.MapFS{"usr/lib/firmware/intel/ice/ddp/ice.pkg": {Data: []byte("the pipeline of ice")}},
		"firmware-qlogic":     fstest.MapFS{"usr/lib/firmware/ctfw-3.2.5.1.bin": {Data: []byte("of bna")}},
		"firmware-bnx2x": fstest.MapFS{
			"usr/lib/firmware/bnx2x/bnx2x-e2-7.13.15.0.fw": {Data: []byte("old")},
			"usr/lib/firmware/bnx2x/bnx2x-e2-7.13.21.0.fw": {Data: []byte("new")},
		},
	}
}
