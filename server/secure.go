package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"firstlight/ipxe"
	"firstlight/server/ca"
	"firstlight/server/health"
	"firstlight/server/httpboot"
)

// secure is how UEFI machines boot over HTTPS; the zero value: they do not.
type secure struct {
	door  httpboot.Secure
	names []string          // of all keyed loaders
	keyed map[string]string // the one to hand out, by the name of the stock one
	err   error             // why the loaders could not be keyed
}

func (s *secure) on() bool { return s.door.TLS != nil }

// keyedFolder is where the keyed loaders lie in the state folder. They are made
// at every start from the stock ones; people copy them to media from there.
const keyedFolder = "loaders"

// openSecure keys the loaders with the roots that there are, the older ones for
// whoever names their files elsewhere. Loaders that cannot be keyed leave
// machines to boot as if HTTPS were off, and the health says so.
func (a *Appliance) openSecure() error {
	if a.Config.HTTPSPort == 0 {
		return nil
	}
	authority, err := ca.OpenBoot(a.Config.State)
	if err != nil {
		return err
	}
	roots := authority.Roots()
	s := secure{keyed: map[string]string{}}
	copies := map[string][]byte{}
	for _, root := range slices.Backward(roots) {
		for _, name := range ipxe.EFILoaders() {
			if copies[ipxe.KeyedName(name, root)], err = keyed(a.Loaders, name, root); err != nil {
				a.secure.err = err
				a.Log.Error("HTTPS boot is off: machines boot over HTTP", "error", err)
				return nil
			}
			s.keyed[name] = ipxe.KeyedName(name, root)
			s.names = append(s.names, s.keyed[name])
		}
	}
	folder, err := putLoaders(filepath.Join(a.Config.State, keyedFolder), copies)
	if err != nil {
		return err
	}
	s.door = httpboot.Secure{
		Listen: a.ports(uint16(a.Config.HTTPSPort)), //nolint:gosec // checked by config
		TLS:    authority.TLS(a.own()), Root: hex.EncodeToString(roots[0][:]), Loaders: folder,
	}
	a.secure = s
	return nil
}

func keyed(loaders fs.FS, name string, root [32]byte) ([]byte, error) {
	stock, err := fs.ReadFile(loaders, name)
	if err == nil {
		stock, err = ipxe.Key(stock, root)
	}
	if err != nil {
		return nil, fmt.Errorf("key the boot loader %s: %w", name, err)
	}
	return stock, nil
}

// putLoaders writes the copies into their folder, and removes those of roots
// that were forgotten.
func putLoaders(dir string, copies map[string][]byte) (fs.FS, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("keep keyed boot loaders: %w", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("keep keyed boot loaders: %w", err)
	}
	for _, e := range there {
		if copies[e.Name()] == nil && strings.HasSuffix(e.Name(), ".efi") {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	for name, content := range copies {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), content, 0o640))
	}
	if err != nil {
		return nil, fmt.Errorf("keep keyed boot loaders: %w", err)
	}
	return os.DirFS(dir), nil
}

// loader is the one that a machine's firmware is given. Where nobody signed any
// for an architecture, it is the usual one.
func (a *Appliance) loader(arch uint16, signed bool) (string, error) {
	if name, err := ipxe.SignedFor(arch); signed && !errors.Is(err, ipxe.ErrNoLoader) {
		return name, err
	}
	name, err := ipxe.LoaderFor(arch)
	if keyed := a.secure.keyed[name]; keyed != "" {
		return keyed, err
	}
	return name, err
}

// usualLoader is loader by IPv6, by which nobody saw the signed ones boot.
func (a *Appliance) usualLoader(arch uint16) (string, error) { return a.loader(arch, false) }

func (a *Appliance) probeSecure(context.Context) (health.State, string) {
	if a.secure.err != nil {
		return health.Failed, a.secure.err.Error() + ": UEFI machines boot over HTTP"
	}
	return health.OK, fmt.Sprintf("UEFI machines get loaders keyed with root %.8s", a.secure.door.Root)
}
