package server_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// problems are the sentences to be said about a tree, sorted. Each names the
// place, what is wrong and why it is a rule.
func (t tree) problems(r rules) []string {
	var found []string
	for _, name := range t.top {
		if !slices.Contains(r.top, name) {
			found = append(found, fmt.Sprintf("%s stands at the top level, which holds %s and nothing else: put it below one of them",
				name, strings.Join(r.top, " ")))
		}
	}
	for dir := range r.mayImport {
		if t.packages[dir] == nil {
			found = append(found, fmt.Sprintf("there is no package %s: remove its row from ourPackages in server/deps_packages_test.go", dir))
		}
	}
	for dir, p := range t.packages {
		found = append(found, p.problems(dir, r)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (p *pkg) problems(dir string, r rules) []string {
	limits, ok := r.mayImport[dir]
	if !ok {
		return []string{fmt.Sprintf("package %s has no row: say in ourPackages in server/deps_packages_test.go what it may import and why", dir)}
	}
	var found []string
	if len(p.files) > 0 {
		found = append(found, p.manners(dir, r)...)
	}
	for _, file := range p.files {
		found = append(found, file.ours(limits)...)
		found = append(found, file.heavy(dir, r)...)
		found = append(found, file.effects(r)...)
		if limits.pure {
			found = append(found, file.impure(limits, r)...)
		}
	}
	for _, file := range p.tests {
		found = append(found, file.agentKnowsServer(dir)...)
	}
	return found
}

// manners checks what every package owes its readers.
func (p *pkg) manners(dir string, r rules) []string {
	var found []string
	if !p.hasDocComment {
		found = append(found, fmt.Sprintf("package %s has no doc comment: say what it is for, what it promises and who may import it", dir))
	}
	for _, name := range []string{p.name, path.Base(dir)} {
		if slices.Contains(r.badNames, name) {
			found = append(found, fmt.Sprintf("package %s is called %s, which says nothing: name it after what it provides", dir, name))
		}
	}
	return found
}

// ours checks the imports of our own packages.
func (s source) ours(limits row) []string {
	var found []string
	for _, imported := range s.imports() {
		dir, own := strings.CutPrefix(imported, module)
		if own && !slices.Contains(limits.ours, dir) {
			found = append(found, fmt.Sprintf("%s imports %s: %s", s.path, dir, limits.why))
		}
	}
	return found
}

// heavy checks the imports of dependencies that have one door each.
func (s source) heavy(dir string, r rules) []string {
	var found []string
	for _, imported := range s.imports() {
		for prefix, door := range r.oneDoor {
			if isBelow(imported, prefix) && !slices.ContainsFunc(door.in, func(in string) bool { return isBelow(dir, in) }) {
				found = append(found, fmt.Sprintf("%s imports %s, which only [%s] may: %s", s.path, imported, strings.Join(door.in, " "), door.why))
			}
		}
	}
	return found
}

// isBelow tells whether a path is the named one or, where the name ends in a
// slash or is a dependency's root, one below it.
func isBelow(p, name string) bool {
	if strings.HasSuffix(name, "/") {
		return strings.HasPrefix(p, name)
	}
	return p == name || (strings.Contains(name, ".") && strings.HasPrefix(p, name+"/"))
}

// effects checks what would act behind the back of whoever imports the package.
func (s source) effects(r rules) []string {
	var found []string
	if s.hasInit() {
		found = append(found, fmt.Sprintf("%s has a function init: importing must have no effect, so let the wiring call it", s.path))
	}
	isMain, _ := path.Match("cmd/*/main.go", s.path)
	if _, allowed := r.mayExit[s.path]; isMain || allowed {
		return found
	}
	ends := slices.Concat(s.uses("os", "Exit"), s.uses("log", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"))
	for _, call := range ends {
		found = append(found, fmt.Sprintf("%s uses %s: only cmd/*/main.go ends the process, since that skips every deferred call; return an error", s.path, call))
	}
	return found
}

// impure checks what a package of words or decisions must not do.
func (s source) impure(limits row, r rules) []string {
	var found []string
	for _, imported := range s.imports() {
		if slices.Contains(r.impureStd, imported) {
			found = append(found, fmt.Sprintf("%s imports %s, which is I/O, chance or a log: %s", s.path, imported, limits.why))
		}
	}
	for _, name := range s.uses("time", r.impureTime...) {
		found = append(found, fmt.Sprintf("%s uses %s: a decision takes the time as an argument", s.path, name))
	}
	return found
}

// agentKnowsServer holds for tests too: the agent must be testable without the
// server, or it is not independent of it.
func (s source) agentKnowsServer(dir string) []string {
	if dir != "agent" && !strings.HasPrefix(dir, "agent/") {
		return nil
	}
	var found []string
	for _, imported := range s.imports() {
		if strings.HasPrefix(imported, module+"server") || strings.HasPrefix(imported, module+"web") {
			found = append(found, fmt.Sprintf("%s imports %s: %s", s.path, imported, agentSide))
		}
	}
	return found
}
