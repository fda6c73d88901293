package console

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"rsc.io/qr"
)

// width is what every console has.
const width = 80

// card draws a view: the name, and below it the code with the text beside it.
// With a name of up to ten letters and a page's usual address it takes 24
// lines, one less than the smallest screen.
func card(v View) []string {
	lines := append(banner(v.Name), "")
	code := qrCode(v.Page)
	beside := width - 1
	if len(code) > 0 {
		beside -= utf8.RuneCountInString(code[0]) + 2
	}
	text := append(wrap(v.Sentence, beside), "", v.Page)
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

// qrCode draws with half blocks, two modules to a line. Consoles are dark, so
// the light modules are the ones that are drawn.
func qrCode(text string) []string {
	if text == "" {
		return nil
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil { // longer than any code holds
		return nil
	}
	light := func(x, y int) bool { return y < code.Size+quietZone && !code.Black(x, y) }
	var lines []string
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		var b strings.Builder
		for x := -quietZone; x < code.Size+quietZone; x++ {
			b.WriteRune([]rune(" ▄▀█")[bit(light(x, y))<<1|bit(light(x, y+1))])
		}
		lines = append(lines, b.String())
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
