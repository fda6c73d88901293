package dhcp6

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What REQUIREMENTS.md says is as good as the tests that it names.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	text, err := os.ReadFile("REQUIREMENTS.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(b)
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)\\w+)").FindAllStringSubmatch(string(text), -1)
	if len(names) < 10 {
		t.Errorf("REQUIREMENTS.md names %d tests, want many", len(names))
	}
	for _, name := range names {
		if !strings.Contains(tests.String(), "func "+name[1]+"(") {
			t.Errorf("REQUIREMENTS.md names the test %s, which does not exist", name[1])
		}
	}
}
