package storm

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// each writes what every machine got, for those who ask which ones were slow.
type each struct {
	out    *csv.Writer // nil: nobody wants it
	storms int
}

func newEach(to io.Writer) *each {
	if to == nil {
		return &each{}
	}
	e := &each{out: csv.NewWriter(to)}
	head := []string{"storm", "serial", "mac", "address", "script"}
	for _, name := range stageNames {
		head = append(head, name+" ms", name+" retries")
	}
	_ = e.out.Write(append(head, "failed in", "reason")) // the writer keeps its error for Flush
	return e
}

// write writes the machines of one storm, in their order.
func (e *each) write(courses []course) error {
	if e.storms++; e.out == nil {
		return nil
	}
	for number, c := range courses {
		_ = e.out.Write(e.line(number, &c)) // Error has it
	}
	e.out.Flush()
	if err := e.out.Error(); err != nil {
		return fmt.Errorf("write what each machine got: %w", err)
	}
	return nil
}

func (e *each) line(number int, c *course) []string {
	line := []string{strconv.Itoa(e.storms), serialOf(number), macOf(number).String(), "", c.lease.file}
	if c.lease.address.IsValid() {
		line[3] = c.lease.address.String()
	}
	for stage := range stages {
		line = append(line, fmt.Sprintf("%.1f", float64(c.took[stage])/float64(time.Millisecond)), strconv.Itoa(c.retries[stage]))
	}
	if c.err != nil {
		return append(line, stageNames[c.failed], c.err.Error())
	}
	return append(line, "", "")
}
