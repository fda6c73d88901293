package machine

import (
	"cmp"
	"testing"

	"pgregory.net/rapid"
)

// A database that compares keys byte by byte must order names as we do.
func TestNameKeysOrderAsNamesDo(t *testing.T) {
	names := rapid.StringMatching(`[a-cR0-2/:-]{0,4}([0-9]{0,12})[a-b0]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		if want, got := CompareNames(a, b), cmp.Compare(NameKey(a), NameKey(b)); got != want {
			t.Fatalf("keys %q and %q compare %d, names %q and %q %d", NameKey(a), NameKey(b), got, a, b, want)
		}
	})
}

func TestNameKeysOfLongNumbers(t *testing.T) {
	for _, pair := range [][2]string{{"r99999999", "r100000000"}, {"r999999999", "r1000000000"}, {"x123456789012345678", "x1234567890123456789"}, {"a9b", "a10a"}} {
		if NameKey(pair[0]) >= NameKey(pair[1]) {
			t.Errorf("%q does not come before %q", pair[0], pair[1])
		}
	}
}
