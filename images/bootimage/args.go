package bootimage

// KernelArgs are the kernel arguments that every machine of an architecture
// (Debian's name) gets, before those that belong to the machine.
func KernelArgs(architecture string) []string {
	args := []string{
		// The screen is the first and the serial line the last console: all get the
		// kernel's messages, the last that exists becomes /dev/console, and the
		// line is what a BMC records. The agent writes to tty0 by itself.
		"console=tty0",
	}
	if architecture == "amd64" {
		// Most BMCs redirect the first port. arm64 firmware names its console in
		// the ACPI table SPCR, which an argument would override.
		args = append(args, "console=ttyS0,115200")
	}
	return append(args,
		// Warnings and worse only: the agent's own lines have to be legible.
		"loglevel=4",
		// The crypto layer's own source of random numbers, which nothing here uses,
		// tests itself for half a second of an emulated core. getrandom(2) has another.
		"initcall_blacklist=jent_mod_init",
		// Should the agent ever end, the kernel panics; after half a minute, for
		// the console to be read, the machine boots again and asks again.
		"panic=30",
	)
}
