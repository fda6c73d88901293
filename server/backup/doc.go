// Package backup is the format of a backup: one file that holds ServerDb and
// what makes an appliance the same one again.
//
// A backup is a tar archive compressed with zstd, so that a person can look into
// it with tar alone:
//
//	backup.json            Head: format, schema, time, appliance, tables and their columns
//	tables/NAME/00000.jsonl  rows of a table as JSON arrays, in parts of at most partSize
//	files/NAME             files of the state folder
//	manifest.json          Manifest: rows and SHA-256 of each table and file; it comes last
//
// It promises that Read gives out nothing as whole whose end, number or hash is
// not what the manifest says, and that neither side holds more than one part in
// memory. What a row means, it does not know: serverdb writes and reads them. It
// imports nothing of ours; serverdb, the wiring and the command import it.
package backup
