package virtualrack_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/coreos/go-systemd/v22/daemon"

	"firstlight/ipxe"
	"firstlight/server"
	"firstlight/server/config"
	"firstlight/server/virtualrack/netns"
)

// This test binary is two programs: the tests, inside namespaces of their own,
// and the appliance that they put into racks, so that it is the one of this
// tree and needs no build of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		if err := serve(os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(netns.Run(m.Run))
}

func serve(file string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	devices, err := config.Devices()
	if err != nil {
		return err
	}
	if err := cfg.Bind(file, devices); err != nil {
		return err
	}
	a, err := server.Open(ctx, server.Options{
		Config: cfg, BootImages: bootImages(), Loaders: ipxe.Loaders(), Version: "test", Out: os.Stdout,
		Log:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.Log.Level})),
		Ready: func() { _, _ = daemon.SdNotify(false, daemon.SdNotifyReady) },
	})
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Run(ctx)
}
