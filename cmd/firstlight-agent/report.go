package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"firstlight/agent/adopt"
	"firstlight/agent/facts"
	"firstlight/agent/report"
	"firstlight/cmd/version"
)

// reporting is the command report.
type reporting struct {
	pretty bool
	fromOS bool
	place  adopt.Place
	reason string
}

func newReport(flags *flag.FlagSet) *reporting {
	r := &reporting{}
	flags.BoolVar(&r.pretty, "pretty", false, "")
	flags.BoolVar(&r.fromOS, "from-os", false, "")
	flags.StringVar(&r.place.URL, "to", "", "")
	flags.StringVar(&r.place.TokenFile, "token-file", "", "")
	flags.StringVar(&r.place.CAFile, "ca", "", "")
	flags.StringVar(&r.reason, "reason", "", "")
	return r
}

// check says what does not fit together, before anything is read or sent.
func (r *reporting) check() error {
	if r.place.URL == "" {
		if r.place != (adopt.Place{}) || r.reason != "" {
			return errors.New("report: --token-file, --ca and --reason go with --to, which says which appliance")
		}
		return nil
	}
	switch {
	case !r.fromOS:
		return errors.New("report: --to needs --from-os: only a machine in use is adopted, others report when they boot")
	case r.pretty:
		return errors.New("report: --pretty is for a report that is printed, and --to sends it")
	case r.place.TokenFile == "":
		return errors.New("report: --to needs --token-file with an admin's API token; make one with: firstlight token create")
	case strings.TrimSpace(r.reason) == "":
		return errors.New("report: --to needs --reason, which stands in the machine's history")
	}
	return nil
}

func (r *reporting) run(out, diag io.Writer) error {
	if err := r.check(); err != nil {
		return usageError{err}
	}
	if r.place.URL == "" {
		enc := json.NewEncoder(out)
		if r.pretty {
			enc.SetIndent("", "  ")
		}
		return enc.Encode(r.collect(diag))
	}
	door, err := adopt.Open(r.place)
	if err != nil {
		return usageError{err}
	}
	return r.adopt(door, out, diag)
}

func (r *reporting) collect(diag io.Writer) report.Report {
	m := &facts.Machine{Version: version.String(), OS: r.fromOS, Log: slog.New(slog.NewTextHandler(diag, nil))}
	got := m.Collect()
	if len(got.Missing) > 0 && os.Geteuid() != 0 {
		fmt.Fprintf(diag, "firstlight-agent: the report lacks %s; root may read more\n", strings.Join(got.Missing, ", "))
	}
	return got
}

// adopt can be interrupted while it waits for the appliance. Collecting ends with
// the process, as it leaves nothing behind.
func (r *reporting) adopt(door *adopt.Door, out, diag io.Writer) error {
	a := report.Adoption{Report: r.collect(diag), Reason: r.reason}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w, err := door.Adopt(ctx, a)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("%s is adopted. %s %s", cmp.Or(w.Name, "this machine"), w.Sentence, w.Page)))
	return err
}
