package efiboot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// memory is a firmware's variables; keep may change what it stores.
type memory struct {
	vars map[string][]byte
	keep func(name string, value []byte) []byte
	sets []string
}

func (m *memory) Names() ([]string, error) { return slices.Sorted(maps.Keys(m.vars)), nil }

func (m *memory) Get(name string) ([]byte, error) {
	if v, ok := m.vars[name]; ok {
		return v, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memory) Set(name string, value []byte) error {
	m.sets = append(m.sets, name)
	if m.keep != nil {
		value = m.keep(name, value)
	}
	m.vars[name] = value
	return nil
}

func (m *memory) Delete(name string) error { delete(m.vars, name); return nil }

// entries as firmware makes them: a description and the nodes of a path.
func load(description string, attributes byte, path ...byte) []byte {
	path = append(path, typeEnd, 0xFF, 4, 0)
	b := append([]byte{attributes, 0, 0, 0, byte(len(path)), 0}, text(description)...)
	return append(b, path...)
}

var (
	network = load("UEFI PXEv4", active, append([]byte{typeMessaging, subMAC, 37, 0}, make([]byte, 33)...)...)
	ipv6    = load("UEFI PXEv6", active, append([]byte{typeMessaging, subIPv6, 60, 0}, make([]byte, 56)...)...)
	disk    = load("UEFI disk", active, 1, 1, 6, 0, 0, 2)
	menu    = load("UiApp", active, append([]byte{typeMedia, subFWVol, 20, 0}, make([]byte, 16)...)...)
	off     = load("Old", 0, 1, 1, 6, 0, 0, 2)
	broken  = []byte{1, 0}

	entry = Entry{Number: 2, Start: 4096, Size: 98304, GUID: [16]byte{1, 2, 3}, LoaderPath: `\EFI\debian\shimx64.efi`}
)

func TestTheDiskStandsBehindTheNetworkOrFirst(t *testing.T) {
	for _, test := range []struct {
		name string
		vars map[string][]byte
		want string
	}{
		{"there is no order yet", map[string][]byte{}, "0000"},
		{"a disk comes first", map[string][]byte{
			"Boot0000": disk, "Boot0001": network, "BootOrder": {0, 0, 1, 0},
		}, "0002 0000 0001"},
		{"the network comes first", map[string][]byte{
			"Boot0000": disk, "Boot0001": network, "BootOrder": {1, 0, 0, 0},
		}, "0001 0002 0000"},
		{"the firmware's menu comes before the network", map[string][]byte{
			"Boot0000": menu, "Boot0001": network, "Boot0002": disk, "BootOrder": {0, 0, 1, 0, 2, 0},
		}, "0000 0001 0003 0002"},
		{"a disabled disk comes before the network", map[string][]byte{
			"Boot0000": off, "Boot0001": network, "BootOrder": {0, 0, 1, 0},
		}, "0000 0001 0002"},
		{"the second card is the one that started us", map[string][]byte{
			"Boot0001": network, "Boot0002": ipv6, "Boot0003": network, "BootOrder": {1, 0, 2, 0, 3, 0}, "BootCurrent": {3, 0},
		}, "0001 0002 0003 0000"},
		{"a USB stick that stands behind the disk started us", map[string][]byte{
			"Boot0001": network, "Boot0002": disk, "Boot0003": disk, "BootOrder": {1, 0, 2, 0, 3, 0}, "BootCurrent": {3, 0},
		}, "0001 0000 0002 0003"},
		{"an earlier install left two entries", map[string][]byte{
			"Boot0001": network, "Boot0004": entry.option(), "Boot0007": entry.option(), "BootOrder": {7, 0, 1, 0, 4, 0},
		}, "0001 0004"},
		{"somebody left a next boot behind", map[string][]byte{
			"Boot0001": network, "Boot0002": disk, "BootOrder": {1, 0, 2, 0}, "BootNext": {2, 0},
		}, "0001 0000 0002"},
		{"a broken entry keeps its number", map[string][]byte{"Boot0000": broken, "BootOrder": {}}, "0001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := &memory{vars: maps.Clone(test.vars)}
			got, err := Install(v, entry)
			if err != nil || got != test.want {
				t.Fatalf("Install = %q, %v; want %q", got, err, test.want)
			}
			own := 0
			for name, value := range v.vars {
				if strings.HasPrefix(name, "Boot0") && string(value) == string(entry.option()) {
					own++
				} else if name != "BootOrder" && name != "BootNext" {
					if diff := cmp.Diff(test.vars[name], value); diff != "" {
						t.Errorf("%s, which is not ours, was changed:\n%s", name, diff)
					}
				}
			}
			if own != 1 {
				t.Errorf("there are %d entries of ours, want 1", own)
			}
			first, next := v.vars["BootOrder"][:2], v.vars["BootNext"]
			if bytes.Equal(v.vars[optionName(binary.LittleEndian.Uint16(first))], entry.option()) != (next != nil) || next != nil && !bytes.Equal(next, first) {
				t.Errorf("BootNext = %x, want our entry where it comes first, and none elsewhere", next)
			}
			v.sets = nil
			if again, err := Install(v, entry); err != nil || again != test.want || len(v.sets) > 0 {
				t.Errorf("Install again = %q, %v and wrote %v; want the same order and nothing written", again, err, v.sets)
			}
		})
	}
}

