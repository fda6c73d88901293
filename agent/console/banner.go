package console

import "strings"

// font is three pixels wide and five high, a row of each letter after another.
var font = map[rune]string{
	'A': " # # ##### ## #", 'B': "## # ### # ### ", 'C': " ###  #  #   ##", 'D': "## # ## ## ### ",
	'E': "####  ## #  ###", 'F': "####  ## #  #  ", 'G': " ###  # ## # ##", 'H': "# ## ##### ## #",
	'I': "### #  #  # ###", 'J': "  #  #  ## # # ", 'K': "# ## ### # ## #", 'L': "#  #  #  #  ###",
	'M': "# ######## ## #", 'N': "#### ## ## ## #", 'O': " # # ## ## # # ", 'P': "## # ### #  #  ",
	'Q': " # # ## # #   #", 'R': "## # ### # ## #", 'S': " ###   #   ### ", 'T': "### #  #  #  # ",
	'U': "# ## ## ## ####", 'V': "# ## ## ## # # ", 'W': "# ## ######## #", 'X': "# ## # # # ## #",
	'Y': "# ## # #  #  # ", 'Z': "###  # # #  ###",
	'0': "#### ## ## ####", '1': " # ##  #  # ###", '2': "##   # # #  ###", '3': "###  # ##  ####",
	'4': "# ## ####  #  #", '5': "####  ##   ### ", '6': " ###  #### ####", '7': "###  #  # #  # ",
	'8': "#### ##### ####", '9': "#### ####  ### ", '-': "      ###      ", '_': "            ###",
	'.': "             # ", ':': "    #     #    ", ' ': "               ",
}

// banner draws a name five lines high: in pixels of two columns where that
// fits, of one where only that does, and as plain text otherwise. Letters are
// drawn alike in both cases, and what has no letter is left out.
func banner(name string, columns int) []string {
	var letters []string
	for _, r := range strings.ToUpper(name) {
		if rows, ok := font[r]; ok {
			letters = append(letters, rows)
		}
	}
	pixel := 2
	if len(letters)*4*pixel > columns {
		pixel = 1
	}
	if len(letters)*4*pixel > columns || len(letters) == 0 {
		return []string{name}
	}
	lines := make([]string, 5)
	for row := range lines {
		var b strings.Builder
		for _, rows := range letters {
			b.WriteString(rows[row*3:row*3+3] + " ")
		}
		line := strings.ReplaceAll(b.String(), "#", strings.Repeat("█", pixel))
		lines[row] = strings.TrimRight(strings.ReplaceAll(line, " ", strings.Repeat(" ", pixel)), " ")
	}
	return lines
}
