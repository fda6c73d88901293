# shellcheck shell=bash
# The disk: a GPT with four partitions, the root last so that it can grow.
# README.md shows the layout; agents know the partitions by their names.

readonly bios_mib=1 esp_mib=48 seed_mib=8
readonly root_number=4
readonly bios_lba=2048
readonly esp_lba=$((bios_lba + bios_mib * 2048))
readonly seed_lba=$((esp_lba + esp_mib * 2048))
readonly root_lba=$((seed_lba + seed_mib * 2048))

# identity prints a UUID (version 8, RFC 9562) made from the name of a part and
# the week only, so that two builds of a week agree.
identity() {
    printf 'firstlight %s %s %s' "$name" "$SOURCE_DATE_EPOCH" "$1" | sha256sum |
        sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-8\3-8\4-\5/'
}

# seed_image leaves seed.img: the empty FAT file system that takes the seed.
seed_image() {
    truncate -s "${seed_mib}M" "$1/seed.img"
    mkfs.vfat --invariant -F 16 -s 1 -n CIDATA "$1/seed.img"
}

# partition writes the partition table for a root of the given sectors.
partition() {
    sfdisk -q --no-reread --no-tell-kernel "$1" <<TABLE
label: gpt
label-id: $(identity disk)
start=$bios_lba, size=$((bios_mib * 2048)), type=21686148-6449-6E6F-744E-656564454649, uuid=$(identity bios), name="BIOS boot"
start=$esp_lba, size=$((esp_mib * 2048)), type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=$(identity esp), name="ESP"
start=$seed_lba, size=$((seed_mib * 2048)), type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, uuid=$(identity seed), name="CIDATA"
start=$root_lba, size=$2, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=$(identity rootpart), name="root"
TABLE
}

# place FILE LBA puts a part into the disk, leaving its holes holes.
place() { dd if="$1" of="$disk" bs=1M seek="$(($2 * 512))" oflag=seek_bytes conv=notrunc,sparse status=none; }

# assemble_disk joins the parts to NAME.raw. The last MiB holds the second
# partition table.
assemble_disk() {
    local work=$1 disk=$1/$name.raw sectors
    seed_image "$work"
    sectors=$(($(stat -c %s "$work/root.ext4") / 512))
    truncate -s $(((root_lba + sectors + 2048) * 512)) "$disk"
    partition "$disk" "$sectors"
    place "$work/core.img" "$bios_lba"
    place "$work/esp.img" "$esp_lba"
    place "$work/seed.img" "$seed_lba"
    place "$work/root.ext4" "$root_lba"
    # Only boot code: the first sector also holds the protective partition.
    dd if="$work/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
}
