package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"firstlight/server/api"
)

type bmcCmd struct {
	Set    bmcSetCmd    `cmd:"" help:"Give the log-in of one machine's BMC; asks for the password."`
	Import bmcImportCmd `cmd:"" help:"Give log-ins from a CSV file, as deliveries come with one."`
}

type bmcSetCmd struct {
	remote
	Serial  string `arg:"" complete:"field:serial" help:"Serial number of the machine, which need not have shown itself yet."`
	User    string `required:"" help:"User of the BMC."`
	Address string `placeholder:"HOST[:PORT]" help:"Where the BMC answers; as the machine reports it, when left out."`
}

// Run keeps one log-in.
func (c *bmcSetCmd) Run(ctx context.Context, h *host) error {
	password, err := h.askSecret(ctx, "Password of the BMC: ")
	if err != nil {
		return err
	}
	return giveLogins(ctx, h, &c.remote, []bmcLine{{serial: c.Serial, login: api.BMCLogin{Address: c.Address, User: c.User, Password: password}}})
}

type bmcImportCmd struct {
	remote
	File string `arg:"" complete:"file" help:"CSV file whose first line names the columns serial, bmc_user, bmc_password and, if there is one, bmc_address; others are left alone. - reads standard input."`
}

// Run reads the whole file before it sends the first line: one that cannot be
// read changes nothing.
func (c *bmcImportCmd) Run(ctx context.Context, h *host) error {
	in := io.Reader(h.in)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return usage("%w", err)
		}
		defer f.Close() //nolint:errcheck // it was read
		in = f
	}
	lines, err := readLogins(in)
	if err != nil {
		return usage("%s: %w", c.File, err)
	}
	return giveLogins(ctx, h, &c.remote, lines)
}

// bmcLine is one machine of a list.
type bmcLine struct {
	serial string
	login  api.BMCLogin
}

func giveLogins(ctx context.Context, h *host, r *remote, lines []bmcLine) error {
	a, err := r.open(h)
	if err != nil {
		return err
	}
	defer h.clear()
	for i, l := range lines {
		h.tell("%d of %s kept", i, plural(len(lines), "log-in"))
		if _, err := a.Do(ctx, http.MethodPut, "/bmc-logins/"+url.PathEscape(l.serial), l.login, nil); err != nil {
			return fmt.Errorf("serial %s: %w (%s before it kept)", l.serial, err, plural(i, "log-in"))
		}
	}
	return h.say("%s kept; the next act on each machine proves it", plural(len(lines), "log-in"))
}

// readLogins reads a delivery's list (RFC 4180).
func readLogins(in io.Reader) ([]bmcLine, error) {
	rows := csv.NewReader(in)
	rows.TrimLeadingSpace = true
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("the line that names the columns: %w", err)
	}
	at, err := loginColumns(head)
	if err != nil {
		return nil, err
	}
	l := logins{seen: map[string]int{}}
	for err == nil {
		err = l.read(rows, at)
	}
	switch {
	case !errors.Is(err, io.EOF):
		return nil, err
	case len(l.all) == 0:
		return nil, errors.New("there is no line below the names of the columns")
	}
	return l.all, nil
}

// logins are the lines so far, and where each serial stands.
type logins struct {
	all  []bmcLine
	seen map[string]int
}

// read takes the next line; io.EOF after the last.
func (l *logins) read(rows *csv.Reader, at map[string]int) error {
	row, err := rows.Read()
	if err != nil {
		return err // it names the line
	}
	line, _ := rows.FieldPos(0)
	one, err := loginOf(row, at)
	if err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	if first, twice := l.seen[one.serial]; twice {
		return fmt.Errorf("line %d: serial %s stands in line %d already: keep one of them", line, one.serial, first)
	}
	l.seen[one.serial] = line
	l.all = append(l.all, one)
	return nil
}

// loginColumns finds the columns by name: -1 stands for one that is not there.
func loginColumns(head []string) (map[string]int, error) {
	at := map[string]int{}
	for _, name := range []string{"serial", "bmc_user", "bmc_password", "bmc_address"} {
		at[name] = slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		if at[name] < 0 && name != "bmc_address" {
			return nil, fmt.Errorf("no column %s: the first line names %s", name, strings.Join(head, ", "))
		}
	}
	return at, nil
}

func loginOf(row []string, at map[string]int) (bmcLine, error) {
	l := bmcLine{serial: row[at["serial"]], login: api.BMCLogin{User: row[at["bmc_user"]], Password: row[at["bmc_password"]]}}
	if i := at["bmc_address"]; i >= 0 {
		l.login.Address = row[i]
	}
	for name, value := range map[string]string{"serial": l.serial, "bmc_user": l.login.User, "bmc_password": l.login.Password} {
		if strings.TrimSpace(value) == "" {
			return l, fmt.Errorf("column %s is empty: fill it, or take the line out", name)
		}
	}
	return l, nil
}
