// Package version says which build a program is. The commands import it.
package version

import "runtime/debug"

// String is the module's version or, in a checkout, the commit; "unknown" where
// the build recorded neither.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return "unknown"
}
