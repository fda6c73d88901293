package main

import (
	"fmt"

	"firstlight/cmd/version"
)

type versionCmd struct{}

// Run prints the version.
func (*versionCmd) Run(h *host) error {
	_, err := fmt.Fprintln(h.out, version.String())
	return err
}
