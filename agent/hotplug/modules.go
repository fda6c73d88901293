package hotplug

import (
	"bufio"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Modules is a directory of kernel modules with the indexes that depmod makes:
// modules.dep and modules.alias.
type Modules struct {
	insert  func(path string) error
	deps    map[string]module
	aliases map[string][]alias // by the text before the first colon
	mu      sync.Mutex
	loading map[string]func() error // once per module
}

type module struct {
	path string
	deps []string // paths
}

type alias struct{ pattern, module string }

// ReadModules reads the indexes of dir, which is /lib/modules/<release>.
// insert hands one file of dir to the kernel.
func ReadModules(dir fs.FS, insert func(path string) error) (*Modules, error) {
	m := &Modules{insert: insert, deps: map[string]module{}, aliases: map[string][]alias{}, loading: map[string]func() error{}}
	if err := eachLine(dir, "modules.dep", m.addDep); err != nil {
		return nil, err
	}
	if err := eachLine(dir, "modules.alias", m.addAlias); err != nil {
		return nil, err
	}
	return m, nil
}

func eachLine(dir fs.FS, name string, add func(line string)) error {
	f, err := dir.Open(name)
	if err != nil {
		return fmt.Errorf("read index of modules: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20) // modules.dep has lines of a few KiB
	for lines.Scan() {
		add(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// addDep reads "kernel/a.ko: kernel/b.ko kernel/c.ko".
func (m *Modules) addDep(line string) {
	file, deps, ok := strings.Cut(line, ":")
	if ok {
		m.deps[moduleName(file)] = module{path: file, deps: strings.Fields(deps)}
	}
}

// addAlias reads "alias pci:v00008086d*... e1000e".
func (m *Modules) addAlias(line string) {
	f := strings.Fields(line)
	if len(f) == 3 && f[0] == "alias" {
		bus, _, _ := strings.Cut(f[1], ":")
		bus = strings.TrimRight(bus, "*") // acpi*:PNP0A03:* stands in files as both
		m.aliases[bus] = append(m.aliases[bus], alias{f[1], f[2]})
	}
}

// moduleName is the kernel's name for a file: without folder and ending, and
// with underscores, which file names spell either way.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".")
	return strings.ReplaceAll(name, "-", "_")
}

// Match returns the modules whose aliases a device's modalias fits, in the
// order of the index.
func (m *Modules) Match(modalias string) []string {
	bus, _, _ := strings.Cut(modalias, ":")
	var names []string
	for _, a := range m.aliases[bus] {
		if glob(a.pattern, modalias) && !slices.Contains(names, a.module) {
			names = append(names, a.module)
		}
	}
	return names
}

// glob matches * and ? and [a-z], the pattern language of modules.alias. Not
// path.Match: there a star stops at a slash, which DMI strings contain.
func glob(pattern, s string) bool {
	star, from := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, i
			p++
			continue
		}
		if n := matchOne(pattern[p:], s[i]); n > 0 {
			p, i = p+n, i+1
			continue
		}
		if star < 0 {
			return false
		}
		from++ // let the last star swallow one more
		p, i = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne returns the length of the pattern element that c fits, or 0.
func matchOne(pattern string, c byte) int {
	switch {
	case pattern == "":
		return 0
	case pattern[0] == '?' || pattern[0] == c && c != '[':
		return 1
	case pattern[0] != '[':
		return 0
	}
	end := strings.IndexByte(pattern, ']')
	for set := pattern[1:max(end, 1)]; set != ""; {
		low, high, n := set[0], set[0], 1
		if len(set) >= 3 && set[1] == '-' {
			high, n = set[2], 3
		}
		if low <= c && c <= high {
			return end + 1
		}
		set = set[n:]
	}
	return 0
}

// Load loads a module and what it depends on, once; later and concurrent calls
// wait for the first and get its answer. A name without a file is built into
// the kernel or not part of the image, which is nothing to report.
func (m *Modules) Load(name string) error {
	name = moduleName(name)
	m.mu.Lock()
	once, ok := m.loading[name]
	if !ok {
		once = sync.OnceValue(func() error { return m.load(name) })
		m.loading[name] = once
	}
	m.mu.Unlock()
	return once()
}

func (m *Modules) load(name string) error {
	mod, ok := m.deps[name]
	if !ok {
		return nil
	}
	// depmod lists the whole closure, nearest first: the last needs nobody.
	// Each is loaded through Load, so that a list of direct dependencies does too.
	for _, dep := range slices.Backward(mod.deps) {
		if moduleName(dep) == name {
			continue
		}
		if err := m.Load(dep); err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	if err := m.insert(mod.path); err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	return nil
}
