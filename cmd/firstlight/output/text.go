package output

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Plain makes a stranger's words harmless on a terminal: what is not printed
// is shown as its escape.
func Plain(text string) string {
	if strings.IndexFunc(text, hostile) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hostile(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hostile(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }

// AgeText is how long ago something was, in its largest unit.
func AgeText(now, at time.Time) string {
	d := now.Sub(at)
	switch {
	case at.IsZero():
		return ""
	case d < time.Minute:
		return strconv.Itoa(max(0, int(d.Seconds()))) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// Clock writes a time in the zone of the person who reads it.
func Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// String writes a size as people say it.
func (n Size) String() string {
	const units = "kMGTPE"
	if n < 1000 {
		return strconv.FormatUint(uint64(n), 10) + " B"
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.95 && unit < len(units)-1 {
		f, unit = f/1000, unit+1
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[unit:unit+1] + "B"
}

// String leaves out what nobody reads.
func (d Duration) String() string {
	took := time.Duration(d)
	switch {
	case took <= 0:
		return ""
	case took < time.Second:
		return took.Round(time.Millisecond).String()
	case took < time.Minute:
		return took.Round(100 * time.Millisecond).String()
	}
	return took.Round(time.Second).String()
}
