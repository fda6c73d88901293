// Package logins reads a list of the log-ins of BMCs, as deliveries come with one.
//
// It promises that a list is read whole or not at all: one line that cannot be
// used is an error that names the line and what to do with it. It knows neither
// commands nor appliance; the command firstlight imports it.
package logins

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Login is the log-in of one machine's BMC.
type Login struct {
	Serial         string // of the machine
	User, Password string
	Address        string // host[:port]; empty: as the machine reports it
}

// column is one of a list, by the name in its first line.
type column struct {
	name  string
	may   bool // be missing or empty
	field func(*Login) *string
}

var columns = []column{
	{"serial", false, func(l *Login) *string { return &l.Serial }},
	{"bmc_user", false, func(l *Login) *string { return &l.User }},
	{"bmc_password", false, func(l *Login) *string { return &l.Password }},
	{"bmc_address", true, func(l *Login) *string { return &l.Address }},
}

// Read reads CSV (RFC 4180) whose first line names the columns, in any order and
// with others between them.
func Read(in io.Reader) ([]Login, error) {
	rows := csv.NewReader(in)
	rows.TrimLeadingSpace = true
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("the line that names the columns: %w", err)
	}
	l := list{seen: map[string]int{}}
	if l.at, err = places(head); err != nil {
		return nil, err
	}
	for err == nil {
		err = l.read(rows)
	}
	switch {
	case !errors.Is(err, io.EOF):
		return nil, err
	case len(l.all) == 0:
		return nil, errors.New("there is no line below the names of the columns")
	}
	return l.all, nil
}

// places finds each column; -1 stands for one that is not there.
func places(head []string) ([]int, error) {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), c.name) })
		if at[i] < 0 && !c.may {
			return nil, fmt.Errorf("no column %s: the first line names %s", c.name, strings.Join(head, ", "))
		}
	}
	return at, nil
}

// list is what was read so far, and in which line each serial stands.
type list struct {
	at   []int // of the columns
	all  []Login
	seen map[string]int
}

// read takes the next line; io.EOF after the last.
func (l *list) read(rows *csv.Reader) error {
	row, err := rows.Read()
	if err != nil {
		return err // it names the line
	}
	line, _ := rows.FieldPos(0)
	one, err := l.login(row)
	if err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	if first, twice := l.seen[one.Serial]; twice {
		return fmt.Errorf("line %d: serial %s stands in line %d already: keep one of them", line, one.Serial, first)
	}
	l.seen[one.Serial] = line
	l.all = append(l.all, one)
	return nil
}

func (l *list) login(row []string) (one Login, err error) {
	for i, c := range columns {
		if l.at[i] < 0 {
			continue
		}
		value := row[l.at[i]]
		if strings.TrimSpace(value) == "" && !c.may {
			return one, fmt.Errorf("column %s is empty: fill it, or take the line out", c.name)
		}
		*c.field(&one) = value
	}
	return one, nil
}
