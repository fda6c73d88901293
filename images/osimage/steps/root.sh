# shellcheck shell=bash
# The root file system: packages, overlay, hooks; first as a tar archive, then
# as ext4.

# in_namespace runs a command as root, or as the root of a user namespace with
# the ids that mmdebstrap uses, so that files keep their owners.
in_namespace() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        mmdebstrap --unshare-helper "$@"
    fi
}

# words prints the entries of a list file without its comments.
words() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# root_tar leaves root.tar, out/NAME.packages and the signed UEFI loaders in
# $work/loader.
root_tar() {
    local work=$1 hook options=()
    apt_sources >"$work/sources.list"
    for hook in "$definition"/hooks/*; do
        options+=("--customize-hook=$hook")
    done
    mmdebstrap --variant=minbase --architectures=amd64 \
        --include="$(words "$definition/packages" | tr '\n' ' ')" \
        --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt="$definition/dpkg.cfg" \
        --setup-hook="tar -C '$definition/overlay' --owner=0 --group=0 -c . | tar -C \"\$1\" --keep-directory-symlink -x" \
        "${options[@]}" \
        --customize-hook="copy-out /var/cache/loader '$work'" \
        --customize-hook="copy-out /var/cache/$name.packages '$work/out'" \
        --customize-hook='rm -r "$1/var/cache/loader" "$1"/var/cache/*.packages' \
        bookworm "$work/root.tar" "$work/sources.list"
}

# root_image turns root.tar into root.ext4, a little larger than its contents:
# the agent grows the partition, the first boot grows the file system.
root_image() {
    local work=$1
    in_namespace bash -euc '
        mkdir "$1/root"
        tar -C "$1/root" --xattrs --xattrs-include="*" --numeric-owner -xpf "$1/root.tar"
        used=$(du -s --block-size=1M "$1/root" | cut -f 1)
        # An empty inode table is written now, or the kernel of the new machine
        # would fill it in the background of its first boot.
        E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -L root -b 4096 -m 1 -J size=32 \
            -U "$2" -E "lazy_itable_init=0,lazy_journal_init=0,hash_seed=$2" \
            -d "$1/root" "$1/root.ext4" "$((used * 104 / 100 + 96))M"
        rm -rf "$1/root"
    ' root_image "$work" "$(identity root)"
    e2fsck -fn "$work/root.ext4"
}
