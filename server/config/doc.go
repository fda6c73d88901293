// Package config reads firstlight.yaml.
//
// It promises that a Config it returns can be served: every key is known,
// every value was checked, and whatever is wrong is told at once, each problem
// with its file, line, key, value and remedy. A key's default stands beside the
// one place that reads it; which keys exist is what those places ask for, so
// that "unknown key" can never disagree with the code.
//
// Reading goes in two steps: the text becomes a tree (tree.go), the tree
// becomes checked values (section.go and the files after it). Secrets come from
// files of their own, never from the text.
//
// It imports the words and what a secret is. The command and the wiring import
// it.
package config
