package script

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// command is one command as iPXE sees it: its name, how many words follow and
// what separates it from the next.
type command struct {
	name  string
	words int
	then  string
}

// commands splits a script as iPXE's exec.c and script.c do: by lines, then by
// white space, up to a word that begins with #, at the words ||, && and ;. It
// also counts the settings that would be expanded.
func commands(script string) (list []command, settings int) {
	for line := range strings.SplitSeq(script, "\n") {
		current := command{}
		for i, word := range strings.Fields(line) {
			if word[0] == '#' {
				break
			}
			settings += strings.Count(word, "${")
			switch {
			case word == "||" || word == "&&" || word == ";":
				current.then = word
				list = append(list, current)
				current = command{}
			case i == 0 || current.name == "":
				current.name = word
			default:
				current.words++
			}
		}
		if current.name == "echo" {
			current.words = 0 // a sentence has any number of words
		}
		list = append(list, current)
	}
	return list, settings
}

func rendered(t *testing.T, write func(io.Writer) error) (string, bool) {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		if out.Len() > 0 {
			t.Errorf("wrote %q beside the error %v, want nothing", out.String(), err)
		}
		return "", false
	}
	return out.String(), true
}

func sameCommands(t *testing.T, benign, hostile string) {
	t.Helper()
	want, wantSettings := commands(benign)
	got, gotSettings := commands(hostile)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(command{})); diff != "" {
		t.Errorf("the values changed the commands (-want +got):\n%s\nscript:\n%s", diff, hostile)
	}
	if gotSettings != wantSettings {
		t.Errorf("the script expands %d settings, want %d:\n%s", gotSettings, wantSettings, hostile)
	}
}

func FuzzValuesNeverChangeTheCommands(f *testing.F) {
	for _, seed := range []string{
		"web7", "52:54:00:12:34:56", "console=ttyS0,115200", "a b", "a\nshell", "a||shell", "a && shell", "&&", "||", ";",
		"#", "#!ipxe", "${uuid}", "$", "{", "--x", "-", ":local", "\x00", "\u2028", "\x85", "http://h", "http://h/\nshell", "a\vb", "a\fb",
	} {
		f.Add(seed, seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, url, machine, reason, arg string) {
		pairs := []struct{ benign, hostile func(io.Writer) error }{
			{
				func(w io.Writer) error {
					return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: "web7", Reason: "why", Args: []string{"quiet"}})
				},
				func(w io.Writer) error {
					return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: url, Machine: machine, Reason: reason, Args: []string{arg}})
				},
			},
			{
				func(w io.Writer) error { return Disk(w, IPXE, DiskValues{Machine: "web7", Reason: "why"}) },
				func(w io.Writer) error { return Disk(w, IPXE, DiskValues{Machine: machine, Reason: reason}) },
			},
			{
				func(w io.Writer) error { return Wait(w, IPXE, WaitValues{Base: base, Machine: "web7", Reason: "why"}) },
				func(w io.Writer) error { return Wait(w, IPXE, WaitValues{Base: url, Machine: machine, Reason: reason}) },
			},
			{
				func(w io.Writer) error { return Entry(w, IPXE, EntryValues{Base: base}) },
				func(w io.Writer) error { return Entry(w, IPXE, EntryValues{Base: url}) },
			},
		}
		for _, pair := range pairs {
			benign, ok := rendered(t, pair.benign)
			if !ok {
				t.Fatal("the benign script was refused")
			}
			if hostile, ok := rendered(t, pair.hostile); ok {
				sameCommands(t, benign, hostile)
			}
		}
		// Refused base URLs must not hide the other values from the fuzzer.
		if hostile, ok := rendered(t, func(w io.Writer) error {
			return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: machine, Reason: reason, Args: []string{arg}})
		}); ok {
			benign, _ := rendered(t, pairs[0].benign)
			sameCommands(t, benign, hostile)
		}
	})
}

// unquoted is what a GRUB script has outside of single quotes: the commands, and
// a pair of quotes for each word between them.
func unquoted(script string) string {
	var out strings.Builder
	inside := false
	script = strings.ReplaceAll(script, `'\''`, "")
	for _, c := range script {
		if c == '\'' {
			inside = !inside
		}
		if !inside {
			out.WriteRune(c)
		}
	}
	return out.String()
}

func FuzzValuesNeverLeaveGRUBsQuotes(f *testing.F) {
	for _, seed := range []string{
		"web7", "a b", "a\nreboot", "a;reboot", "it's", "'", `'\''`, `\'`, `\`, "$root", "${root}", "`x`", `"`, "#", "}", "{", "\x00", "|", "&", "*",
	} {
		f.Add(seed, seed, seed, seed)
	}
	benign := func(w io.Writer) error {
		return Agent(w, GRUB, AgentValues{Architecture: "amd64", Base: base, Machine: "web7", Reason: "why", Args: []string{"quiet"}})
	}
	f.Fuzz(func(t *testing.T, url, machine, reason, arg string) {
		want, _ := rendered(t, benign)
		for _, from := range []string{url, base} {
			got, ok := rendered(t, func(w io.Writer) error {
				return Agent(w, GRUB, AgentValues{Architecture: "amd64", Base: from, Machine: machine, Reason: reason, Args: []string{arg}})
			})
			if ok && unquoted(got) != unquoted(want) {
				t.Errorf("the values changed the commands: %q", got)
			}
		}
		refused, _ := rendered(t, func(w io.Writer) error { return Refused(w, RefusedValues{Reason: reason}) })
		if want, _ := rendered(t, func(w io.Writer) error { return Refused(w, RefusedValues{Reason: "why"}) }); unquoted(refused) != unquoted(want) {
			t.Errorf("the reason changed the commands: %q", refused)
		}
	})
}
