package initramfs

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"
)

// modinfo is what a module says about itself.
type modinfo struct {
	depends []string // modules it takes symbols from
	before  []string // modules or aliases it wants loaded before (softdep pre)
	aliases []string // patterns of the devices it drives

	firmware []string // files that it may ask for, below /lib/firmware
}

// parseModinfo reads the .modinfo section of a module: key=value strings, each
// ended by NUL (include/linux/module.h).
func parseModinfo(module []byte) (modinfo, error) {
	file, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return modinfo{}, fmt.Errorf("parse module: %w", err)
	}
	section := file.Section(".modinfo")
	if section == nil {
		return modinfo{}, fmt.Errorf("parse module: it has no .modinfo section")
	}
	data, err := section.Data()
	if err != nil {
		return modinfo{}, fmt.Errorf("parse module: read .modinfo: %w", err)
	}
	var info modinfo
	for entry := range strings.SplitSeq(string(data), "\x00") {
		key, value, _ := strings.Cut(entry, "=")
		info.add(key, value)
	}
	return info, nil
}

func (m *modinfo) add(key, value string) {
	switch key {
	case "depends":
		for name := range strings.SplitSeq(value, ",") {
			if name != "" {
				m.depends = append(m.depends, strings.ReplaceAll(name, "-", "_"))
			}
		}
	case "firmware":
		m.firmware = append(m.firmware, value)
	case "softdep":
		m.before = append(m.before, softdepBefore(value)...)
	case "alias":
		// One alias per line and three words per line are what modules.alias can
		// hold; no module of Debian's breaks this.
		if value != "" && !strings.ContainsAny(value, " \t\n") {
			m.aliases = append(m.aliases, value)
		}
	}
}

// softdepBefore takes the "pre:" part of "pre: a b post: c" (modprobe.d(5)).
func softdepBefore(value string) []string {
	var names []string
	before := false
	for word := range strings.FieldsSeq(value) {
		switch word {
		case "pre:":
			before = true
		case "post:":
			before = false
		default:
			if before {
				names = append(names, strings.ReplaceAll(word, "-", "_"))
			}
		}
	}
	return names
}
