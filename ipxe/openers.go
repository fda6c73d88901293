package ipxe

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// An entry of iPXE's table of URI openers (src/include/ipxe/open.h): a pointer
// to the scheme's name, and one to the function that opens URIs of it.
const (
	pointer   = 8
	openerLen = 2 * pointer
)

// keptSchemes are those that a keyed loader still opens. With file it reads the
// medium that it was started from, which whoever made that medium answers for.
var keptSchemes = []string{"https", "file"}

// image is an EFI program of 64 bits.
type image struct {
	bytes    []byte
	base     uint64
	sections []*pe.Section
}

func readImage(b []byte) (*image, error) {
	f, err := pe.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("it is no EFI program: %w", err)
	}
	h, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return nil, errors.New("it is no EFI program of 64 bits")
	}
	// An altered copy would fail under Secure Boot, which says nothing of why.
	if h.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_SECURITY].Size != 0 {
		return nil, errors.New("it is signed")
	}
	return &image{b, h.ImageBase, f.Sections}, nil
}

// place gives where in the file a pointer leads, and in which section.
func (i *image) place(p uint64) (offset int, section string) {
	for _, s := range i.sections {
		if at := p - i.base - uint64(s.VirtualAddress); p >= i.base && at < uint64(s.Size) && at < uint64(s.VirtualSize) {
			return int(uint64(s.Offset) + at), s.Name //nolint:gosec // within the file
		}
	}
	return 0, ""
}

// word reads a pointer; the zero one where there is none.
func (i *image) word(at int) uint64 {
	if at < 0 || at+pointer > len(i.bytes) {
		return 0
	}
	return binary.LittleEndian.Uint64(i.bytes[at:])
}

// scheme reads the name that an entry at this place has; "" where none is.
func (i *image) scheme(at int) string {
	name, section := i.place(i.word(at))
	if _, code := i.place(i.word(at + pointer)); section != ".rodata" || code != ".text" {
		return ""
	}
	text, _, _ := bytes.Cut(i.bytes[name:min(name+16, len(i.bytes))], []byte{0})
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r == '_' }
	if len(text) == 0 || bytes.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return ""
	}
	return string(text)
}

// openers finds the table: the places of its entries by scheme.
func (i *image) openers() (map[string]int, error) {
	all := map[string]int{}
	for _, s := range i.sections {
		if s.Name != ".data" {
			continue
		}
		for at := int(s.Offset); at < int(s.Offset+s.Size); at += pointer {
			if i.scheme(at) != "https" {
				continue
			}
			if len(all) > 0 {
				return nil, errors.New("its table of URI schemes stands in it twice")
			}
			for _, step := range []int{-openerLen, openerLen} {
				for e := at; i.scheme(e) != ""; e += step {
					all[i.scheme(e)] = e
				}
			}
		}
	}
	for _, need := range []string{"https", "http", "tftp"} {
		if all[need] == 0 {
			return nil, fmt.Errorf("its table of URI schemes was not found: %s is missing", need)
		}
	}
	return all, nil
}

// httpsOnly leads the names of all other schemes to a text that begins with a
// colon, which no scheme of a URI can: it ends there (RFC 3986 §3.1). Names are
// shared between parts of the program, and so are not themselves altered.
func httpsOnly(b []byte) error {
	i, err := readImage(b)
	if err != nil {
		return err
	}
	table, err := i.openers()
	if err != nil {
		return err
	}
	nobody, err := i.colon()
	if err != nil {
		return err
	}
	for name, at := range table {
		if !slices.Contains(keptSchemes, name) {
			binary.LittleEndian.PutUint64(b[at:], nobody)
		}
	}
	return nil
}

// colon gives a pointer to a colon among the program's texts.
func (i *image) colon() (uint64, error) {
	for _, s := range i.sections {
		if s.Name != ".rodata" {
			continue
		}
		text := i.bytes[s.Offset:min(int(s.Offset+min(s.Size, s.VirtualSize)), len(i.bytes))]
		if at := bytes.IndexByte(text, ':'); at >= 0 {
			return i.base + uint64(s.VirtualAddress) + uint64(at), nil //nolint:gosec // not negative
		}
	}
	return 0, errors.New("none of its texts has a colon")
}
