package bundle

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const clock = "2006-01-02 15:04:05.000"

// readme says first what was wrong, for whoever opens the bundle to help.
func (b *Bundle) readme() ([]byte, error) {
	wrong, err := b.Wrong()
	if err != nil {
		return nil, err
	}
	var t bytes.Buffer
	fmt.Fprintf(&t, "%s, as Firstlight %s saw it from %s to %s (UTC)\n\n", b.About, b.Version, b.Since.UTC().Format(clock), b.At.UTC().Format(clock))
	if b.Machine == nil {
		fmt.Fprintf(&t, "No machine of the appliance has the interface %s.\n", b.MAC)
	} else {
		fmt.Fprintf(&t, "Status: %s. It boots through %s.\n", b.Machine.Status, b.MAC)
	}
	for _, f := range wrong {
		fmt.Fprintf(&t, "Wrong: %s (%s)\n  Next: %s\n", plain(f.Sentence), f.Fault, plain(f.Next))
	}
	if len(wrong) == 0 {
		t.WriteString("Nothing was found wrong with its boot.\n")
	}
	t.WriteString(`
timeline.txt      what happened to it              packets.txt   what it sent and was sent by DHCP
boot.json         what it would boot now, what is wrong, how long each stage took, and its last boots
decisions.json    what it was answered, and on what that rested
machine.json, history.json, timeline.json          its record and journal, for programs
subnets.json, options.json, rules.json             how the appliance was set up for it
packets.pcap      for Wireshark and tcpdump
manifest.json     size and SHA-256 of every file

Left out: passwords, tokens, keys and the machine's parameters for configuration management.

To play the boot again against an appliance of your own:

  virtualrack replay THIS-FILE.zip
`)
	return t.Bytes(), nil
}

// plain keeps what machines say of themselves on its line.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

func (b *Bundle) timeline() []byte {
	var t bytes.Buffer
	for _, e := range b.Events {
		fmt.Fprintf(&t, "%s  %-7s %s", e.At.UTC().Format(clock), e.Source, plain(e.Text))
		if e.Bytes > 0 {
			fmt.Fprintf(&t, ", %d bytes", e.Bytes)
		}
		if e.Duration > 0 {
			fmt.Fprintf(&t, " in %s", e.Duration.Round(time.Millisecond))
		}
		if e.Count > 1 {
			fmt.Fprintf(&t, ", %d times until %s", e.Count, e.LastAt.UTC().Format(clock))
		}
		t.WriteByte('\n')
	}
	return t.Bytes()
}

func (b *Bundle) packets() []byte {
	var t bytes.Buffer
	for _, p := range b.Packets {
		fmt.Fprintf(&t, "%s  %s → %s  %s\n", p.At.UTC().Format(clock), p.From, p.To, plain(p.Text))
	}
	return t.Bytes()
}
