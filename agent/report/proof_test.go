package report_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"firstlight/agent/report"
)

func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

var aChallenge = base64.RawURLEncoding.EncodeToString(make([]byte, report.ChallengeBytes))

// G-03: whatever of a call is changed, its proof is not of it any more.
func TestAProofIsOfOneCall(t *testing.T) {
	key := keyOf(1)
	public := key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // Ed25519's
	p := report.Sign(key, aChallenge, 7, "session", "POST", "/agent/v1/redeem?x=1", []byte("body"))
	if !p.Of(public, "session", "POST", "/agent/v1/redeem?x=1", []byte("body")) {
		t.Fatal("the proof is not of the call that it was made for")
	}
	other := keyOf(2).Public().(ed25519.PublicKey) //nolint:forcetypeassert // Ed25519's
	later, elsewhere := p, p
	later.Number++
	elsewhere.Challenge = strings.Repeat("A", len(aChallenge)-1) + "Q"
	for name, is := range map[string]bool{
		"another key":       p.Of(other, "session", "POST", "/agent/v1/redeem?x=1", []byte("body")),
		"another session":   p.Of(public, "sessiom", "POST", "/agent/v1/redeem?x=1", []byte("body")),
		"another method":    p.Of(public, "session", "GET", "/agent/v1/redeem?x=1", []byte("body")),
		"another path":      p.Of(public, "session", "POST", "/agent/v1/result?x=1", []byte("body")),
		"another query":     p.Of(public, "session", "POST", "/agent/v1/redeem?x=2", []byte("body")),
		"another body":      p.Of(public, "session", "POST", "/agent/v1/redeem?x=1", []byte("bodz")),
		"another number":    later.Of(public, "session", "POST", "/agent/v1/redeem?x=1", []byte("body")),
		"another challenge": elsewhere.Of(public, "session", "POST", "/agent/v1/redeem?x=1", []byte("body")),
		"a line smuggled in": report.Sign(key, aChallenge, 7, "session", "POST\n/a", "/b", nil).
			Of(public, "session", "POST", "/a\n/b", nil),
	} {
		if is {
			t.Errorf("with %s the proof holds, want it refused", name)
		}
	}
}

func TestAProofHasOneForm(t *testing.T) {
	good := report.Sign(keyOf(1), aChallenge, 7, "s", "GET", "/", nil).String()
	if p, err := report.ParseProof(good); err != nil || p.String() != good || p.Number != 7 {
		t.Fatalf("ParseProof(%s) = %+v, %v", good, p, err)
	}
	parts := strings.Split(good, ".")
	for _, bad := range []string{
		"", ".", "..", good + ".", "." + good, good + "=", strings.Replace(good, ".7.", ".07.", 1), strings.Replace(good, ".7.", ".+7.", 1),
		strings.Replace(good, ".7.", ".-7.", 1), strings.Replace(good, ".7.", ".18446744073709551616.", 1), strings.Replace(good, ".7.", "..", 1),
		parts[0][1:] + ".7." + parts[2], parts[0] + ".7." + parts[2][4:], parts[0] + "A.7." + parts[2], parts[0] + ".7." + parts[2] + strings.Repeat("A", 400),
		" " + good, good + "\n", strings.ReplaceAll(good, "A", "!"),
	} {
		if p, err := report.ParseProof(bad); err == nil {
			t.Errorf("ParseProof(%q) = %+v, want an error", bad, p)
		}
	}
}

// FuzzParseProof: what is taken is written back as it was.
func FuzzParseProof(f *testing.F) {
	f.Add(report.Sign(keyOf(1), aChallenge, 7, "s", "GET", "/", nil).String())
	f.Add("..")
	f.Add("A.1.B")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := report.ParseProof(s); err == nil && p.String() != s {
			t.Errorf("ParseProof(%q) is written as %q", s, p.String())
		}
	})
}

func TestAFingerprintIsTheHashOfTheKey(t *testing.T) {
	if got := report.Fingerprint(make([]byte, ed25519.PublicKeySize)); got != "SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU" {
		t.Errorf("Fingerprint(32 zeros) = %s", got)
	}
}
