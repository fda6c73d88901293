package ipmi

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEndpoint(t *testing.T) {
	for address, want := range map[string]string{
		"10.0.0.7": "10.0.0.7:623", "10.0.0.7:6230": "10.0.0.7:6230", "ipmi://bmc7.example/": "bmc7.example:623",
		"fe80::1": "[fe80::1]:623", "[fe80::1]:99": "[fe80::1]:99", "": "", "a b": "", "host:0": "", "host:70000": "", "https://host": "", "me@host": "",
	} {
		got, err := endpoint(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("endpoint(%q) = %q, %v, want %q", address, got, err, want)
		}
	}
}

// Sealed packets of every length come back whole, and a changed one does not.
func TestPacketsAreSignedAndSealed(t *testing.T) {
	for _, s := range suites {
		own := &session{suite: s, own: 7, theirs: 7, signing: bytes.Repeat([]byte{1}, 32), crypt: bytes.Repeat([]byte{2}, 32)}
		for n := range 40 {
			plain := bytes.Repeat([]byte{byte(n)}, n)
			sealed, err := encrypt(own.crypt, plain)
			if err != nil {
				t.Fatal(err)
			}
			b := packet{encrypted | authenticated, 7, uint32(n + 1), sealed}.marshal(own.sign)
			for i := 4; i < len(b); i++ { // the RMCP header is outside of what is signed
				b[i] ^= 1
				if _, ok := own.believe(b); ok {
					t.Fatalf("suite %d: %d bytes changed at %d are believed", s.id, n, i)
				}
				b[i] ^= 1
			}
			got, ok := own.believe(b)
			if !ok || !bytes.Equal(got, plain) {
				t.Fatalf("suite %d: %d bytes came back as % x, %v", s.id, n, got, ok)
			}
			if _, again := own.believe(b); again {
				t.Fatalf("suite %d: a packet is believed twice", s.id)
			}
		}
	}
}

func TestFRU(t *testing.T) {
	area := func(head []byte, texts ...string) []byte {
		b := append([]byte{}, head...)
		for _, s := range texts {
			b = append(append(b, 0xC0|byte(len(s))), s...)
		}
		for b = append(b, 0xC1); len(b)%8 != 0; {
			b = append(b, 0)
		}
		return b
	}
	board := area([]byte{1, 3, 25, 0, 0, 0}, "Contoso", "Board", "B-1")
	goods := area([]byte{1, 5, 25}, "Contoso Ltd", "R740 ", "", "", "SN-7\x00")
	chassis := area([]byte{1, 3, 0x17}, "", "CH-2")
	at := func(n int) byte { return byte(n / 8) }
	all := []byte{1, 0, 1, at(8 + len(chassis)), at(8 + len(chassis) + len(board)), 0, 0, 0}
	all = bytes.Join([][]byte{all, chassis, board, goods}, nil)
	want := product{Vendor: "Contoso Ltd", Model: "R740", Serial: "SN-7", serials: []string{"SN-7", "CH-2", "B-1"}}
	if diff := cmp.Diff(want, parseFRU(all), cmp.AllowUnexported(product{})); diff != "" {
		t.Errorf("parseFRU (-want +got):\n%s", diff)
	}
	for n := range all { // cut anywhere, it says less and does not fall over
		parseFRU(all[:n])
	}
}

// What anybody can send to a socket must not stop us.
func FuzzPacket(f *testing.F) {
	own := &session{suite: suites[0], own: 7, signing: bytes.Repeat([]byte{1}, 32), crypt: bytes.Repeat([]byte{2}, 32)}
	sealed, err := encrypt(own.crypt, message(netApp, 1, getDeviceID, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packet{encrypted | authenticated, 7, 1, sealed}.marshal(own.sign))
	f.Add(packet{kind: payloadOpenAnswer, payload: make([]byte, 36)}.marshal(nil))
	f.Fuzz(func(_ *testing.T, b []byte) {
		s := *own
		if plain, ok := s.believe(b); ok {
			answer(plain, netApp, 1, getDeviceID)
		}
		_, _ = decrypt(own.crypt, b)
		answer(b, netApp, 1, getDeviceID)
		parseFRU(b)
	})
}
