package initramfs

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// member is a module of the boot image.
type member struct {
	path    string // below the version's folder, without compression suffix
	content []byte
	info    modinfo
}

// index holds the modules of the boot image by name, dependencies included.
type index map[string]member

// collect reads the selected modules and everything they need, in waves: the
// dependencies of one wave are the next.
func (k *Kernel) collect(selected []string) (index, error) {
	byName := make(map[string]string, len(k.modules))
	for _, module := range k.modules {
		byName[moduleName(module)] = module
	}
	modules := make(index)
	for wave := selected; len(wave) > 0; {
		loaded, err := k.readAll(wave)
		if err != nil {
			return nil, err
		}
		for i, module := range wave {
			modules[moduleName(module)] = loaded[i]
		}
		if wave, err = missing(modules, byName, loaded); err != nil {
			return nil, err
		}
	}
	return modules, nil
}

// missing lists what the loaded modules need and the index does not have yet.
func missing(modules index, byName map[string]string, loaded []member) ([]string, error) {
	var next []string
	for _, module := range loaded {
		needs, err := paths(byName, moduleName(module.path), module.info)
		if err != nil {
			return nil, err
		}
		for _, need := range needs {
			if _, ok := modules[moduleName(need)]; !ok {
				next = append(next, need)
			}
		}
	}
	slices.Sort(next)
	return slices.Compact(next), nil
}

// readAll reads modules on all cores, for decompressing them is most of the work.
func (k *Kernel) readAll(paths []string) ([]member, error) {
	members := make([]member, len(paths))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		group.Go(func() (err error) {
			members[i], err = k.read(path)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	return members, nil
}

func (k *Kernel) read(module string) (member, error) {
	content, err := k.module(module)
	if err != nil {
		return member{}, err
	}
	info, err := parseModinfo(content)
	if err != nil {
		return member{}, fmt.Errorf("%s: %w", module, err)
	}
	info.depends = append(info.depends, unstated[moduleName(module)]...)
	return member{path: "kernel/" + shortPath(module) + ".ko", content: content, info: info}, nil
}

// paths finds the modules that one needs. A dependency must exist: what is built
// in is never listed as one. A softdep may be built in, or an alias of the crypto
// layer, which falls back to its generic code.
func paths(byName map[string]string, name string, info modinfo) ([]string, error) {
	var found []string
	for _, dependency := range info.depends {
		module, ok := byName[dependency]
		if !ok {
			return nil, fmt.Errorf("collect modules: %s depends on %s, which the kernel package does not have", name, dependency)
		}
		found = append(found, module)
	}
	for _, dependency := range info.before {
		if module, ok := byName[dependency]; ok {
			found = append(found, module)
		}
	}
	return found, nil
}

// closure lists all that must be loaded before a module, in the order of
// depmod's modules.dep: each stands before what it needs itself, so that a
// loader goes from the end to the front.
func (x index) closure(name string) ([]string, error) {
	var order []string
	state := make(map[string]int) // 1 while being visited, 2 when done
	var visit func(string) error
	visit = func(name string) error {
		switch state[name] {
		case 1:
			return fmt.Errorf("order modules: %s depends on itself", name)
		case 2:
			return nil
		}
		state[name] = 1
		info := x[name].info
		for _, dependency := range slices.Concat(info.depends, info.before) {
			if _, ok := x[dependency]; !ok {
				continue
			}
			if err := visit(dependency); err != nil {
				return err
			}
		}
		state[name] = 2
		order = append(order, name)
		return nil
	}
	if err := visit(name); err != nil {
		return nil, err
	}
	slices.Reverse(order)
	return order[1:], nil
}

// dependencies writes modules.dep: every module's path, a colon and the paths
// of its closure. depmod writes the closure too: a loader that reads one line
// must not have to read others.
func (x index) dependencies() ([]byte, error) {
	var text strings.Builder
	for _, name := range x.names() {
		text.WriteString(x[name].path + ":")
		needs, err := x.closure(name)
		if err != nil {
			return nil, err
		}
		for _, need := range needs {
			text.WriteString(" " + x[need].path)
		}
		text.WriteString("\n")
	}
	return []byte(text.String()), nil
}

// aliases writes modules.alias: "alias <pattern> <module>" a line, sorted.
func (x index) aliases() []byte {
	var lines []string
	for name, module := range x {
		for _, alias := range module.info.aliases {
			lines = append(lines, "alias "+alias+" "+name+"\n")
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(slices.Compact(lines), ""))
}

// names lists the modules by path, which is the order in the archive.
func (x index) names() []string {
	names := make([]string, 0, len(x))
	for name := range x {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(x[a].path, x[b].path) })
	return names
}
