// Package delivery reads lists of machines that people bring, such as that of
// an order, and judges each line against the fleet and the plan before
// anything is written.
//
// It promises that a list which it cannot read whole is refused with line and
// column; that no verdict rests on a line that was itself refused; and that
// what an agent discovered of a machine is never overwritten by a list, which
// only declares. It is pure: lists, machines and plan come in as arguments.
// It imports package machine, and discovery for the name that a serial gives.
// Serverdb carries its verdicts out; the API, the command line and the pages
// show them.
package delivery

// Bounds of a list. The largest delivery in sight has 12,000 machines.
const (
	MaxBytes   = 16 << 20
	MaxLines   = 50_000
	maxColumns = 512
	maxNICs    = 32
)

// Line is what one line of a list says of one machine.
type Line struct {
	Number int               // in the file, from 1; in JSON the position of the item
	Cells  map[string]string // by column; what is empty was not said
	Faults []Fault           // of the line itself
}

// Heading is a heading of a list and the column that it was read as; an empty
// column was left out.
type Heading struct {
	Text   string `json:"text"`
	Column string `json:"column,omitempty"`
}

// List is a list that was read.
type List struct {
	Style    Style
	Headings []Heading
	Lines    []Line
}

// LeftOut are the headings that nothing was read from.
func (l *List) LeftOut() (all []string) {
	for _, h := range l.Headings {
		if h.Column == "" {
			all = append(all, h.Text)
		}
	}
	return all
}

// Fault is what is wrong with one field of a line, and the remedy.
type Fault struct {
	Field string `json:"field"`
	Value string `json:"value,omitempty"`
	Why   string `json:"why"`
}

func (f Fault) String() string {
	if f.Value == "" {
		return f.Field + ": " + f.Why
	}
	return f.Field + " \"" + f.Value + "\": " + f.Why
}
