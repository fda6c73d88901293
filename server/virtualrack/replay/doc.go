// Package replay plays a machine that was recorded at a site against a fresh
// appliance, so that a failure that was seen there becomes a test.
//
// It promises that the appliance gets the client's own DHCP messages, byte for
// byte but for the addresses that it handed out itself and those of itself, in
// the order and with the pauses of the recording, and the requests for files and
// scripts that the recording has; and that what it answers is held against what
// was answered then. What it does not do: the machine stands behind a relay,
// whether it did so or not; and what a recording does not hold, nobody asks for.
//
// The command cmd/virtualrack and the tests of the rack import it.
package replay
