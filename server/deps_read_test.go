package server_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the module's path, without which an import is not ours.
const module = "firstlight/"

// tree is what the rules are about: every Go package and the names at the top.
type tree struct {
	top      []string
	packages map[string]*pkg // by folder, slash-separated, from the top
}

// pkg is one package, its tests apart from what is shipped.
type pkg struct {
	name          string
	files, tests  []source
	hasDocComment bool
}

// source is one parsed file.
type source struct {
	path string
	ast  *ast.File
}

// skip names the folders that hold no source of ours: what make writes, and
// what the go command leaves out as well.
func skip(name string) bool {
	return name == "testdata" || name == "bin" || name == "dist" ||
		(name != "." && strings.HasPrefix(name, ".")) || strings.HasPrefix(name, "_")
}

func readTree(fsys fs.FS) (tree, error) {
	found := tree{packages: make(map[string]*pkg)}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return tree{}, err
	}
	for _, entry := range entries {
		if !skip(entry.Name()) {
			found.top = append(found.top, entry.Name())
		}
	}
	return found, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skip(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		return found.add(fsys, name)
	})
}

func (t tree) add(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	dir := path.Dir(name)
	if t.packages[dir] == nil {
		t.packages[dir] = new(pkg)
	}
	p := t.packages[dir]
	if strings.HasSuffix(name, "_test.go") {
		p.tests = append(p.tests, source{name, file})
		return nil
	}
	p.name = file.Name.Name
	p.files = append(p.files, source{name, file})
	p.hasDocComment = p.hasDocComment || file.Doc != nil
	return nil
}

// imports are the paths that a file imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// uses tells which of the names of an imported package a file mentions, sorted.
func (s source) uses(importPath string, names ...string) []string {
	local := s.localName(importPath)
	if local == "" {
		return nil
	}
	var used []string
	ast.Inspect(s.ast, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := selector.X.(*ast.Ident)
		if ok && x.Name == local && slices.Contains(names, selector.Sel.Name) {
			used = append(used, path.Base(importPath)+"."+selector.Sel.Name)
		}
		return true
	})
	slices.Sort(used)
	return slices.Compact(used)
}

// localName is the word by which a file calls a package, or nothing.
func (s source) localName(importPath string) string {
	for _, spec := range s.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil || p != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// hasInit tells whether a file has a function init.
func (s source) hasInit() bool {
	for _, decl := range s.ast.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			return true
		}
	}
	return false
}
