package dhcp

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What QUIRKS.md and REQUIREMENTS.md say is as good as the tests that they name.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	tests := sources(t, "*_test.go") + sources(t, "../tftp/*_test.go") + sources(t, "../lease/*_test.go") + sources(t, "../serverdb/*_test.go") + sources(t, "../machine/*_test.go") + sources(t, "../*_test.go")
	for _, file := range []string{"QUIRKS.md", "REQUIREMENTS.md"} {
		names := regexp.MustCompile("`((?:Test|Fuzz)\\w+)").FindAllStringSubmatch(sources(t, file), -1)
		if len(names) < 10 {
			t.Errorf("%s names %d tests, want many", file, len(names))
		}
		for _, name := range names {
			if !strings.Contains(tests, "func "+name[1]+"(") {
				t.Errorf("%s names the test %s, which does not exist", file, name[1])
			}
		}
	}
}

func TestQuirksInCommentsAreInTheList(t *testing.T) {
	list := sources(t, "QUIRKS.md")
	for _, name := range regexp.MustCompile(`QUIRKS:? ([a-z]+-[a-z0-9-]*[a-z0-9])`).FindAllStringSubmatch(sources(t, "*.go"), -1) {
		if !strings.Contains(list, "| "+name[1]+" |") {
			t.Errorf("a comment names the quirk %s, which QUIRKS.md does not have", name[1])
		}
	}
}

// sources gives the text of all files of a pattern.
func sources(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
