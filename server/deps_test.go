// Package server_test holds the test of the tree itself: who may import whom,
// what ends the process, what stands at the top level. It reads source, so it
// needs no build and takes milliseconds.
package server_test

import (
	"os"
	"testing"
)

// TestTree reads the whole repository and names every file that breaks a rule,
// with the reason for the rule. Rules and reasons stand in deps_rules_test.go.
func TestTree(t *testing.T) {
	found, err := readTree(os.DirFS(".."))
	if err != nil {
		t.Fatalf("read source: %v", err)
	}
	if len(found.packages) == 0 {
		t.Fatal("no package was found: the test looks in the wrong place")
	}
	for _, problem := range found.problems(ourRules) {
		t.Error(problem)
	}
}
