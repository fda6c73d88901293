package server

import (
	"fmt"
	"os"
	"syscall"
)

// ownState refuses a state folder that belongs to another user: what we write
// there he could replace, and what is ours he could not read after us. One of
// ours that everybody may write is closed.
func ownState(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil // an operating system without owners
	}
	mode := info.Mode().Perm()
	switch uid := uint32(os.Geteuid()); { //nolint:gosec // ids are not negative on Linux
	case owner.Uid != uid && owner.Uid != 0:
		return fmt.Errorf("state: %s (mode %04o) belongs to user %d, and this is user %d: run as that user, as the service does (systemctl start firstlight), or give the folder to this one: chown -R %d %s",
			dir, mode, owner.Uid, uid, uid, dir)
	case owner.Uid == uid && mode&0o002 != 0:
		return os.Chmod(dir, mode&^0o002)
	}
	return nil
}
