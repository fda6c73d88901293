// Package server wires the appliance together and gives it a life: sockets
// before goroutines, one task for each part, and an end in order.
//
// The journey of a packet, as the files show it:
//
//	 1 server/dhcp/listen.go        a packet comes in: bounded workers, the oldest dropped first
//	 2 server/dhcp/classify.go      packet → boot.Request
//	 3 server/serverdb/lookup.go    its MAC → what ServerDb knows; from memory, always
//	 4 server/boot/decide.go        Decide → own disk, agent, or no answer; and why
//	 5 server/dhcp/reply.go         the answer → packet, sent when its lease is on disk
//	 6 server/tftp/transfer.go      the firmware fetches iPXE, from package ipxe
//	 7 server/httpboot/script.go    iPXE asks again: the same Decide
//	 8 ipxe/script/templates        the answer → boot script
//	 9 server/httpboot/files.go     kernel and initramfs leave
//	10 server/httpboot/agent.go     the agent reports
//	11 server/discovery             the report → identity, facts, verdict
//	12 server/serverdb/register.go  record, history and journal in one transaction
//	13 server/jobs                  install: order, token, image, reboot, call home
//
// It imports everything but the agent, and only cmd/firstlight and the tests of
// the whole import it.
package server
