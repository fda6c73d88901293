package server_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// testRules are rules for a tree of four packages.
var testRules = rules{
	top:        []string{"server", "cmd", "agent", "go.mod"},
	badNames:   []string{"utils"},
	impureStd:  []string{"os"},
	impureTime: []string{"Now"},
	oneDoor:    map[string]door{"example.org/heavy": {in: []string{"cmd/"}, why: "heavy has one door"}},
	mayImport: map[string]row{
		"server/machine": {pure: true, why: "words know nothing"},
		"server/dhcp":    {ours: []string{"server/machine"}, why: "adapters know words"},
		"cmd/firstlight": {ours: []string{"server/dhcp"}, why: "commands know servers"},
		"agent":          {why: "the agent knows no server"},
	},
}

// goodTree breaks no rule.
func goodTree() fstest.MapFS {
	return fstest.MapFS{
		"agent/agent.go":               {Data: []byte("// Package agent reports.\npackage agent\n")},
		"go.mod":                       {},
		".golangci.yml":                {},
		"bin/junk.go":                  {Data: []byte("not Go at all")},
		"server/machine/machine.go":    {Data: []byte("// Package machine is a word.\npackage machine\n\nimport \"time\"\n\ntype T time.Time\n")},
		"server/machine/m_test.go":     {Data: []byte("package machine\n\nimport \"os\"\n\nvar _ = os.Exit\n")},
		"server/machine/testdata/a.go": {Data: []byte("not Go either")},
		"server/dhcp/dhcp.go":          {Data: []byte("// Package dhcp serves.\npackage dhcp\n\nimport _ \"firstlight/server/machine\"\n")},
		"cmd/firstlight/main.go":       {Data: []byte("// Command firstlight serves.\npackage main\n\nimport (\n\t\"os\"\n\n\t_ \"example.org/heavy/v2\"\n\t_ \"firstlight/server/dhcp\"\n)\n\nfunc main() { os.Exit(1) }\n")},
	}
}

func TestCheckerAcceptsGoodTree(t *testing.T) {
	if got := problemsOf(t, goodTree()); len(got) != 0 {
		t.Errorf("problems(good tree) = %q, want none", got)
	}
}

func TestCheckerNamesEveryBrokenRule(t *testing.T) {
	tests := map[string]struct {
		path, text string
		want       string
	}{
		"a stranger at the top level": {
			"docs/a.md", "", "docs stands at the top level, which holds server cmd agent go.mod and nothing else",
		},
		"a package nobody described": {
			"server/tftp/tftp.go", "// Package tftp.\npackage tftp", "package server/tftp has no row",
		},
		"an import against the layers": {
			"server/machine/up.go", "package machine\nimport _ \"firstlight/server/dhcp\"",
			"server/machine/up.go imports server/dhcp: words know nothing",
		},
		"a heavy dependency through another door": {
			"server/dhcp/heavy.go", "package dhcp\nimport _ \"example.org/heavy\"",
			"server/dhcp/heavy.go imports example.org/heavy, which only [cmd/] may: heavy has one door",
		},
		"a decision that reads files": {
			"server/machine/io.go", "package machine\nimport _ \"os\"", "server/machine/io.go imports os, which is I/O",
		},
		"a decision that reads the clock under another name": {
			"server/machine/now.go", "package machine\nimport clock \"time\"\nvar now = clock.Now",
			"server/machine/now.go uses time.Now",
		},
		"an exit outside main": {
			"cmd/firstlight/serve.go", "package main\nimport \"os\"\nfunc stop() { os.Exit(1) }",
			"cmd/firstlight/serve.go uses os.Exit",
		},
		"a fatal log": {
			"server/dhcp/fatal.go", "package dhcp\nimport \"log\"\nfunc stop() { log.Fatalf(\"x\") }",
			"server/dhcp/fatal.go uses log.Fatalf",
		},
		"an init": {
			"server/dhcp/init.go", "package dhcp\nfunc init() {}", "server/dhcp/init.go has a function init",
		},
		"an agent's test that imports the server": {
			"agent/a_test.go", "package agent\nimport _ \"firstlight/server/dhcp\"", "agent/a_test.go imports firstlight/server/dhcp",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tree := goodTree()
			tree[tt.path] = &fstest.MapFile{Data: []byte(tt.text)}
			wantProblem(t, problemsOf(t, tree), tt.want)
		})
	}
}

func TestCheckerWantsDocCommentAndTellingName(t *testing.T) {
	tree := goodTree()
	tree["server/machine/machine.go"] = &fstest.MapFile{Data: []byte("package utils\n")}
	got := problemsOf(t, tree)
	wantProblem(t, got, "package server/machine has no doc comment")
	wantProblem(t, got, "package server/machine is called utils")
}

func TestCheckerWantsRowsOfExistingPackagesOnly(t *testing.T) {
	tree := goodTree()
	delete(tree, "cmd/firstlight/main.go")
	wantProblem(t, problemsOf(t, tree), "there is no package cmd/firstlight: remove its row")
}

func TestReadTreeRefusesWhatIsNotGo(t *testing.T) {
	tree := goodTree()
	tree["server/dhcp/broken.go"] = &fstest.MapFile{Data: []byte("package")}
	if _, err := readTree(tree); err == nil || !strings.Contains(err.Error(), "parse server/dhcp/broken.go") {
		t.Errorf("readTree(broken) error = %v, want one that names the file", err)
	}
}

func problemsOf(t *testing.T, files fstest.MapFS) []string {
	t.Helper()
	found, err := readTree(files)
	if err != nil {
		t.Fatalf("readTree: %v", err)
	}
	return found.problems(testRules)
}

// wantProblem wants exactly one problem that begins as given.
func wantProblem(t *testing.T, problems []string, want string) {
	t.Helper()
	var matching []string
	for _, problem := range problems {
		if strings.HasPrefix(problem, want) {
			matching = append(matching, problem)
		}
	}
	if len(matching) != 1 {
		t.Errorf("one problem should begin with %q: %s", want, cmp.Diff([]string{want}, problems))
	}
}
