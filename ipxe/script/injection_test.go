package script

import (
	"io"
	"strings"
	"testing"
)

// payloads are what people who mean harm put into a value.
func payloads() []string {
	all := []string{
		"", "\x00", "\u2028", "\u0085", "\ufeff", "%0a", "%00", "%0d%0ashell", "é", "\xff\xfe", "-", "--", "--x", ":label", "http://evil", strings.Repeat("x", 10<<10),
		"${net0/mac}", "${next-server}", "$", "${", "}", "${${x}}", "$(id)", "`id`", "\\n", "\\", "\"", "'", "<b>", "*", "../../x", "a=b", "a b", "a\tb", "#", "a#b", "#!ipxe",
	}
	for _, between := range []string{"\n", "\r", "\r\n", "\v", "\f", " || ", " && ", " ; ", "||", "&&", ";", " # \n"} {
		for _, command := range []string{"shell", "chain http://evil/x", "#!ipxe\nexit"} {
			all = append(all, "web7"+between+command)
		}
	}
	return all
}

// I-02: whatever stands in whichever value, the script has the commands that it
// has with a harmless one, or there is none.
func TestNoValueBecomesACommand(t *testing.T) {
	fields := []struct {
		name string
		with func(io.Writer, string) error
	}{
		{"base of agent", func(w io.Writer, v string) error {
			return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: v, Machine: "web7", Reason: "why"})
		}},
		{"machine of agent", func(w io.Writer, v string) error {
			return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: v, Reason: "why"})
		}},
		{"reason of agent", func(w io.Writer, v string) error {
			return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: "web7", Reason: v})
		}},
		{"argument of agent", func(w io.Writer, v string) error {
			return Agent(w, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: "web7", Reason: "why", Args: []string{"quiet", v}})
		}},
		{"machine of disk", func(w io.Writer, v string) error { return Disk(w, IPXE, DiskValues{Machine: v, Reason: "why"}) }},
		{"reason of disk", func(w io.Writer, v string) error { return Disk(w, IPXE, DiskValues{Machine: "web7", Reason: v}) }},
		{"base of wait", func(w io.Writer, v string) error {
			return Wait(w, IPXE, WaitValues{Base: v, Machine: "web7", Reason: "why"})
		}},
		{"machine of wait", func(w io.Writer, v string) error {
			return Wait(w, IPXE, WaitValues{Base: base, Machine: v, Reason: "why"})
		}},
		{"reason of wait", func(w io.Writer, v string) error {
			return Wait(w, IPXE, WaitValues{Base: base, Machine: "web7", Reason: v})
		}},
		{"base of entry", func(w io.Writer, v string) error { return Entry(w, IPXE, EntryValues{Base: v}) }},
	}
	if n := len(payloads()); n < 60 {
		t.Errorf("%d payloads, want 60", n)
	}
	for _, f := range fields {
		harmless := "web7"
		if strings.HasPrefix(f.name, "base") {
			harmless = base
		}
		benign, ok := rendered(t, func(w io.Writer) error { return f.with(w, harmless) })
		if !ok {
			t.Fatalf("%s: the harmless value was refused", f.name)
		}
		for _, p := range payloads() {
			if hostile, ok := rendered(t, func(w io.Writer) error { return f.with(w, p) }); ok {
				sameCommands(t, benign, hostile)
			}
		}
	}
}
