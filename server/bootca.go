package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"firstlight/server/ca"
)

// BootRoots lists the roots of a state folder, the newest first;
// fs.ErrNotExist where HTTPS was never on.
func BootRoots(dir string) ([]ca.RootInfo, error) {
	b, err := readBoot(dir)
	if err != nil {
		return nil, err
	}
	return b.Infos(), nil
}

func readBoot(dir string) (*ca.Boot, error) {
	b, err := ca.ReadBoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; it is made when the appliance starts with machines.https_port", err)
	}
	return b, err
}

// RollBoot makes a new root of boots over HTTPS for an appliance that is
// stopped: from its next start on it keys loaders with it, and shows both.
func RollBoot(ctx context.Context, o Options) (all []ca.RootInfo, err error) {
	return changeBoot(ctx, o, "roll boot CA", (*ca.Boot).Roll)
}

// ForgetBoot leaves the newest root alone.
func ForgetBoot(ctx context.Context, o Options) (all []ca.RootInfo, err error) {
	return changeBoot(ctx, o, "forget boot CA", (*ca.Boot).Forget)
}

func changeBoot(ctx context.Context, o Options, action string, change func(*ca.Boot, string) (*ca.Boot, error)) (all []ca.RootInfo, err error) {
	dir := o.Config.State
	lock, err := lockState(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // the kernel lets go of it
	before, err := readBoot(dir)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, o, nil)
	if err != nil {
		return nil, err
	}
	after, err := change(before, dir)
	if err == nil {
		err = db.RecordAudit(ctx, whoRotates, action, o.Config.Site.Name, before.Infos()[0].SHA256, after.Infos()[0].SHA256)
	}
	if err := errors.Join(err, db.Close(), inherit(dir)); err != nil {
		return nil, err
	}
	return after.Infos(), nil
}
