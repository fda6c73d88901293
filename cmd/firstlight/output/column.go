package output

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Column is one column of a list. The first column of a list names its rows.
type Column[T any] struct {
	Name  string      // of the field, in CSV, such as "created_at"
	Head  string      // over a table; empty: the name in capitals
	Wide  bool        // a table has it only when it is wide
	Value func(T) any // string, Word, number, Size, Duration, time.Time, Moment, Age, or nil for nothing
}

func (c Column[T]) head() string {
	if c.Head != "" {
		return c.Head
	}
	return strings.ToUpper(strings.ReplaceAll(c.Name, "_", " "))
}

// Kinds of values that people and programs read differently.
type (
	// Size is a number of bytes, which people read as "28.5 MB".
	Size uint64
	// Duration is a time that passed; programs read seconds.
	Duration time.Duration
	// Age is a moment that people read as how long ago it was: "40m".
	Age time.Time
	// Moment is a time of which milliseconds matter.
	Moment time.Time
	// Word is a text in the colour of its meaning.
	Word struct {
		Text string
		Tone Tone
	}
)

// cell is a value as a table shows it.
type cell struct {
	text  string
	tone  Tone
	right bool // numbers stand at the right, so that their digits do
}

// shown is how people read a value.
func shown(value any, now time.Time) cell {
	switch v := value.(type) {
	case nil:
		return cell{}
	case string:
		return cell{text: Plain(v)}
	case Word:
		return cell{text: Plain(v.Text), tone: v.Tone}
	case Size:
		return cell{text: v.String(), right: true}
	case Duration:
		return cell{text: v.String(), right: true}
	case Age:
		return cell{text: AgeText(now, time.Time(v))}
	case time.Time:
		return cell{text: Clock(v)}
	case Moment:
		return cell{text: time.Time(v).Local().Format("2006-01-02 15:04:05.000")}
	}
	return cell{text: Plain(fmt.Sprint(value)), right: true}
}

// data is how programs read a value. Of text, isText tells whether somebody
// wrote it.
func data(value any) (text string, isText bool) {
	switch v := value.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case Word:
		return v.Text, true
	case Size:
		return strconv.FormatUint(uint64(v), 10), false
	case Duration:
		return strconv.FormatFloat(time.Duration(v).Seconds(), 'f', -1, 64), false
	case Age:
		return stamp(time.Time(v)), false
	case Moment:
		return stamp(time.Time(v)), false
	case time.Time:
		return stamp(v), false
	}
	return fmt.Sprint(value), false
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
