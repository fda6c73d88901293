package tftp

import (
	"io/fs"
	"strings"
	"testing"
)

func FuzzName(f *testing.F) {
	for _, seed := range []string{
		"snponly.efi", "/grub/x86_64-efi/command.lst", "../etc/passwd", "a/./b", `\boot\bcd`, "snponly.efi\xff\x00",
		"", "/", "//", ".", "a//b", "%2e%2e/x", strings.Repeat("a/", 130), "naïve", "a b", "-r", "C:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := cleanName(raw)
		if err != nil {
			if name != "" {
				t.Errorf("cleanName(%q) = %q with an error", raw, name)
			}
			return
		}
		if !fs.ValidPath(name) || name == "." || len(name) > longestName || strings.ContainsAny(name, "\\\x00\r\n ") || strings.Contains(name, "..") && !validDots(name) {
			t.Errorf("cleanName(%q) = %q", raw, name)
		}
	})
}

func validDots(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "." {
			return false
		}
	}
	return true
}
