// Package virtualrack is a rack of machines on an isolated network, with an
// appliance in it: QEMU machines with real firmware and light machines that
// speak the same protocols without any, each with a BMC that really powers it.
//
// It promises that nothing leaves the host and that nothing stays behind:
// bridge, taps, processes and mounts live in namespaces that end with the
// process (package netns), and Close removes what the run folder need not keep.
// The command cmd/virtualrack and tests import it; a process has one rack at a
// time.
//
// A test that wants a rack runs inside the namespaces as a whole:
//
//	func TestMain(m *testing.M) { os.Exit(netns.Run(m.Run)) }
//
//	func TestBlankMachineComesIntoUse(t *testing.T) {
//		rack, err := virtualrack.Start(t.Context(), virtualrack.Spec{
//			Dir: t.TempDir(), Program: "../../../bin/firstlight", Images: "../../../bin/images",
//			Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS}}, Light: 5,
//		})
//		…
//		defer rack.Close()
//		m := rack.Machines()[0]
//		err = m.PowerOn(ctx)                           // through its BMC, by Redfish
//		line, err := m.Console().Wait(ctx, 0, pattern) // or m.ConsoleTail(20)
//		out, err := rack.CLI(ctx, "machine", "show", m.Name)
//		rack.Appliance().Kill()                        // SIGKILL, as a power cut
//		err = rack.Appliance().Start(ctx)              // on the same state folder
//	}
//
// Start returns when the appliance is ready; all machines are off then.
package virtualrack
