# shellcheck shell=bash
# Where packages come from: the machine's own apt configuration.

# archive prints the address of the machine's archive whose release matches a
# pattern. indextargets reads both formats of sources and needs no downloaded
# lists; third-party archives reuse Debian's suite names, hence the component
# and the signer.
archive() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)' 'Created-By: Packages' |
        awk -v release="$1" '
            $2 ~ release && $3 == "main" && ($4 == "" || $4 ~ /debian-archive-/ || $4 ~ /^\$/) { print $1; exit }'
}

# apt_sources prints the lines of bookworm, its updates and, where the machine
# has an archive for them, its security fixes. A machine of another release of
# Debian has the same archives under its own suite names.
apt_sources() {
    local main security host_release
    host_release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    main=$(archive "^(${host_release}|stable)\$")
    security=$(archive '-security$')
    [ -n "$main" ] || die "no Debian mirror in the machine's apt sources; add one (component main)"
    printf 'deb %s bookworm main\ndeb %s bookworm-updates main\n' "$main" "$main"
    [ -z "$security" ] || printf 'deb %s bookworm-security main\n' "$security"
}
