package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"
)

// cli is every command. What a command does stands in the file of its name.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the appliance."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

const description = `Network boot appliance: answers DHCP, TFTP, HTTP boot and DNS from one live database.`

// run does one command and gives the exit code.
func run(ctx context.Context, args []string, h *host) int {
	exited := -1 // --help ends with a code instead of an error
	parser, err := newParser(h, func(code int) { exited = code })
	if err != nil {
		return h.fail(err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		return h.fail(usageError(err))
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return h.fail(command.Run())
}

func newParser(h *host, exit func(int)) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("firstlight"), kong.Description(description),
		kong.Writers(h.out, h.err), kong.Exit(exit), kong.Bind(h),
		kong.Vars{"config": defaultConfig},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// usageError says which command's help explains more.
func usageError(err error) error {
	help := "firstlight --help"
	if p := (*kong.ParseError)(nil); errors.As(err, &p) && p.Context.Command() != "" {
		help = "firstlight " + p.Context.Command() + " --help"
	}
	return failure{code: exitUsage, err: fmt.Errorf("%w; %s shows what there is", err, help)}
}
