// Package e2e takes machines from blank disks into use: the real binary, real
// firmware in QEMU, a real operating system, and the command line as the one
// way to look.
//
// It promises that what the README says of a machine's way is seen to happen,
// and that disks which must not be written are bit for bit the same afterwards.
// There is nothing but tests in it.
package e2e
