package script

import (
	"fmt"
	"net/url"
	"strings"
)

const (
	// maxWord bounds a single value; serials and URLs are far shorter.
	maxWord = 255
	// maxArgs bounds the kernel's command line: x86 cuts it at 2,048 bytes
	// (COMMAND_LINE_SIZE), silently, and the template adds two words of its own.
	maxArgs = 1900
	// maxReason keeps a reason to two lines of an 80-column console.
	maxReason = 150
)

// plainMarks are the marks that mean nothing to iPXE anywhere in a word. Left
// out are white space, which ends a word; $, which begins a setting; #, which
// begins a comment; | and ;, which with && stand between commands
// (src/core/exec.c); and quotes and backslashes, which iPXE takes literally but
// people and kernels do not.
const plainMarks = "._:/=,@%+~?&-[]"

// quote makes a plain word, or a sentence of plain words, one word of GRUB's
// language: in single quotes nothing but their end means anything.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte(plainMarks, c) >= 0
}

// checkWord refuses a value that is not one plain word of iPXE's language.
func checkWord(field, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("%s is empty: give one plain word", field)
	case len(value) > maxWord:
		return fmt.Errorf("%s %.20q… has %d bytes: give at most %d", field, value, len(value), maxWord)
	case value[0] == '-':
		return fmt.Errorf("%s %q begins with a hyphen, which iPXE takes for an option: give a plain word", field, value)
	case strings.Contains(value, "&&"):
		return fmt.Errorf("%s %q contains &&, which iPXE takes for the end of a command: give a plain word", field, value)
	}
	for i := range len(value) {
		if !isPlain(value[i]) {
			return fmt.Errorf("%s %q has %q at byte %d: use letters, digits and %s only",
				field, value, value[i], i, plainMarks)
		}
	}
	return nil
}

// checkBase accepts the URL that paths are appended to.
func checkBase(base string) error {
	if err := checkWord("base", base); err != nil {
		return err
	}
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("base %q is no URL: %w", base, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != base {
		return fmt.Errorf("base %q: give http:// or https://, a host and nothing after it", base)
	}
	return nil
}

func checkArgs(args []string) error {
	total := 0
	for i, arg := range args {
		if err := checkWord(fmt.Sprintf("kernel argument %d", i+1), arg); err != nil {
			return err
		}
		total += 1 + len(arg)
	}
	if total > maxArgs {
		return fmt.Errorf("kernel arguments have %d bytes together: give at most %d, the kernel cuts off the rest", total, maxArgs)
	}
	return nil
}

// plain turns a sentence into plain words for the console. It does not refuse:
// a reason quotes what machines and people wrote (a disk's label, a note), and
// no machine should miss its boot for a comma.
func plain(sentence string) string {
	var words []string
	for word := range strings.FieldsSeq(strings.ReplaceAll(sentence, ";", ",")) {
		words = append(words, plainWord(word))
	}
	text := strings.Join(words, " ")
	if len(text) > maxReason {
		text = text[:maxReason-3] + "..."
	}
	return text
}

func plainWord(word string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && (isPlain(byte(r)) || strings.ContainsRune("'()!", r)) {
			return r
		}
		return '?'
	}, word)
	return strings.ReplaceAll(clean, "&&", "??")
}
