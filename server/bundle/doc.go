// Package bundle is the format of what is taken out of the house about one
// machine that does not boot: one zip that a person can read and that
// virtualrack replay plays again.
//
//	README.txt        what was wrong, and what the files are
//	bundle.json       Head: format, version, time, whom it is about
//	machine.json      its record; absent where nobody knows it
//	history.json      the changes of its status
//	timeline.json     rows of its journal, oldest first; timeline.txt for reading
//	boot.json         what it would boot now, what is wrong, its stage clock and its last boots
//	decisions.json    boot decisions, each with what it rested on
//	packets.pcap      its DHCP packets; packets.txt for reading
//	subnets.json      the networks that it was seen on
//	options.json      sets of DHCP options that apply to it
//	rules.json        acceptance rules, in their order
//	manifest.json     size and SHA-256 of each of these; it comes last
//
// It promises that Read gives out nothing that differs from the manifest, that it
// bounds what it unpacks, and that it takes any bytes. It keeps what it is given:
// that no secret is in it is promised by whoever gathers it, the desk. It knows
// words and decisions and imports no state; the API writes bundles, the replay of
// the virtual rack reads them.
package bundle
