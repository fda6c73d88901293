package main

import (
	"fmt"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

// memoryFacts lists the modules by their slots.
func memoryFacts(f *api.Facts) []output.Fact {
	var modules []output.Fact
	var empty []string
	for _, d := range f.DIMMs {
		if d.Empty {
			empty = append(empty, d.Slot)
			continue
		}
		modules = append(modules, output.Fact{"memory " + d.Slot, joined(sizeText(d.Bytes), d.Type, speedText(d.MTs), d.Vendor, d.Part, d.Serial)})
	}
	total := output.Fact{"memory", output.Size(f.MemoryBytes).String() + " in " + plural(len(modules), "module")}
	return append(append([]output.Fact{total}, modules...), output.Fact{"empty slots", joined(empty...)})
}

func sizeText(bytes uint64) string {
	if bytes == 0 {
		return "size not known"
	}
	return output.Size(bytes).String()
}

func speedText(mts int) string {
	if mts == 0 {
		return ""
	}
	return fmt.Sprintf("%d MT/s", mts)
}
