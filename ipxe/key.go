package ipxe

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// debiansRoot is the SHA-256 fingerprint of the root certificate that Debian's
// loaders trust, the iPXE project's own (src/crypto/rootcert.c). No DHCP option
// and no script changes it.
var debiansRoot = unhex("9faf717b7f8ca2f93c256c79f8ac5591895d66d1ff3bee6397a70d29c65eed1a")

// Features that iPXE lists in option 175 (src/include/ipxe/features.h), each
// with a length and a version of one: HTTP and, next in the linker's order,
// HTTPS.
var (
	listsHTTP    = []byte{19, 1, 1, 20, 1, 1}
	listsNotHTTP = []byte{20, 1, 1, 20, 1, 1}
)

// What iPXE asks for by DHCPv6, where it lists no features: option 6 with name
// servers, domains, and the URL and the parameters of a boot file
// (src/net/udp/dhcpv6.c). The last makes way for vendor options, which a stock
// loader does not ask for.
var (
	asksForParameters = []byte{0, 6, 0, 8, 0, 23, 0, 24, 0, 59, 0, 60}
	asksForVendor     = []byte{0, 6, 0, 8, 0, 23, 0, 24, 0, 59, 0, 17}
)

// ErrNotKeyed says that a loader is none that a keyed copy can be made of.
var ErrNotKeyed = errors.New("no keyed copy of it can be made")

// Key gives a copy of an EFI loader that trusts one root certificate, named by
// the SHA-256 of its DER, and fetches over HTTPS alone:
//
//   - the fingerprint of Debian's root is replaced by that of the given one;
//   - URIs of every scheme but https and file find nobody who opens them, so
//     that no forged DHCP answer leads it to a server that shows no certificate;
//   - it does not list HTTP among its features in DHCP option 175 any more. By
//     that a server tells it from a stock loader, which trusts another root;
//   - by DHCPv6 it asks for vendor options (17) and not for parameters of the
//     boot file (60), for the same reason.
//
// What is not found exactly once, and a loader that is signed, is ErrNotKeyed.
func Key(loader []byte, root [32]byte) ([]byte, error) {
	keyed := bytes.Clone(loader)
	for _, step := range []error{
		replace(keyed, "the fingerprint of its root certificate", debiansRoot, root[:]),
		httpsOnly(keyed),
		replace(keyed, "the list of its features", listsHTTP, listsNotHTTP),
		replace(keyed, "what it asks for by DHCPv6", asksForParameters, asksForVendor),
	} {
		if step != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotKeyed, step)
		}
	}
	return keyed, nil
}

// KeyedName is what a keyed copy is called: by its root, so that copies for two
// of them lie side by side and nobody's cache takes one for the other.
func KeyedName(name string, root [32]byte) string {
	return fmt.Sprintf("%s-%x.efi", strings.TrimSuffix(name, ".efi"), root[:4])
}

// EFILoaders are those of which keyed copies are made. The BIOS loader has TLS and
// the same root, but stands packed in its file (LZMA).
func EFILoaders() []string { return []string{SNPOnlyEFI, AMD64EFI, ARM64EFI} }

// replace writes over what must stand in b exactly once.
func replace(b []byte, what string, from, to []byte) error {
	if n := bytes.Count(b, from); n != 1 {
		return fmt.Errorf("%s stands in it %d times, not once", what, n)
	}
	copy(b[bytes.Index(b, from):], to)
	return nil
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err) // a constant
	}
	return b
}
