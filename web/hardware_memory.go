package web

import (
	"fmt"
	"strings"

	"firstlight/server/machine"
)

// dimms says which modules there are: ", 16 × 16 GiB DDR4, 8 slots empty".
func dimms(all []machine.DIMM) string {
	type kind struct {
		bytes uint64
		name  string
	}
	var order []kind
	n, empty := map[kind]int{}, 0
	for _, d := range all {
		if d.Empty {
			empty++
			continue
		}
		k := kind{d.Bytes, d.Type}
		if n[k]++; n[k] == 1 {
			order = append(order, k)
		}
	}
	var text strings.Builder
	for _, k := range order {
		fmt.Fprintf(&text, ", %d × %s", n[k], join(" ", moduleSize(k.bytes), k.name))
	}
	if empty > 0 {
		text.WriteString(", " + plural(empty, "slot", "slots") + " empty")
	}
	return text.String()
}

// slots lists the slots for memory with what is in them.
func slots(all []machine.DIMM) listData {
	l := listData{ID: "slots", Title: plural(len(all), "memory slot", "memory slots")}
	for _, d := range all {
		what := "empty"
		if !d.Empty {
			what = join(", ", moduleSize(d.Bytes), d.Type, transfers(d.MTs), d.Vendor, d.Part, d.Serial)
		}
		l.Rows = append(l.Rows, fact{d.Slot, what})
	}
	return l
}

func moduleSize(bytes uint64) string {
	if bytes == 0 {
		return "size not known"
	}
	return memory(bytes)
}

func transfers(mts int) string {
	if mts == 0 {
		return ""
	}
	return fmt.Sprintf("%d MT/s", mts)
}
