package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"firstlight/ipxe/script"
)

// tftpFolder is where, in the state folder, what is made at a start for TFTP
// alone lies.
const tftpFolder = "tftp"

// openGRUB writes the configuration that GRUB reads over TFTP, the same for all
// machines.
func (a *Appliance) openGRUB() error {
	var text bytes.Buffer
	if err := script.Config(&text, script.ConfigValues{Port: uint16(a.Config.HTTPPort)}); err != nil { //nolint:gosec // checked by config
		return err
	}
	dir := filepath.Join(a.Config.State, tftpFolder)
	file := filepath.Join(dir, filepath.FromSlash(script.ConfigPath))
	err := os.MkdirAll(filepath.Dir(file), 0o750)
	if err == nil {
		err = os.WriteFile(file, text.Bytes(), 0o640)
	}
	if err != nil {
		return fmt.Errorf("write the configuration of GRUB: %w", err)
	}
	a.grub = os.DirFS(dir)
	return nil
}
