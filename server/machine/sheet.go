package machine

// SheetLine is a line of the sheet that a technician takes to a rack: a machine
// with the units that it fills, or units in which nothing stands.
type SheetLine struct {
	Top, Unit int // highest and lowest; 0: nobody said
	Machine   *Machine
}

// Sheet lists what stands in the rack from the top down, each machine once, and
// last those whose unit nobody said. Units that are free on both faces are one
// line as long as they are neighbours.
func (e Elevation) Sheet() (lines []SheetLine) {
	for _, row := range e.Rows {
		last := len(lines) - 1
		switch {
		case row.Front == nil && row.Rear == nil && last >= 0 && lines[last].Machine == nil && lines[last].Unit == row.Unit+1:
			lines[last].Unit = row.Unit
		case row.Front == nil && row.Rear == nil:
			lines = append(lines, SheetLine{Top: row.Unit, Unit: row.Unit})
		default:
			lines = append(lines, tops(row)...)
		}
	}
	for _, m := range e.Unplaced {
		lines = append(lines, SheetLine{Machine: m})
	}
	return lines
}

// tops are the machines of which a row has the highest unit.
func tops(row RackRow) (lines []SheetLine) {
	for i, m := range []*Machine{row.Front, row.Rear} {
		if m != nil && m.Top(row.Unit) && (i != 1 || m != row.Front) {
			lines = append(lines, SheetLine{Top: row.Unit, Unit: m.Unit, Machine: m})
		}
	}
	return lines
}
