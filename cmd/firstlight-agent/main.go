// Command firstlight-agent is the agent: /init of the boot image, and on a
// machine in use a program that reports it and has it adopted.
package main

import (
	"os"
	"path/filepath"

	"firstlight/agent/pid1"
	"firstlight/cmd/version"
)

// The boot image runs the program by one name, and PID 1 starts its child with
// one word. On a machine in use it is called otherwise, and nothing that is typed
// there, nor being the first process of a container, makes it load modules.
const (
	image = "init"
	boot  = "boot"
)

func main() {
	if filepath.Base(os.Args[0]) == image {
		if os.Getpid() == 1 {
			pid1.Supervise(version.String(), []string{os.Args[0], boot})
		}
		if len(os.Args) == 2 && os.Args[1] == boot {
			os.Exit(failed(os.Stderr, pid1.Boot(version.String())))
		}
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
