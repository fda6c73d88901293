// Package efiboot makes UEFI firmware start an installed disk, and reads what
// order it boots in.
//
// It promises to touch no boot entry but its own, to keep the network before
// the disk where the firmware had it so, and to believe nothing that it did not
// read back. Packages agent/install and agent/collect import it; it imports nothing of ours. All
// structures are of the UEFI specification 2.10, chapters 3 and 10.
package efiboot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Variables are the firmware's variables under the specification's own GUID.
// Get of a variable that does not exist returns an error that is fs.ErrNotExist.
type Variables interface {
	Names() ([]string, error)
	Get(name string) ([]byte, error)
	Set(name string, value []byte) error
	Delete(name string) error
}

// Entry is what the firmware is to start: a program on a partition.
type Entry struct {
	Number     uint32 // of the partition
	Start      uint64 // in sectors of the disk
	Size       uint64
	GUID       [16]byte // of the partition, as on the disk
	LoaderPath string   // with backslashes
}

// ours is how people see the entry in the firmware's menu, and how we find it
// again: at the next install it is written over, not joined by another.
const ours = "Firstlight"

// Reader reads the firmware's variables, as Variables does.
type Reader interface {
	Names() ([]string, error)
	Get(name string) ([]byte, error)
}

// What the entries of an order lead to.
const (
	ToNetwork = "network"
	ToUs      = "firstlight" // the disk that we installed
	ToDevice  = "device"     // any other disk, stick or drive
)

// Order says what the firmware tries, in its order. Entries that it passes over
// are left out: its own menus, and those that are switched off or not there.
func Order(v Reader) ([]string, error) {
	options, err := readOptions(v)
	if err != nil {
		return nil, err
	}
	order, err := readOrder(v)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, n := range order {
		switch o, found := options[n]; {
		case !found || o.kind == kindFirmware:
		case o.kind == kindNetwork:
			all = append(all, ToNetwork)
		case o.description == ours:
			all = append(all, ToUs)
		default:
			all = append(all, ToDevice)
		}
	}
	return all, nil
}

// Install writes the entry, puts it into the boot order, and returns the order
// as the firmware then tells it. Where the disk comes first, it is the next boot
// as well (BootNext, 3.3): some firmware sorts its order anew at each start.
// Where the network does, a next boot that somebody left behind is removed, for
// it would lead elsewhere.
func Install(v Variables, e Entry) (string, error) {
	options, err := readOptions(v)
	if err != nil {
		return "", err
	}
	number, stale := place(options)
	option := e.option()
	if err := set(v, optionName(number), option); err != nil {
		return "", err
	}
	order, err := readOrder(v)
	if err != nil {
		return "", err
	}
	current, _ := readWord(v, "BootCurrent") // tells which entry started us; firmware may leave it out
	want := arrange(without(order, append(stale, number)), options, number, current)
	if err := set(v, "BootOrder", encodeOrder(want)); err != nil {
		return "", err
	}
	for _, n := range stale {
		if err := v.Delete(optionName(n)); err != nil {
			return "", fmt.Errorf("delete the boot entry of an earlier install: %w", err)
		}
	}
	if err := next(v, number, want[0] == number); err != nil {
		return "", err
	}
	return spell(want), nil
}

func next(v Variables, number uint16, first bool) error {
	if first {
		return set(v, bootNext, encodeOrder([]uint16{number}))
	}
	if _, err := v.Get(bootNext); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := v.Delete(bootNext); err != nil {
		return fmt.Errorf("delete the firmware's %s: %w", bootNext, err)
	}
	if _, err := v.Get(bootNext); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the firmware keeps its %s, which was deleted", bootNext)
	}
	return nil
}

const bootNext = "BootNext"

// set writes a variable unless it is right already, for the firmware's memory
// wears out, and reads it back: firmware has been seen to accept what it then
// does not keep.
func set(v Variables, name string, value []byte) error {
	if got, err := v.Get(name); err == nil && bytes.Equal(got, value) {
		return nil
	}
	if err := v.Set(name, value); err != nil {
		return fmt.Errorf("set the firmware's %s: %w", name, err)
	}
	got, err := v.Get(name)
	if err != nil {
		return fmt.Errorf("read the firmware's %s back: %w", name, err)
	}
	if !bytes.Equal(got, value) {
		return fmt.Errorf("the firmware took %s as %x and gives it back as %x", name, value, got)
	}
	return nil
}

var optionPattern = regexp.MustCompile(`^Boot([0-9A-F]{4})$`)

func optionName(n uint16) string { return fmt.Sprintf("Boot%04X", n) }

func readOptions(v Reader) (map[uint16]option, error) {
	names, err := v.Names()
	if err != nil {
		return nil, fmt.Errorf("list the firmware's variables: %w", err)
	}
	options := map[uint16]option{}
	for _, name := range names {
		m := optionPattern.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		n, err := strconv.ParseUint(m[1], 16, 16)
		if err != nil {
			continue
		}
		b, err := v.Get(name)
		if err != nil {
			return nil, fmt.Errorf("read the firmware's %s: %w", name, err)
		}
		options[uint16(n)] = parseOption(b) // a broken one still occupies its number
	}
	return options, nil
}

// place returns the number for our entry: the one that it has, else the lowest
// free one; and those of ours that are too many.
func place(options map[uint16]option) (number uint16, stale []uint16) {
	var own []uint16
	for n, o := range options {
		if o.description == ours {
			own = append(own, n)
		}
	}
	slices.Sort(own)
	if len(own) > 0 {
		return own[0], own[1:]
	}
	for _, taken := options[number]; taken; _, taken = options[number] {
		number++
	}
	return number, nil
}

func readOrder(v Reader) ([]uint16, error) {
	b, err := v.Get("BootOrder")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the firmware's boot order: %w", err)
	}
	var order []uint16
	for i := 0; i+2 <= len(b); i += 2 {
		order = append(order, binary.LittleEndian.Uint16(b[i:]))
	}
	return order, nil
}

func readWord(v Variables, name string) (uint16, bool) {
	b, err := v.Get(name)
	if err != nil || len(b) != 2 {
		return 0, false
	}
	return binary.LittleEndian.Uint16(b), true
}

// arrange puts our entry behind the network, if the firmware tries the network
// before any disk, and first otherwise. The appliance decides what a machine
// that netboots does, and sends an installed one on to its disk, which has to
// be what comes next: behind the very network entry that started us, as every
// further one would first wait for an answer on its own.
func arrange(order []uint16, options map[uint16]option, number, current uint16) []uint16 {
	at := 0
	for i, n := range order {
		o := options[n]
		if o.kind == kindFirmware {
			continue
		}
		if o.kind == kindNetwork {
			at = i + 1
		}
		break
	}
	if i := slices.Index(order, current); at > 0 && i >= at && options[current].kind == kindNetwork {
		at = i + 1
	}
	return slices.Insert(slices.Clone(order), at, number)
}

func without(order, numbers []uint16) []uint16 {
	return slices.DeleteFunc(slices.Clone(order), func(n uint16) bool { return slices.Contains(numbers, n) })
}

func encodeOrder(order []uint16) []byte {
	var b []byte
	for _, n := range order {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	return b
}

func spell(order []uint16) string {
	var s []string
	for _, n := range order {
		s = append(s, fmt.Sprintf("%04X", n))
	}
	return strings.Join(s, " ")
}
