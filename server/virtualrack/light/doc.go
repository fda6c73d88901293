// Package light is the machine without firmware: it speaks the same protocols
// in the same order as a real one, and costs some kilobytes instead of a
// gigabyte, so that a thousand live in one process.
//
// It promises that what the appliance sees is what a real machine shows it.
// Firmware's DHCP with option 93, the loader by TFTP, iPXE's DHCP, the scripts,
// kernel and initramfs, then the very code of the agent and of its installer,
// writing to a disk in memory, and in the end a system that reads its seed from
// that disk and calls home. What it does not do: run any of the programs it
// loads. Kernel and initramfs are asked for by HEAD and read up to a bound.
//
// All its machines share one Wire. Package server/virtualrack and its tests
// import it.
package light
