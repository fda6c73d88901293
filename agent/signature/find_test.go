package signature_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/agent/signature"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/*.sparse from the tools of this machine")

// made is every format that a tool of Debian makes without a kernel driver.
// The same expectation holds for what the tool of this machine makes and for
// the sectors of an earlier run that are kept under testdata.
var made = []struct {
	name, tool, script string
	mib                int64
	want               []report.Content
}{
	{"ext2", "mkfs.ext2", `mkfs.ext2 -q -L old "$DISK"`, 8, fs("ext2", "old", 8<<20)},
	{"ext3", "mkfs.ext3", `mkfs.ext3 -q -L journal "$DISK"`, 8, fs("ext3", "journal", 8<<20)},
	{"ext4", "mkfs.ext4", `mkfs.ext4 -q -L pgdata "$DISK"`, 64, fs("ext4", "pgdata", 64<<20)},
	{"ext4 with a hostile label", "mkfs.ext4", `mkfs.ext4 -q -L "$(printf '\033[2J<b>')" "$DISK"`, 64, fs("ext4", "?[2J<b>", 64<<20)},
	{"xfs", "mkfs.xfs", `mkfs.xfs -q -L pgdata "$DISK"`, 320, fs("xfs", "pgdata", 320<<20)},
	{"btrfs", "mkfs.btrfs", `mkfs.btrfs -q -L pool "$DISK"`, 128, fs("btrfs", "pool", 128<<20)},
	{"vfat 12", "mkfs.vfat", `mkfs.vfat -F 12 -n SMALL "$DISK"`, 4, fs("vfat", "SMALL", 4<<20)},
	{"vfat 16", "mkfs.vfat", `mkfs.vfat -F 16 -n CIDATA "$DISK"`, 16, fs("vfat", "CIDATA", 16<<20)},
	{"vfat 32 without a label", "mkfs.vfat", `mkfs.vfat -F 32 "$DISK"`, 64, fs("vfat", "", 64<<20)},
	{"vfat 32 with boot loaders", "mmd", `mkfs.vfat -F 32 "$DISK"` + withLoaders, 64, append(fs("vfat", "", 64<<20), loadersFound()...)},
	{"vfat 16 with boot loaders", "mmd", `mkfs.vfat -F 16 -n ESP "$DISK"` + withLoaders, 16, append(fs("vfat", "ESP", 16<<20), loadersFound()...)},
	{"vfat 12 with boot loaders", "mmd", `mkfs.vfat -F 12 "$DISK"` + withLoaders, 4, append(fs("vfat", "", 4<<20), loadersFound()...)},
	{"exfat", "mkfs.exfat", `mkfs.exfat "$DISK"`, 8, fs("exfat", "", 8<<20)},
	{"ntfs", "mkfs.ntfs", `mkfs.ntfs -q -F -L win "$DISK"`, 8, fs("ntfs", "", 8<<20-512)},
	{"f2fs", "mkfs.f2fs", `mkfs.f2fs -q "$DISK"`, 64, fs("f2fs", "", 64<<20)},
	{"jfs", "mkfs.jfs", `mkfs.jfs -q "$DISK"`, 16, fs("jfs", "", 16<<20)},
	{"bcache", "make-bcache", `make-bcache --wipe-bcache -B "$DISK"`, 8, fs("bcache", "", 8<<20)},
	{
		"iso9660", "xorriso", `mkdir d && echo hello >d/file && xorriso -as mkisofs -quiet -V INSTALL -o "$DISK" d`, 0,
		fs("iso9660", "INSTALL", 0),
	},
	{"squashfs", "mksquashfs", `mkdir d && echo hello >d/file && mksquashfs d "$DISK" -quiet -no-progress`, 0, fs("squashfs", "", 0)},
	{"swap", "mkswap", `mkswap -L page "$DISK"`, 8, []report.Content{{Device: "sda", Kind: "swap", Type: "swap", Label: "page", Bytes: 8 << 20}}},
	{"luks 1", "cryptsetup", luksFormat + ` --type luks1`, 8, []report.Content{{Device: "sda", Kind: "crypt", Type: "luks1", Bytes: 8 << 20}}},
	{
		"luks 2", "cryptsetup", luksFormat + ` --type luks2 --label vault`, 32,
		[]report.Content{{Device: "sda", Kind: "crypt", Type: "luks2", Label: "vault", Bytes: 32 << 20}},
	},
	{
		"luks 2 without its first header", "cryptsetup",
		luksFormat + ` --type luks2 --label vault && dd if=/dev/zero of="$DISK" bs=8k count=1 conv=notrunc`, 32,
		[]report.Content{{Device: "sda", Kind: "crypt", Type: "luks2", Label: "vault", Bytes: 32 << 20}},
	},
	{
		"lvm2", "vgcreate", `
			dev=$(losetup --find --show "$DISK")
			trap 'losetup -d "$dev"' EXIT
			vgcreate -q --config "devices { filter=[ \"a|^$dev\$|\", \"r|.*|\" ] use_devicesfile=0 }" vg0 "$dev"`, 16,
		[]report.Content{{Device: "sda", Kind: "lvm", Type: "lvm2", Label: "vg0", Bytes: 16 << 20}},
	},
	{
		"gpt with two file systems", "sfdisk", `
			printf 'label: gpt\n2048 2048\n4096 16384\n' | sfdisk -q "$DISK"
			truncate -s 8M part && mkfs.ext4 -q -L root part
			dd if=part of="$DISK" bs=1M seek=2 conv=notrunc`, 16,
		[]report.Content{
			{Device: "sda", Kind: "partition-table", Type: "gpt", Bytes: 16 << 20},
			{Device: "sda2", Kind: "filesystem", Type: "ext4", Label: "root", Bytes: 8 << 20, Used: 1},
		},
	},
	{
		"dos with a logical partition", "sfdisk", `
			printf 'label: dos\n2048 2048 L\n4096 20480 E\n6144 8192 L\n16384 8192 L\n' | sfdisk -q "$DISK"
			truncate -s 4M part && mkfs.vfat -n DATA part
			dd if=part of="$DISK" bs=1M seek=8 conv=notrunc`, 16,
		[]report.Content{
			{Device: "sda", Kind: "partition-table", Type: "dos", Bytes: 16 << 20},
			{Device: "sda6", Kind: "filesystem", Type: "vfat", Label: "DATA", Bytes: 4 << 20},
		},
	},
	{
		"gpt whose primary was overwritten", "sfdisk", `
			printf 'label: gpt\n2048 2048\n' | sfdisk -q "$DISK"
			dd if=/dev/zero of="$DISK" bs=64k count=1 conv=notrunc`, 16,
		[]report.Content{{Device: "sda", Kind: "partition-table", Type: "gpt", Bytes: 16 << 20}},
	},
}

