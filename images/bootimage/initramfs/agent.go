package initramfs

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"io"
)

// machines are the ELF machines of Debian's architectures.
var machines = map[string]elf.Machine{
	"amd64": elf.EM_X86_64,
	"arm64": elf.EM_AARCH64,
}

// WriteAgent writes the archive of the agent.
func WriteAgent(ctx context.Context, w io.Writer, agent []byte, architecture string) (Summary, error) {
	if err := checkAgent(agent, architecture); err != nil {
		return Summary{}, fmt.Errorf("check agent: %w", err)
	}
	files := make(archive)
	files.file("init", agent, 0o755)
	unpacked, err := files.writeTo(ctx, w)
	return Summary{Unpacked: unpacked}, err
}

// checkAgent refuses what the kernel could not start: it would panic on the
// machine, with "No working init found" or less.
func checkAgent(agent []byte, architecture string) error {
	want, ok := machines[architecture]
	if !ok {
		return fmt.Errorf("unknown architecture %q: amd64 and arm64 are known", architecture)
	}
	program, err := elf.NewFile(bytes.NewReader(agent))
	if err != nil {
		return fmt.Errorf("it is no ELF program: %w", err)
	}
	if program.Machine != want {
		return fmt.Errorf("it is a program for %s, want %s: build it with GOARCH=%s", program.Machine, want, architecture)
	}
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			return fmt.Errorf("it is linked dynamically, and there is no libc in the boot image: build it with CGO_ENABLED=0")
		}
	}
	return nil
}
