# shellcheck shell=bash
# Boot loaders. BIOS: GRUB from the machine's grub-pc-bin, one core image with
# all it needs. UEFI: Debian's signed shim and GRUB, so that Secure Boot works.

# esp_image leaves esp.img, the UEFI system partition. The removable path serves
# firmware without a boot entry; the agent registers \EFI\debian\shimx64.efi.
esp_image() {
    local work=$1 dir image=$1/esp.img
    truncate -s "${esp_mib}M" "$image"
    mkfs.vfat --invariant -F 32 -s 1 -n ESP "$image"
    mmd -i "$image" ::EFI ::EFI/BOOT ::EFI/debian
    for dir in BOOT/BOOTX64.EFI debian/shimx64.efi; do
        mcopy -m -i "$image" "$work/loader/shimx64.efi" "::EFI/$dir"
        mcopy -m -i "$image" "$work/loader/grubx64.efi" "::EFI/${dir%/*}/grubx64.efi"
    done
    mcopy -m -i "$image" "$definition/esp-grub.cfg" ::EFI/debian/grub.cfg
}

# bios_loader leaves boot.img, for the first sector, and core.img, for the BIOS
# boot partition. The prefix names no disk: GRUB completes it with the one it
# was started from, so a second disk with the same image is never taken.
bios_loader() {
    local work=$1
    grub-mkimage -O i386-pc -o "$work/core.img" -p "(,gpt$root_number)/boot/grub" \
        biosdisk part_gpt ext2 normal configfile linux probe test echo ls cat serial terminal halt reboot
    cp /usr/lib/grub/i386-pc/boot.img "$work/boot.img"
    [ "$(stat -c %s "$work/core.img")" -le $((bios_mib << 20)) ] || die "core.img does not fit the BIOS boot partition"
    # What grub-bios-setup would do with a device (util/setup.c): boot.img gets
    # the first sector of core.img, core.img the one where it goes on, both as
    # 64-bit little-endian; and boot.img's jump around the repair of the drive
    # number, wrong on some firmware, becomes two no-operations
    # (GRUB_BOOT_MACHINE_KERNEL_SECTOR 0x5c, _DRIVE_CHECK 0x66; the first block
    # list of diskboot.img ends its sector, at 0x1f4).
    poke "$work/boot.img" $((0x5c)) "$(le64 "$bios_lba")"
    poke "$work/boot.img" $((0x66)) '\x90\x90'
    poke "$work/core.img" $((0x1f4)) "$(le64 $((bios_lba + 1)))"
}

# le64 prints a number as eight escaped bytes, lowest first.
le64() {
    local value=$1 i
    for ((i = 0; i < 8; i++)); do
        printf '\\x%02x' $((value >> (8 * i) & 255))
    done
}

# poke FILE OFFSET BYTES overwrites bytes of a file.
poke() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
