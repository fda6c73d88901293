// Package storm powers thousands of machines on at the same time and tells what
// each of them got: a boot storm, as after a power cut.
//
// It promises that the appliance sees what as many real machines would show it,
// up to the images: firmware's DHCP with its retries, the loader by TFTP, iPXE's
// DHCP, and the scripts by HTTP, each machine from an address of its own in a
// rack behind a relay that names the rack and the port (option 82). The machines
// share two sockets, so that ten thousand cost little beside the appliance on
// the same two processors. Images are left out: who carries their bytes is
// measured apart (package bench).
//
// The command cmd/virtualrack, package bench and the tests of the rack import it.
package storm
