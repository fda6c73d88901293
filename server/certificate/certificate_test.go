package certificate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

func statement() Statement {
	at := time.Date(2026, 11, 27, 21, 0, 0, 0, time.FixedZone("CET", 3600))
	return Statement{
		ID: "13fd7feb/1", Appliance: "lon6", Machine: Machine{ID: "m1", Name: "C0MPUT3", Serial: "C0MPUT3"},
		Disk: Disk{Serial: "S<1>&", Model: "Intel", Bytes: 1 << 40}, Method: report.EraseFormatCrypto, Category: Purge,
		Tried: []string{"sanitize-crypto: not supported"}, Read: 1 << 20, Fill: "random", Began: at, Ended: at.Add(time.Minute), Seconds: 60.5,
		Job: "13fd7feb", Requester: "search", User: "ada", Agent: "v1",
	}
}

func signed(t *testing.T) *Certificate {
	t.Helper()
	c, err := Sign(statement(), key(1))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "  ", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestACertificateIsVerifiedWhereverItWas(t *testing.T) {
	c := signed(t)
	for _, file := range []string{text(t, c), text(t, []*Certificate{c, c})} {
		all, err := Read(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if err := c.Verify(public(1)); err != nil {
				t.Error(err)
			}
		}
	}
}

// Every value is changed in its turn, by a character of it.
func TestEveryChangeBreaksIt(t *testing.T) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(text(t, signed(t).Statement)), &fields); err != nil {
		t.Fatal(err)
	}
	tried := 0
	var walk func(m map[string]any)
	walk = func(m map[string]any) {
		for name, v := range m {
			was := v
			switch v := v.(type) {
			case map[string]any:
				walk(v)
				continue
			case string:
				m[name] = v + "x"
				if strings.HasSuffix(name, "_at") {
					m[name] = "2026-01-01T00:00:00Z"
				}
			case float64:
				m[name] = v + 1
			case bool:
				m[name] = !v
			case []any:
				m[name] = []any{}
			}
			c := *signed(t)
			if err := json.Unmarshal([]byte(text(t, fields)), &c.Statement); err != nil {
				t.Fatal(err)
			}
			if err := c.Verify(public(1)); err == nil {
				t.Errorf("with %s = %v it still holds", name, m[name])
			}
			m[name], tried = was, tried+1
		}
	}
	walk(fields)
	if tried < 20 {
		t.Errorf("only %d values were changed", tried)
	}
}

func TestAnotherKeySignsNothingForUs(t *testing.T) {
	c := signed(t)
	if err := c.Verify(public(2)); !errors.Is(err, ErrKey) {
		t.Errorf("Verify() = %v, want another key", err)
	}
	c.Key = KeyID(public(2))
	if err := c.Verify(public(2)); !errors.Is(err, ErrForged) {
		t.Errorf("Verify() = %v, want it forged", err)
	}
}

func TestWhatIsNoCertificateIsRefused(t *testing.T) {
	for _, file := range []string{"", "[]", "[null]", "{", `{"statement":{},"note":"purged"}`, text(t, signed(t)) + "{}", `{"statement":{"serial":"x"}}`} {
		if all, err := Read(strings.NewReader(file)); err == nil {
			t.Errorf("Read(%.20q) = %+v, want it refused", file, all)
		}
	}
}

func TestKeysAreKeptAsText(t *testing.T) {
	pem, err := EncodeKey(public(1))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadKey([]byte(pem)); err != nil || !got.Equal(public(1)) {
		t.Errorf("ReadKey() = %v, %v", got, err)
	}
	for _, bad := range []string{"", "x", strings.ReplaceAll(pem, "PUBLIC", "PRIVATE")} {
		if _, err := ReadKey([]byte(bad)); err == nil {
			t.Errorf("ReadKey(%.20q): want it refused", bad)
		}
	}
}

func TestCategories(t *testing.T) {
	for method, want := range map[string]string{
		report.EraseSanitizeCrypto: Purge, report.EraseSanitizeBlock: Purge, report.EraseSanitizeWrite: Purge, report.EraseFormatCrypto: Purge,
		report.EraseFormat: Clear, report.EraseATA: Clear, report.EraseOverwrite: Clear, report.EraseDiscard: Clear, report.EraseATAEnhanced: Clear,
		"magnet": "", "": "",
	} {
		if got := Category(method, false); got != want {
			t.Errorf("Category(%q) = %q, want %q", method, got, want)
		}
	}
	if got := Category(report.EraseATAEnhanced, true); got != Purge {
		t.Errorf("of a rotating disk it is %q", got)
	}
}
