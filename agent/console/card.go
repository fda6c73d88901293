package console

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"rsc.io/qr"
)

// width is what every console has.
const width = 80

// size is that of a screen in characters; a line printer has no rows.
type size struct{ columns, rows int }

const (
	// biggest is the most that a card is enlarged.
	biggest = 4
	// logRoom are the lines of a screen that an enlarged card leaves to the log.
	logRoom = 5
	// textRoom is how wide the text beside a code is at least, and the gap.
	textRoom = 30
)

// card draws a view: the name, and below it the code with the text beside it.
// It is as large as the screen allows, for a screen of many small characters is no
// larger than one of few, and who stands before it is as far away. On the smallest
// screen, of 25 lines, the code of a long address takes the lines of the letters, and
// there is none of an address of more than 106 letters.
func card(v View, s size) []string {
	for scale := biggest; scale > 0; scale-- {
		code := qrCode(v.Page, scale, s.columns-textRoom)
		lines := draw(v, letters(v.Name, s.columns, scale+1), code, s.columns)
		if code != nil && len(lines)+logRoom < s.rows {
			return lines
		}
	}
	code := qrCode(v.Page, 0, s.columns-textRoom)
	lines := draw(v, letters(v.Name, s.columns, 1), code, s.columns)
	for _, less := range [][]string{code, nil} {
		if s.rows > 0 && len(lines) >= s.rows {
			lines = draw(v, []string{v.Name}, less, s.columns)
		}
	}
	return lines
}

// draw puts the parts of a card together.
func draw(v View, name, code []string, columns int) []string {
	lines := append(slices.Clone(name), "")
	beside := columns - 1
	if len(code) > 0 {
		beside -= utf8.RuneCountInString(code[0]) + 2
	}
	text := append(wrap(v.Sentence, beside), "")
	for part := range slices.Chunk([]rune(v.Page), beside) {
		text = append(text, string(part))
	}
	for i := range max(len(code), len(text)) {
		var line string
		if i < len(code) {
			line = code[i] + "  "
		}
		if at := i - max(0, len(code)-len(text))/2; at >= 0 && at < len(text) {
			line += text[at]
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// letters is a banner, enlarged where that fits.
func letters(name string, columns, scale int) []string {
	small := banner(name, columns/scale)
	if len(small) == 1 {
		return banner(name, columns)
	}
	return enlarge(small, scale, scale)
}

// enlarge draws each character as so many beside and below each other.
func enlarge(lines []string, wide, high int) []string {
	var all []string
	for _, line := range lines {
		var b strings.Builder
		for _, r := range line {
			b.WriteString(strings.Repeat(string(r), wide))
		}
		all = append(all, slices.Repeat([]string{b.String()}, high)...)
	}
	return all
}

// wrap breaks a sentence between words.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}

// quietZone is the margin of the code. The standard asks for four modules;
// phones do with two, and the screen has few lines.
const quietZone = 2

// qrCode draws a module as half a character, two to a line, or enlarged as so many
// lines. Consoles are dark, so the light modules are the ones that are drawn.
// There is none that is wider than wide.
func qrCode(text string, scale, wide int) []string {
	if text == "" {
		return nil
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil || (code.Size+2*quietZone)*max(1, 2*scale) > wide {
		return nil // longer than any code holds, or any screen
	}
	light := func(x, y int) bool { return y < code.Size+quietZone && !code.Black(x, y) }
	step := 2
	if scale > 0 {
		step = 1
	}
	var lines []string
	for y := -quietZone; y < code.Size+quietZone; y += step {
		var b strings.Builder
		for x := -quietZone; x < code.Size+quietZone; x++ {
			b.WriteRune([]rune(" ▄▀█")[bit(light(x, y))<<1|bit(light(x, y+step-1))])
		}
		lines = append(lines, b.String())
	}
	if scale > 0 { // characters are twice as high as wide
		return enlarge(lines, 2*scale, scale)
	}
	return lines
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bar draws a line of one bar, its percentage and a label.
func bar(percent int64, label string) string {
	const cells = 40
	full := int(percent) * cells / 100
	return fmt.Sprintf("%s%s %3d %%  %s", strings.Repeat("█", full), strings.Repeat("░", cells-full), percent, label)
}
