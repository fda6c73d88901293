package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Checkup is what a job of ActionCheck works on, and what came of it in short. What
// was measured is kept apart, as a CheckRecord.
type Checkup struct {
	Seconds int      `json:"seconds"` // budget of all tests
	Tests   []string `json:"tests"`
	// Light is what the check set the identify light to; "": it left it alone.
	Light string `json:"light,omitempty"`
	// Ended is when its verdict was kept; zero: there is none.
	Ended    time.Time `json:"ended,omitzero"`
	OK       bool      `json:"ok,omitempty"`
	Sentence string    `json:"sentence,omitempty"` // the verdict
}

func (c *Checkup) clone() *Checkup {
	if c == nil {
		return nil
	}
	d := *c
	d.Tests = slices.Clone(c.Tests)
	return &d
}

// Checked is the last verdict on a machine's hardware. It lasts until its hardware
// changes, or somebody gets it.
type Checked struct {
	Job      string    `json:"job"`
	At       time.Time `json:"at"`
	Seconds  int       `json:"seconds"` // budget
	OK       bool      `json:"ok"`
	Sentence string    `json:"sentence"`
	// Bad are sentences on the parts that keep it back, the first few.
	Bad []string `json:"bad,omitempty"`
}

// Proves tells whether c is a check that passed and took as long as is asked.
func (c *Checked) Proves(asked time.Duration) bool {
	return c != nil && c.OK && time.Duration(c.Seconds)*time.Second >= asked
}

// Evidence names the check, as guards want it.
func (c *Checked) Evidence() string {
	return fmt.Sprintf("check %s passed, %s", c.Job, Span(time.Duration(c.Seconds)*time.Second))
}

// Span spells a duration in its two largest units: "10m", "1h30m".
func Span(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Bounds of the budget of a check.
const (
	CheckLeast = time.Minute
	CheckMost  = 72 * time.Hour
)

// CheckRecord is a check as it is kept: every figure, and what was made of it.
type CheckRecord struct {
	Job     string `json:"job"`
	Machine string `json:"machine"`
	// Like is what its siblings share: the hardware type, or vendor and product
	// where it has none.
	Like     string    `json:"like"`
	At       time.Time `json:"at"`
	Seconds  int       `json:"seconds"`
	Tests    []string  `json:"tests"`
	OK       bool      `json:"ok"`
	Sentence string    `json:"sentence"`
	Findings []Finding `json:"findings"` // the worst first
}

// Figure is one thing that a check measured of one part.
type Figure struct {
	Test   string `json:"test"`
	Metric string `json:"metric"`
	Part   string `json:"part"`            // a disk's serial, a slot, "cpu3", …
	Model  string `json:"model,omitempty"` // of the part; parts of one model are alike
	Unit   string `json:"unit,omitempty"`
	// Value is what is judged, Samples what it was made of, at even intervals over
	// Seconds. Samples are kept apart, and not read with the rest.
	Value   float64   `json:"value"`
	Samples []float64 `json:"-"`
	Seconds float64   `json:"seconds,omitempty"`
	Error   string    `json:"error,omitempty"` // why the part fails whatever its figure
	// Untested tells that the part could not be tested, for the reason in Error.
	Untested bool `json:"untested,omitempty"`
}

// Worth is what a figure tells of its part.
type Worth string

// Worths, the worst first.
const (
	Fails    Worth = "fails"      // by a threshold, or an error of its own
	Odd      Worth = "odd"        // worse than what is like it
	Unjudged Worth = "not-judged" // nothing to hold it against
	Well     Worth = "well"
)

// Bad tells whether a figure keeps its machine back.
func (s Worth) Bad() bool { return s == Fails || s == Odd }

// Finding is a figure with its worth, in a sentence for a technician.
type Finding struct {
	Figure
	Is       Worth  `json:"is"`
	Sentence string `json:"sentence"`
}

// Like is what a machine's siblings share with it.
func (m *Machine) Like() string {
	if m.Type != "" {
		return "type " + m.Type
	}
	return "model " + m.Vendor + " " + m.Product
}

// CheckLimit is a bound that a hardware type sets to a figure.
type CheckLimit struct {
	Test, Metric string
	Least        bool // Bound is the least that is well, else the most
	Bound        float64
}

// ParseCheckLimit reads a bound as people write it: "disk-read.rate>=400".
func ParseCheckLimit(text string) (l CheckLimit, err error) {
	what, bound, least := strings.Cut(text, ">=")
	if l.Least = least; !least {
		what, bound, _ = strings.Cut(text, "<=")
	}
	l.Test, l.Metric, _ = strings.Cut(strings.TrimSpace(what), ".")
	l.Bound, err = strconv.ParseFloat(strings.TrimSpace(bound), 64)
	if err != nil || l.Test == "" || l.Metric == "" || !(l.Bound >= 0 && l.Bound < 1e15) {
		return l, fmt.Errorf("%.80q is no bound: want test.metric>=number or test.metric<=number, such as disk-read.rate>=400", text)
	}
	return l, nil
}

// Holds tells whether a value is within the bound.
func (l CheckLimit) Holds(value float64) bool {
	if l.Least {
		return value >= l.Bound
	}
	return value <= l.Bound
}
