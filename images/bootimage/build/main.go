// Command build makes the boot image: Debian's kernel and an initramfs with the
// agent and firmware, and their manifest. It runs at build time, from the root of
// the module:
//
//	go run ./images/bootimage/build -arch amd64 -agent bin/amd64/firstlight-agent -out images/embedded/files/amd64
//
// The kernel's half, which takes a minute, is kept in the user's cache
// folder; with it a new agent takes seconds.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"firstlight/images/bootimage"
)

// options are the choices of the command line.
type options struct {
	agent        string // path of the agent's program
	out          string // folder to write to
	architecture string // Debian's name
	suite        string // Debian suite the kernel comes from
	fetch        string // path of images/debian/fetch
	cache        string // folder for the kernel's half
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bootimage:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	opts, err := parse(args)
	if err != nil {
		return err
	}
	manifest, err := build(ctx, opts)
	if err != nil {
		return err
	}
	var overlays int64
	for _, one := range manifest.Overlays {
		overlays += one.Size
	}
	_, err = fmt.Fprintf(out, "boot image %s (%s): %d modules, %.1f MB on the wire; %.1f MB in %d overlays; no firmware for %s\n",
		manifest.Version, manifest.Architecture, manifest.Modules, float64(manifest.Size())/1e6, float64(overlays)/1e6, len(manifest.Overlays),
		strings.Join(manifest.WithoutFirmware, ", "))
	return err
}

// build fetches what a boot image is made of, and makes it.
func build(ctx context.Context, opts options) (bootimage.Manifest, error) {
	kernel, err := fetchKernel(ctx, opts)
	if err != nil {
		return bootimage.Manifest{}, err
	}
	firmware, err := fetchFirmware(ctx, opts)
	if err != nil {
		return bootimage.Manifest{}, err
	}
	half, err := openBase(ctx, opts, inputs{kernel: kernel, firmware: firmware})
	if err != nil {
		return bootimage.Manifest{}, err
	}
	return assemble(ctx, opts, half)
}

func parse(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.StringVar(&opts.agent, "agent", "bin/firstlight-agent", "the agent's `program` for that architecture, linked statically")
	flags.StringVar(&opts.out, "out", "images/embedded/files/"+runtime.GOARCH, "the `folder` to write to")
	flags.StringVar(&opts.architecture, "arch", runtime.GOARCH, "Debian's `name` of the architecture: amd64 or arm64")
	flags.StringVar(&opts.suite, "suite", "trixie", "the Debian `suite` to take the kernel from")
	flags.StringVar(&opts.fetch, "fetch", "images/debian/fetch", "the `script` that fetches Debian packages")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unknown argument %q: give flags only", flags.Arg(0))
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return options{}, fmt.Errorf("find cache folder: %w", err)
	}
	opts.cache = filepath.Join(cache, "firstlight", "bootimage")
	return opts, nil
}
