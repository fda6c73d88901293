package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"

	"firstlight/agent/adopt"
	"firstlight/agent/appliance"
	"firstlight/agent/facts"
	"firstlight/cmd/version"
)

const usage = `usage:
  firstlight-agent report [--pretty]
      Print what the agent in the boot image would report of this machine.
  firstlight-agent report --from-os [--pretty]
      Print the report of a machine in use: the same, with the operating system
      that runs, and the NIC of the default route as the one that boots.
  firstlight-agent report --from-os --to URL --token-file FILE --reason TEXT [--ca FILE]
      Ask the appliance to adopt this machine as it is.
  firstlight-agent record [--scrub]
      Print what reports are made from, as test data for agent/collect: files of the
      kernel, the firmware's tables, and what disks and BMC answer.
  firstlight-agent version
      Print the version.

Nothing is changed: no file, disk, module, link or address. Without root the
report lacks what only root may read, such as serial number and UUID, and says so.

  --pretty           indent the report
  --scrub            put numbers in the place of serials, MACs, UUID and host name
  --from-os          an operating system runs here, not the boot image
  --to URL           the appliance, such as https://10.80.12.1:8443
  --token-file FILE  holds an API token of an admin
  --reason TEXT      why, for the machine's history
  --ca FILE          certificate of the appliance's CA, ca.crt of its state folder

exit codes:
  0    done
  1    failed
  2    wrong usage
  3    that appliance adopts no machines
  4    refused: a value, a status or another machine forbids it
  5    the token is not good, or not of an admin
  6    no appliance answers
  130  interrupted
`

// Exit codes, those of the command firstlight.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitRefused     = 4
	exitNotAllowed  = 5
	exitUnreachable = 6
	exitInterrupted = 130
)

// usageError is a command line that is wrong.
type usageError struct{ error }

// run does one command and gives the exit code.
func run(args []string, out, diag io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(diag, usage)
		return exitUsage
	}
	err := command(args[0], args[1:], out, diag)
	if errors.Is(err, flag.ErrHelp) {
		_, err = fmt.Fprint(out, usage)
	}
	return failed(diag, err)
}

func command(name string, args []string, out, diag io.Writer) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	do := func() error { return usageError{fmt.Errorf("there is no command %q (firstlight-agent --help)", name)} }
	switch name {
	case "report":
		r := newReport(flags)
		do = func() error { return r.run(out, diag) }
	case "record":
		scrub := flags.Bool("scrub", false, "")
		do = func() error { return facts.Record(*scrub, out) }
	case "version":
		do = func() error { _, err := fmt.Fprintln(out, version.String()); return err }
	case "help", "-h", "-help", "--help":
		return flag.ErrHelp
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return usageError{fmt.Errorf("%s: %w (firstlight-agent --help)", name, err)}
	case flags.NArg() > 0:
		return usageError{fmt.Errorf("%s takes no %q (firstlight-agent --help)", name, flags.Arg(0))}
	}
	return do()
}

// failed says what went wrong, if anything did, and gives its exit code.
func failed(diag io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(diag, "firstlight-agent:", err)
	var wrong usageError
	var refused *appliance.Refusal
	switch {
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, adopt.ErrUnreachable):
		return exitUnreachable
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &refused):
		return refusal(refused.Status)
	}
	return exitFailed
}

func refusal(status int) int {
	switch status {
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitNotAllowed
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return exitRefused
	}
	return exitFailed
}