// withLoaders puts programs below \EFI: two that are known, one that is not, that for
// whatever comes along, a folder without a program, and many files in one, so that it
// has more than a cluster.
const withLoaders = ` && echo x >x
	mmd -i "$DISK" ::efi ::efi/BOOT ::efi/debian ::efi/Microsoft ::efi/Microsoft/Boot "::efi/A vendor of tomorrow" ::efi/empty
	for to in BOOT/BOOTX64.EFI Microsoft/Boot/bootmgfw.efi "A vendor of tomorrow/Some Loader.efi"; do mcopy -i "$DISK" x "::efi/$to"; done
	for i in $(seq 80); do echo x >"a file with a long name $i.cfg"; done
	mcopy -i "$DISK" a\ file* ::efi/debian
	mcopy -i "$DISK" x ::efi/debian/shimx64.efi`

func loadersFound() (all []report.Content) {
	for _, says := range []string{"Debian's boot loader", "Windows Boot Manager", `a boot loader in \EFI\A vendor of tomorrow`} {
		all = append(all, report.Content{Device: "sda", Kind: "loader", Type: "efi", Label: says})
	}
	return all
}

// Key files and derivations that cost nothing: the data is worth nothing.
const luksFormat = `echo k | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$DISK" -`

func fs(kind, label string, bytes uint64) []report.Content {
	return []report.Content{{Device: "sda", Kind: "filesystem", Type: kind, Label: label, Bytes: bytes}}
}

func TestFindOnKeptDisks(t *testing.T) {
	for _, test := range made {
		t.Run(test.name, func(t *testing.T) {
			disk := readSparse(t, sparsePath(test.name))
			compare(t, test.want, signature.Find(disk, disk.size, "sda"))
		})
	}
}

func TestFindOnDisksMadeHere(t *testing.T) {
	for _, test := range made {
		t.Run(test.name, func(t *testing.T) {
			if _, err := exec.LookPath(test.tool); err != nil {
				t.Skip("SKIPPED, only the kept sectors were tested: ", err)
			}
			f, size := makeDisk(t, test.script, test.mib<<20)
			rec := &recorder{r: f, sectors: map[int64][]byte{}}
			compare(t, test.want, signature.Find(rec, size, "sda"))
			if *update {
				writeSparse(t, sparsePath(test.name), rec.sectors, size)
			}
		})
	}
}

// compare treats the bytes in use as known or not: their number is the tool's.
// A size of 0 in want stands for any.
func compare(t *testing.T, want, got []report.Content) {
	t.Helper()
	got = append([]report.Content(nil), got...)
	for i := range got {
		switch {
		case i < len(want) && want[i].Bytes == 0 && got[i].Bytes > 0:
			got[i].Bytes = 0
		case got[i].Used > got[i].Bytes:
			t.Errorf("Find says %+v: more in use than there is", got[i])
		}
		got[i].Used = 0
	}
	want = append([]report.Content(nil), want...)
	for i := range want {
		want[i].Used = 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Find differs (-want +got):\n%s", diff)
	}
}

func makeDisk(t *testing.T, script string, size int64) (*os.File, int64) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "disk")
	if size > 0 {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "DISK="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getuid() != 0 && strings.Contains(script, "losetup") {
			t.Skip("SKIPPED, needs root for a loop device")
		}
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return f, info.Size()
}

func TestUsedBytesOfAFullFileSystem(t *testing.T) {
	f, size := makeDiskWithTool(t, "mkfs.ext4", `mkdir d && head -c 20M /dev/urandom >d/file && mkfs.ext4 -q -d d "$DISK"`, 64<<20)
	got := signature.Find(f, size, "sda")
	if len(got) != 1 || got[0].Used < 20<<20 || got[0].Used > 40<<20 {
		t.Errorf("Find on a file system with a file of 20 MiB = %+v, want 20 to 40 MiB in use", got)
	}
}

func makeDiskWithTool(t *testing.T, tool, script string, size int64) (*os.File, int64) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skip("SKIPPED: ", err)
	}
	return makeDisk(t, script, size)
}
