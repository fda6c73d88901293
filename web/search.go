package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// search is what the search box asked for.
type search struct {
	Text     string
	Error    string // why it cannot be read
	Caret    string // blanks and a mark below the place where reading stopped
	selector machine.Selector
}

// parseSearch reads the selector of a request. One that cannot be read picks
// everything, and says so.
func parseSearch(r *http.Request) search { return readSelector(r.URL.Query().Get("q")) }

func readSelector(text string) search {
	q := search{Text: strings.TrimSpace(text)}
	var err error
	if q.selector, err = machine.ParseSelector(q.Text); err == nil {
		return q
	}
	q.Error = err.Error()
	if at, ok := errors.AsType[*machine.SelectorError](err); ok {
		q.Error = "column " + strconv.Itoa(at.Column) + ": " + punctuated(at.Reason)
		q.Caret = strings.Repeat(" ", max(at.Column-1, 0)) + "▲"
	}
	return q
}

// picks tells whether it leaves out anything.
func (q search) picks() bool { return q.Text != "" && q.Error == "" }

// count is how many machines have a status.
type count struct {
	Word, Group, URL string
	N                int
}

// summary is the line under a title: all machines by status.
type summary struct {
	All    int
	Counts []count
}

// within narrows the links of s to what a field of the selector picks.
func (s summary) within(field, value string) summary {
	for i := range s.Counts {
		s.Counts[i].URL += "%20" + url.QueryEscape(field+"="+value)
	}
	return s
}

func summarise(all []*machine.Machine) summary {
	by := map[machine.Status]int{}
	for _, m := range all {
		by[m.Status]++
	}
	s := summary{All: len(all)}
	for _, status := range machine.Statuses() {
		if n := by[status]; n > 0 {
			s.Counts = append(s.Counts, count{status.Human(), group(status), "/machines?q=status%3D" + string(status), n})
		}
	}
	return s
}
