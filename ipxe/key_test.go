package ipxe

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

var someRoot = [32]byte{1, 2, 3, 4, 5, 6, 7, 8, 0xff, 31: 9}

func stock(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(Loaders(), name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: %s is not in this binary: make build; nothing was tested", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Beside the root, a keyed copy differs in nothing but the schemes that it no
// longer opens, one byte of its features and one of what it asks for by DHCPv6.
func TestAKeyedLoader(t *testing.T) {
	for _, name := range EFILoaders() {
		t.Run(name, func(t *testing.T) {
			b := stock(t, name)
			keyed, err := Key(b, someRoot)
			if err != nil {
				t.Fatal(err)
			}
			if len(keyed) != len(b) || bytes.Contains(keyed, debiansRoot) || bytes.Count(keyed, someRoot[:]) != 1 {
				t.Error("the root is not the given one, once")
			}
			if bytes.Contains(keyed, listsHTTP) {
				t.Error("it still lists HTTP among its features")
			}
			if bytes.Count(keyed, asksForVendor) != 1 {
				t.Error("by DHCPv6 it asks for what a stock loader does")
			}
			opens, opened := schemes(t, keyed, b), schemes(t, b, b)
			if want := []string{"file", "https"}; !slices.Equal(opens, want) {
				t.Errorf("it opens %q, want %q", opens, want)
			}
			for _, s := range []string{"http", "tftp", "nfs", "iscsi", "aoe"} {
				if !slices.Contains(opened, s) {
					t.Errorf("the stock loader opens %q: %s is missing, and this test proves little", opened, s)
				}
			}
			if n := differing(b, keyed); n > len(someRoot)+pointer*len(opened)+2 {
				t.Errorf("%d bytes differ", n)
			}
		})
	}
}

// schemes are those that a loader opens, by the places that they have in the
// stock one.
func schemes(t *testing.T, loader, stock []byte) (all []string) {
	t.Helper()
	from, err := readImage(stock)
	if err != nil {
		t.Fatal(err)
	}
	table, err := from.openers()
	if err != nil {
		t.Fatal(err)
	}
	i := &image{loader, from.base, from.sections}
	for name, at := range table {
		if i.scheme(at) == name {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func differing(a, b []byte) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func TestWhatCannotBeKeyed(t *testing.T) {
	b := stock(t, SNPOnlyEFI)
	changed := func(from, to []byte) []byte { return bytes.Replace(b, from, to, 1) }
	signed := bytes.Clone(b)
	// The security directory is the fifth of the optional header (PE format,
	// "Optional Header Data Directories").
	header := int(signed[0x3c]) | int(signed[0x3d])<<8
	signed[header+24+112+4*8+4] = 8
	for _, tt := range []struct {
		name   string
		loader []byte
		says   string
	}{
		{"nothing", nil, "0 times"},
		{"a BIOS loader", stock(t, UndionlyKPXE), "0 times"},
		{"one that is keyed", must(Key(b, someRoot)), "0 times"},
		{"two roots", append(bytes.Clone(b), debiansRoot...), "2 times"},
		{"no features", changed(listsHTTP, listsNotHTTP), "the list of its features stands in it 0 times"},
		{"no DHCPv6", changed(asksForParameters, asksForVendor), "what it asks for by DHCPv6 stands in it 0 times"},
		{"no scheme https", changed([]byte("\x00https\x00"), []byte("\x00httpx\x00")), "its table of URI schemes was not found"},
		{"no EFI program", append([]byte("#!/bin/sh\n"), debiansRoot...), "it is no EFI program"},
		{"a signed loader", signed, "it is signed"},
	} {
		if _, err := Key(tt.loader, someRoot); !errors.Is(err, ErrNotKeyed) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: Key() = %v, want ErrNotKeyed that says %q", tt.name, err, tt.says)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestKeyedNamesSayTheRoot(t *testing.T) {
	if got, want := KeyedName(SNPOnlyEFI, someRoot), "snponly-01020304.efi"; got != want {
		t.Errorf("KeyedName() = %q, want %q", got, want)
	}
}

// FuzzKey: no program, however broken, ends ours; and none is half keyed.
func FuzzKey(f *testing.F) {
	b, err := fs.ReadFile(Loaders(), SNPOnlyEFI)
	if err != nil {
		f.Skip("SKIPPED: no loader in this binary: make build; nothing was tested")
	}
	f.Add(b[:4096])
	f.Add(debiansRoot)
	f.Fuzz(func(t *testing.T, b []byte) {
		if keyed, err := Key(b, someRoot); err == nil && (len(keyed) != len(b) || bytes.Contains(keyed, debiansRoot)) {
			t.Error("half keyed")
		}
	})
}
