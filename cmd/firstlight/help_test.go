package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"firstlight/cmd/firstlight/client"
	"firstlight/server/api"
	"firstlight/server/machine"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestHelp holds the help of every command against a file, so that a change of
// it shows in review.
func TestHelp(t *testing.T) {
	const golden = "testdata/help.txt"
	t.Setenv("COLUMNS", "80")
	parser, err := newParser(&cli{}, &common{}, &host{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	got := helpBelow(t, parser.Model.Node, nil)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("help differs from %s, which go test -update rewrites (-want +got):\n%s", golden, diff)
	}
}

// helpBelow is the help of a command and of those below it.
func helpBelow(t *testing.T, n *kong.Node, words []string) string {
	t.Helper()
	var out, failed bytes.Buffer
	args := append(append([]string{}, words...), "--help")
	if code := run(context.Background(), args, &host{out: &out, err: &failed}); code != exitOK {
		t.Fatalf("firstlight %s ended with %d: %s", strings.Join(args, " "), code, failed.String())
	}
	text := fmt.Sprintf("$ firstlight %s\n%s\n", strings.Join(args, " "), out.String())
	for _, child := range n.Children {
		if child.Hidden {
			continue // it is for scripts
		}
		text += helpBelow(t, child, append(append([]string{}, words...), child.Name))
	}
	return text
}

// TestRefusalsNameCommandsThatThereAre: what the API lists by an address, the
// command line lists by a command.
func TestRefusalsNameCommandsThatThereAre(t *testing.T) {
	lists := []string{"/machines", "/jobs", "/subnets", "/rules", "/images", "/deliveries", "/issues", "/issues/kinds"}
	for _, kind := range machine.PlanKinds() {
		lists = append(lists, api.PlanPath(kind))
	}
	for _, list := range lists {
		said := client.InCommands(`thing "x": not found: list those that there are with GET ` + api.Prefix + list)
		command, ok := strings.CutPrefix(said, `thing "x": not found: firstlight `)
		command, whole := strings.CutSuffix(command, " lists those that there are")
		if !ok || !whole {
			t.Errorf("of %s it says %q", list, said)
			continue
		}
		parser, err := newParser(&cli{}, &common{}, &host{}, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(command)); err != nil {
			t.Errorf("there is no command %q for %s: %v", command, list, err)
		}
	}
}
