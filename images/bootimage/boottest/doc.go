// Package boottest proves on real firmware what no unit test can: that the boot
// scripts, the loaders and the boot image start a machine, with BIOS and with
// UEFI. It holds tests only, and nothing may import it.
package boottest