func TestFirmwareIsNotBelieved(t *testing.T) {
	for _, test := range []struct {
		name string
		keep func(name string, value []byte) []byte
		says string
	}{
		{"it cuts entries", func(n string, v []byte) []byte {
			if n == "BootOrder" {
				return v
			}
			return v[:10]
		}, "the firmware took Boot0000 as"},
		{"it forgets the next boot", func(n string, v []byte) []byte {
			if n == "BootNext" {
				return nil
			}
			return v
		}, "the firmware took BootNext as"},
		{"it keeps its own order", func(n string, v []byte) []byte {
			if n == "BootOrder" {
				return []byte{9, 0}
			}
			return v
		}, "the firmware took BootOrder as"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Install(&memory{vars: map[string][]byte{}, keep: test.keep}, entry)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Install = %v, want an error that says %q", err, test.says)
			}
		})
	}
}

func TestTheOrderIsReadAsWhatItLeadsTo(t *testing.T) {
	v := &memory{vars: map[string][]byte{
		"Boot0000": menu, "Boot0001": network, "Boot0002": disk, "Boot0003": ipv6, "Boot0004": off, "Boot0005": entry.option(),
		"BootOrder": {0, 0, 3, 0, 1, 0, 5, 0, 4, 0, 9, 0, 2, 0},
	}}
	got, err := Order(v)
	if want := []string{ToNetwork, ToNetwork, ToUs, ToDevice}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Order = %v, %v; want %v", got, err, want)
	}
	if got, err := Order(&memory{}); err != nil || len(got) > 0 {
		t.Errorf("Order of a firmware without one = %v, %v; want none", got, err)
	}
}

func TestOurEntryReadsBackAsOurs(t *testing.T) {
	if got := parseOption(entry.option()); got.description != ours || got.kind != kindOther {
		t.Errorf("parseOption = %+v, want the description %q and an entry that is neither network nor firmware", got, ours)
	}
}

func FuzzParseOption(f *testing.F) {
	for _, b := range [][]byte{network, disk, menu, off, broken, entry.option()} {
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) { parseOption(b) }) // has to end, without a panic
}

func TestDirIsAFolderOfVariables(t *testing.T) {
	dir := Dir(t.TempDir())
	if _, err := dir.Get("BootOrder"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of no variable = %v, want %v", err, fs.ErrNotExist)
	}
	if err := dir.Set("BootOrder", []byte{1, 0}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(string(dir), "BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c")
	raw, err := os.ReadFile(file)
	if diff := cmp.Diff([]byte{7, 0, 0, 0, 1, 0}, raw); err != nil || diff != "" {
		t.Errorf("the file differs (-want +got), %v:\n%s", err, diff)
	}
	if got, err := dir.Get("BootOrder"); err != nil || !slices.Equal(got, []byte{1, 0}) {
		t.Errorf("Get = %v, %v; want what was set", got, err)
	}
	if err := os.WriteFile(filepath.Join(string(dir), "Other-00000000-0000-0000-0000-000000000000"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if names, err := dir.Names(); err != nil || !slices.Equal(names, []string{"BootOrder"}) {
		t.Errorf("Names = %v, %v; want only those of the specification", names, err)
	}
	if err := os.WriteFile(file, []byte{7}, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Get("BootOrder"); err == nil {
		t.Error("Get of a variable without attributes succeeded")
	}
	if err := dir.Delete("BootOrder"); err != nil {
		t.Error(err)
	}
}
