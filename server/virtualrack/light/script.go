package light

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// outcome is where a script leads.
type outcome struct {
	chain     string // the next script, or
	kernel    string // a system: kernel, initramfs with overlays, and command line, or
	initramfs []string
	cmdline   string
	disk      bool          // the machine's own disk
	pause     time.Duration // before that
}

var errScript = errors.New("the script leads nowhere")

// interpret reads a script as far as a machine follows it when every command
// succeeds: the commands after || are for failures and are passed over. Settings
// have the values that iPXE gives them on this machine.
func interpret(script string, settings map[string]string) (outcome, error) {
	var o outcome
	for line := range strings.Lines(expand(script, settings)) {
		line, _, _ = strings.Cut(line, "||")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "chain":
			o.chain = words[len(words)-1]
			return o, nil
		case "sleep":
			seconds, _ := strconv.Atoi(words[len(words)-1])
			o.pause += time.Duration(seconds) * time.Second
		case "kernel":
			o.kernel, o.cmdline = located(words[1:])
		case "initrd":
			address, _ := located(words[1:])
			o.initramfs = append(o.initramfs, address)
		case "boot":
			return o, nil
		case "sanboot", "exit":
			o.disk = true
			return o, nil
		}
	}
	return o, errScript
}

// Follow tells to which script another one leads this machine; to none, "", where
// it loads a system or starts the disk.
func (s *Spec) Follow(script string) (next string, err error) {
	o, err := interpret(script, s.settings())
	return o.chain, err
}

// located gives the address among a command's words, and what stands after it.
func located(words []string) (address, rest string) {
	for i, w := range words {
		if strings.Contains(w, "://") {
			return w, strings.Join(words[i+1:], " ")
		}
	}
	return "", ""
}

// expand puts the settings' values in: those that the machine has not are empty,
// as they are for iPXE.
func expand(script string, settings map[string]string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(script, "${")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, rest, _ := strings.Cut(after, "}")
		out.WriteString(settings[name])
		script = rest
	}
}

// settings are those of the machine as it shows itself.
func (m *Machine) settings() map[string]string {
	all := m.spec.settings()
	if m.has(BorrowedName) {
		other := m.spec.MAC
		other[0] |= 0x04 // of nobody
		all["netX/mac:hexhyp"] = strings.ReplaceAll(other.String(), ":", "-")
	}
	return all
}

// settings are what scripts ask of a machine.
func (s *Spec) settings() map[string]string {
	platform := map[bool]string{false: "pcbios", true: "efi"}[s.UEFI]
	return map[string]string{
		"netX/mac:hexhyp":  strings.ReplaceAll(s.MAC.String(), ":", "-"),
		"uuid":             s.UUID,
		"serial:uristring": url.QueryEscape(s.Serial),
		"platform":         platform,
		"buildarch":        s.buildarch(),
		"netX/busid":       "01:1a:f4:10:00", // virtio's
	}
}
