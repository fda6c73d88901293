package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// selected holds SQL against the definition: whatever machines there are, and
// whatever they were before, a selector picks from the database the ones that
// Match picks.
func selected(t *testing.T, open Open) {
	s := open()
	var all []*machine.Machine
	for i := range 60 {
		m := rapid.Custom(anyMachine).Example(i)
		m.ID, m.Name = fmt.Sprintf("id-%02d", i), fmt.Sprintf("%s%d", rapid.SampledFrom(texts).Example(i), i)
		m.NICs[0].MAC = machine.MAC{2, 0, 0, 0, 1, byte(i)}
		m.NICs[0].Address = netip.AddrFrom4([4]byte{10, 80, byte(i % 3), byte(i)})
		if m.Hostname != "" {
			m.Hostname += fmt.Sprint(i)
		}
		all = append(all, m)
	}
	update(t, s, func(tx *store.Tx) error {
		for i, m := range all {
			was := before(i, m)
			if err := errors.Join(put(tx, was, nil), put(tx, m, was)); err != nil {
				return err
			}
		}
		return nil
	})
	rapid.Check(t, func(t *rapid.T) {
		text := anySelector(t, 3)
		sel, err := machine.ParseSelector(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var want, got []string
		for _, m := range all {
			if sel.Match(m) {
				want = append(want, m.ID)
			}
		}
		n := 0
		err = s.View(t.Context(), func(tx *store.Tx) (err error) {
			if n, err = tx.Count(sel); err != nil {
				return err
			}
			got, err = tx.Select(sel, "", 0)
			return err
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) || n != len(want) {
			t.Fatalf("%q picks %v and counts %d, want %v; %v", text, got, n, want, err)
		}
	})
}

// before is what a machine may have been: another one.
func before(i int, m *machine.Machine) *machine.Machine {
	was := rapid.Custom(anyMachine).Example(1000 + i)
	was.ID, was.Name, was.Hostname, was.Version = m.ID, fmt.Sprint("was ", i), fmt.Sprint("was-", i), 1
	was.NICs[0].MAC = machine.MAC{2, 0, 0, 0, 2, byte(i)}
	if m.Facts == nil {
		was.Facts = nil
	}
	return was
}

func put(tx *store.Tx, m, was *machine.Machine) error {
	if err := tx.PutMachine(m, was); err != nil {
		return err
	}
	if err := tx.PutObserved(m.ID, m.Observed); err != nil || m.Facts == nil {
		return err
	}
	return tx.PutFacts(m.ID, m.Facts)
}

// texts are what the fields of text hold: with signs of SQL and of LIKE, with
// numbers, and with letters of more than one byte.
var texts = []string{"r1", "r01", "r9", "r12", "R12", "a_b", "a%b", `a\b`, "o'neil", "zoë", "Dell Inc.", "7", "007", "é"}

func anyMachine(t *rapid.T) *machine.Machine {
	word := func(name string) string { return rapid.SampledFrom(append([]string{""}, texts...)).Draw(t, name) }
	m := &machine.Machine{
		Kind: rapid.SampledFrom([]machine.Kind{machine.Metal, machine.Virtual}).Draw(t, "kind"), Status: rapid.SampledFrom(machine.Statuses()).Draw(t, "status"),
		Reason: word("reason"), Site: word("site"), Rack: word("rack"), Role: word("role"), Pool: word("pool"), Vendor: word("vendor"), Note: word("note"),
		Serial: word("serial"), Hostname: word("hostname"), Flags: machine.Flags{Locked: rapid.Bool().Draw(t, "locked")},
		NICs: []machine.NIC{{Name: "eth0", Switch: word("switch")}}, Observed: machine.Observed{Power: rapid.SampledFrom([]string{"", "on", "off"}).Draw(t, "power")},
	}
	m.Tags = append(m.Tags, rapid.SliceOfNDistinct(rapid.SampledFrom(texts), 0, 3, rapid.ID).Draw(t, "tags")...)
	if rapid.Bool().Draw(t, "reported") {
		m.Facts = &machine.Facts{Cores: rapid.IntRange(0, 3).Draw(t, "cores") * 16, Memory: uint64(rapid.IntRange(0, 4).Draw(t, "memory")) << 34, CPU: word("cpu")} //nolint:gosec // small
		for range rapid.IntRange(0, 2).Draw(t, "disks") {
			m.Facts.Disks = append(m.Facts.Disks, machine.Disk{Serial: word("disk")})
		}
	}
	return m
}

// anySelector makes the text of one.
func anySelector(t *rapid.T, depth int) string {
	shape := "term"
	if depth > 0 {
		shape = rapid.SampledFrom([]string{"term", "and", "or", "not"}).Draw(t, "shape")
	}
	switch shape {
	case "and":
		return "(" + anySelector(t, depth-1) + " " + anySelector(t, depth-1) + ")"
	case "or":
		return "(" + anySelector(t, depth-1) + " or " + anySelector(t, depth-1) + ")"
	case "not":
		return "!(" + anySelector(t, depth-1) + ")"
	}
	return anyTerm(t)
}

func anyTerm(t *rapid.T) string {
	value := func() string {
		w := rapid.SampledFrom(texts).Draw(t, "word")
		switch rapid.SampledFrom([]string{"whole", "start", "end", "middle"}).Draw(t, "pattern") {
		case "start":
			w = string([]rune(w)[:1]) + "*"
		case "end":
			w = "*" + string([]rune(w)[1:])
		case "middle":
			w = string([]rune(w)[:1]) + "?" + string([]rune(w)[min(2, len([]rune(w))):])
		}
		return `"` + w + `"`
	}
	text := rapid.SampledFrom([]string{"reason", "site", "rack", "role", "pool", "vendor", "note", "serial", "hostname", "switch", "tag", "cpu", "disk", "id"})
	number := rapid.SampledFrom([]string{"0", "1", "16", "32", "16.5", "16GiB", "48GiB", "1e3x"})
	switch rapid.SampledFrom([]string{"equal", "differ", "present", "order", "range", "number", "numbers", "flag", "search", "status", "mac", "ip"}).Draw(t, "kind") {
	case "equal":
		return text.Draw(t, "field") + "=" + value()
	case "differ":
		return text.Draw(t, "field") + "!=" + value()
	case "present":
		return rapid.SampledFrom([]string{"rack", "tag", "locked", "disks", "cores", "power", "hostname", "disk", "mac", "switch", "vendor"}).Draw(t, "field")
	case "order":
		return rapid.SampledFrom([]string{"rack", "hostname", "name", "hardwarename"}).Draw(t, "field") + rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "op") + `"` + rapid.SampledFrom(texts).Draw(t, "word") + `"`
	case "range":
		return `rack="` + rapid.SampledFrom(texts).Draw(t, "low") + ".." + rapid.SampledFrom(texts).Draw(t, "high") + `"`
	case "number":
		return rapid.SampledFrom([]string{"cores", "memory", "disks"}).Draw(t, "field") + rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "op") + strings.TrimSuffix(number.Draw(t, "number"), "e3x")
	case "numbers":
		return "memory=16GiB..32GiB,64GiB"
	case "flag":
		return "locked=" + rapid.SampledFrom([]string{"true", "false", "true,false"}).Draw(t, "flag")
	case "search":
		return rapid.SampledFrom([]string{`"r1"`, `"dell"`, `"zo"`, `"02000000"`, `"10.80"`, `"o'n x"`, `"a_"`}).Draw(t, "search")
	case "status":
		return "status=" + rapid.SampledFrom([]string{"in_use", "held,broken", "re*", `"in use"`}).Draw(t, "status")
	case "mac":
		return "mac=" + rapid.SampledFrom([]string{"02-00-00-00-01-05", "02:00:00:00:01:*", "0200.0000.0107"}).Draw(t, "mac")
	default:
		return "ip=" + rapid.SampledFrom([]string{"10.80.0.*", "10.80.1.1", "*.2"}).Draw(t, "ip")
	}
}

// paged reads all machines page by page, in the order of people.
func paged(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		for i := range 25 {
			if err := tx.PutMachine(&machine.Machine{ID: fmt.Sprint(i), Name: fmt.Sprintf("M%d", (i*7)%25)}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	var got []string
	view(t, s, func(tx *store.Tx) error {
		for after := ""; len(got) < 100; {
			ids, err := tx.Select(machine.Selector{}, after, 10)
			if err != nil || len(ids) == 0 {
				return err
			}
			for _, id := range ids {
				var n int
				if _, err := fmt.Sscan(id, &n); err != nil {
					return err
				}
				after = fmt.Sprintf("M%d", (n*7)%25)
				got = append(got, after)
			}
		}
		return nil
	})
	for i, name := range got {
		if name != fmt.Sprintf("M%d", i) {
			t.Fatalf("pages give %v", got)
		}
	}
	if len(got) != 25 {
		t.Errorf("%d machines on all pages, want 25", len(got))
	}
}
