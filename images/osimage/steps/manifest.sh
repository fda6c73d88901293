# shellcheck shell=bash
# The manifest: what an appliance needs to know to serve and check the image.

# sum prints the SHA-256 of a file.
sum() { sha256sum "$1" | cut -d ' ' -f 1; }

# write_manifest leaves out/NAME.json. "bytes" and "sha256" speak of the raw
# disk, as the agent writes it; "compressed" of the file as it is served.
write_manifest() {
    local work=$1 raw=$1/$name.raw file=$1/out/$name.raw.zst
    cat >"$work/out/$name.json" <<JSON
{
  "name": "$name",
  "version": "$(sed -n 's/^base-files //p' "$work/out/$name.packages")+$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d)",
  "arch": "amd64",
  "file": "$name.raw.zst",
  "compressed": $(stat -c %s "$file"),
  "compressed_sha256": "$(sum "$file")",
  "bytes": $(stat -c %s "$raw"),
  "sha256": "$(sum "$raw")",
  "root_partition": $root_number,
  "seed_partition": "CIDATA",
  "source_date_epoch": $SOURCE_DATE_EPOCH
}
JSON
}
