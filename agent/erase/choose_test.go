package erase

import (
	"strings"
	"testing"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

func TestChoose(t *testing.T) {
	all := Can{SanitizeCrypto: true, SanitizeBlock: true, SanitizeWrite: true, Format: true, FormatCrypto: true}
	alone := all
	alone.Others = "another namespace"
	bound := alone
	bound.FormatsAll = true
	security := passthrough.Security{Supported: true, EnhancedToo: true}
	with := func(change func(*passthrough.Security)) Can {
		s := security
		change(&s)
		return Can{Security: s}
	}
	for _, test := range []struct {
		name         string
		can          Can
		weakest      string
		ways, barred string
	}{
		{"a disk of a virtual machine", Can{}, "", "overwrite discard", ""},
		{"all of NVMe", all, "", "sanitize-crypto sanitize-block sanitize-overwrite format-crypto format overwrite discard", ""},
		{"other namespaces", alone, "", "format-crypto format overwrite discard", "sanitize-crypto sanitize-block sanitize-overwrite"},
		{"other namespaces, which a format erases as well", bound, "", "overwrite discard", "sanitize-crypto sanitize-block sanitize-overwrite format-crypto format"},
		{"a format without crypto", Can{Format: true}, report.EraseFormat, "format", ""},
		{"SATA", Can{Security: security}, "", "ata-enhanced ata overwrite discard", ""},
		{"SATA without the enhanced mode", Can{Security: passthrough.Security{Supported: true}}, report.EraseATA, "ata", ""},
		{"frozen", with(func(s *passthrough.Security) { s.Frozen = true }), "", "overwrite discard", "ata-enhanced ata"},
		{"frozen, and overwriting is not enough", with(func(s *passthrough.Security) { s.Frozen = true }), report.EraseATA, "", "ata-enhanced ata"},
		{"locked", with(func(s *passthrough.Security) { s.Locked, s.Enabled = true, true }), "", "ata-enhanced ata", "overwrite discard"},
		{"hidden sectors", Can{Hidden: 7}, "", "", "overwrite discard"},
		{"nothing as strong", Can{}, report.EraseSanitizeWrite, "", ""},
		{"no discard", Can{}, report.EraseOverwrite, "overwrite", ""},
	} {
		ways, barred := Choose(test.can, test.weakest)
		var names []string
		for _, b := range barred {
			if names = append(names, b.Method); b.Error == "" {
				t.Errorf("%s: %s is barred without a word", test.name, b.Method)
			}
		}
		if got := strings.Join(ways, " "); got != test.ways || strings.Join(names, " ") != test.barred {
			t.Errorf("%s: Choose = %q, barred %q; want %q and %q", test.name, got, names, test.ways, test.barred)
		}
	}
}
