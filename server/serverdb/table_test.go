package serverdb

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"firstlight/server/machine"
)

// A table answers as a map of Go does, whatever came and went, and however many
// keys have one hash.
func TestATableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*entry
		x := newTable(&all, func(m *machine.Machine, name string) bool { return m.Name == name })
		want := map[string]*entry{}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			name := fmt.Sprint("m", rapid.IntRange(0, 40).Draw(t, "name"))
			if e := want[name]; e != nil {
				x.remove(name, e)
				delete(want, name)
				continue
			}
			e := &entry{&machine.Machine{Name: name}, uint32(len(all) + 1)}
			all = append(all, e)
			x.put(name, e)
			x.put(name, e) // changes nothing
			want[name] = e
		}
		for i := range 41 {
			if name := fmt.Sprint("m", i); x.get(name) != want[name] {
				t.Fatalf("%s leads to %v, want %v", name, x.get(name), want[name])
			}
		}
		if x.used != len(want) {
			t.Fatalf("%d slots are used, want %d", x.used, len(want))
		}
	})
}

// Keys of one hash are told apart by the machine.
func TestKeysOfOneHash(t *testing.T) {
	var all []*entry
	x := newTable(&all, func(m *machine.Machine, name string) bool { return m.Name == name })
	for i := range 5 {
		e := &entry{&machine.Machine{Name: fmt.Sprint("m", i)}, uint32(i + 1)}
		all = append(all, e)
		x.set(slot{x.hash("m3"), e.number})
	}
	if e := x.get("m3"); e != all[3] {
		t.Errorf("m3 leads to %v", e)
	}
	x.remove("m3", all[0])
	if e := x.get("m3"); e != all[3] {
		t.Errorf("after its neighbour went, m3 leads to %v", e)
	}
}
