package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash" help:"bash. Load it with: source <(firstlight completion bash)"`
}

// completionHead finds the command among the words before the cursor; the
// table of commands follows.
const completionHead = `_firstlight() {
	local at="" word all=""
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$at $word" in
		%s) at="$at $word" ;;
		esac
	done
	case "$at" in
`

const completionTail = `	esac
	COMPREPLY=($(compgen -W "$all" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _firstlight firstlight
`

// machineNames asks the appliance, where one answers.
const machineNames = " $(firstlight machine ls -o name 2>/dev/null)"

// Run prints a script for the shell, made from the commands themselves.
func (*completionCmd) Run(h *host, app *kong.Kong) error {
	var known, table []string
	walk(app.Model.Node, "", func(path string, n *kong.Node) {
		if path != "" {
			known = append(known, fmt.Sprintf("%q", path))
		}
		table = append(table, fmt.Sprintf("\t%q) all=\"%s\" ;;\n", path, wordsAfter(n)))
	})
	_, err := fmt.Fprintf(h.out, completionHead+"%s"+completionTail, strings.Join(known, " | "), strings.Join(table, ""))
	return err
}

// walk visits a command and those below it; a path begins with a blank.
func walk(n *kong.Node, path string, visit func(string, *kong.Node)) {
	visit(path, n)
	for _, child := range n.Children {
		walk(child, path+" "+child.Name, visit)
	}
}

// wordsAfter are those that may follow a command.
func wordsAfter(n *kong.Node) string {
	var all []string
	for _, child := range n.Children {
		all = append(all, child.Name)
	}
	for _, f := range n.Flags {
		all = append(all, "--"+f.Name)
	}
	machines := ""
	for _, p := range n.Positional {
		if p.Enum != "" {
			all = append(all, strings.Split(p.Enum, ",")...)
		}
		if p.Name == "ref" {
			machines = machineNames
		}
	}
	return strings.Join(all, " ") + machines
}
