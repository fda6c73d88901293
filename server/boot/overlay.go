package boot

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Overlay is what the initramfs of some machines gets besides: the firmware of rare
// network cards, by their driver.
type Overlay struct {
	Driver string `json:"driver"`
	// PCI are its cards: vendor and device as 1425:5410, or 1425:* for all of one.
	PCI []string `json:"pci,omitempty"`
}

// OtherCard is the card of a machine that boots through none on the PCI bus.
const OtherCard = "other"

// iPXE names the card that it booted through by the numbers of its bus: the type of
// the bus, and vendor and device, as in 01:14:25:54:10 (${netX/busid}; the types are
// those of its include/ipxe/device.h).
const (
	busPCI    = 1
	busXen    = 8
	busHyperV = 9
	busUSB    = 10
)

// ParseCard reads that as 1425:5410. What iPXE does not know is "": the firmware
// drives the card, and does not tell.
func ParseCard(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(b) != 5 || len(text) != 14 || strings.Count(text, ":") != 4 {
		return "", fmt.Errorf("card %.32q is not of the form 01:14:25:54:10, as iPXE's ${netX/busid} is", text)
	}
	switch {
	case b[0] == busXen || b[0] == busHyperV || b[0] == busUSB:
		return OtherCard, nil
	case b[0] != busPCI || b[1] == 0 && b[2] == 0:
		return "", nil
	default:
		return fmt.Sprintf("%02x%02x:%02x%02x", b[1], b[2], b[3], b[4]), nil
	}
}

// BusID is the card of a Request as iPXE tells it.
func BusID(card string) string {
	vendor, device, _ := strings.Cut(card, ":")
	switch {
	case card == OtherCard:
		return fmt.Sprintf("%02x:00:00:00:00", busXen)
	case len(vendor) != 4 || len(device) != 4:
		return ""
	}
	return fmt.Sprintf("%02x:%s:%s:%s:%s", busPCI, vendor[:2], vendor[2:], device[:2], device[2:])
}

// wanted are the overlays for a machine that boots through a card: the one that
// drives it, if any does, and all where it is not known.
func wanted(card string, all []Overlay) []Overlay {
	if card == "" {
		return all
	}
	vendor, _, _ := strings.Cut(card, ":")
	return slices.DeleteFunc(slices.Clone(all), func(o Overlay) bool {
		return !slices.Contains(o.PCI, card) && !slices.Contains(o.PCI, vendor+":*")
	})
}

// drivers names overlays in an Answer.
func drivers(all []Overlay) string {
	var names []string
	for _, o := range all {
		names = append(names, o.Driver)
	}
	return strings.Join(names, " ")
}

// Besides says, for people, what comes with the agent besides: "" where nothing does.
func Besides(r Request, a Answer) string {
	switch {
	case a.Overlays == "":
		return ""
	case r.Card == "":
		return "all overlays, for its loader does not tell through which card it boots: " + a.Overlays
	default:
		return "overlay " + a.Overlays + " for " + r.Card
	}
}
