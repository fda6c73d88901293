package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"

	"firstlight/cmd/version"
	"firstlight/images/embedded"
	"firstlight/ipxe"
	"firstlight/server"
	"firstlight/server/config"
)

// defaultConfig is where the Debian package looks for the configuration.
const defaultConfig = "/etc/firstlight/firstlight.yaml"

type serveCmd struct {
	Config string `default:"${config}" placeholder:"FILE" help:"Configuration file; ${config} unless told otherwise."`
	databaseFlag
}

// Run checks the configuration against this host and serves it.
func (c *serveCmd) Run(ctx context.Context, h *host) error {
	// Whoever read our output may go away; machines still want to boot.
	signal.Ignore(syscall.SIGPIPE)
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	if err := c.use(cfg); err != nil {
		return err
	}
	return serve(ctx, cfg, version.String(), h.out, h.err)
}

// loadConfig reads the file and holds it against the interfaces of this host.
func loadConfig(path string) (*config.Config, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, failure{code: exitUsage, err: err}
	}
	devices, err := config.Devices()
	if err != nil {
		return nil, err
	}
	return cfg, cfg.Bind(path, devices)
}

// serve runs the appliance until ctx ends.
func serve(ctx context.Context, cfg *config.Config, version string, stdout, stderr io.Writer) error {
	a, err := server.Open(ctx, server.Options{
		Config: cfg, BootImages: embedded.FS(), Loaders: ipxe.Loaders(), Version: version,
		Log: logger(cfg.Log, stderr), Out: stdout,
		// Where systemd did not start us there is nobody to tell.
		Ready: func() { _, _ = daemon.SdNotify(false, daemon.SdNotifyReady) },
	})
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

func logger(c config.Log, w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.Level}
	if c.JSON {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
