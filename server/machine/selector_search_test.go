package machine

import "testing"

func TestSearch(t *testing.T) {
	m := specimen()
	m.Note, m.Tags = "fan is loud; see ticket 17", []string{"loaner"}
	for text, want := range map[string]bool{
		`"c0mp"`:           true, // the beginning of a name
		`"put3"`:           false,
		`"525400000002"`:   true, // a MAC without separators
		`"52:54:00:00:00"`: true,
		`"10.80.12.100"`:   true,
		`"r640/2 dell"`:    true, // all of the words, in any order
		`"dell hp"`:        false,
		`"loud"`:           true,
		`"loaner" rack=r1`: false,
		`!"loaner"`:        false,
		`"d2"`:             true, // a disk
		`'lon6-db'`:        true,
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		if s.Match(m) != want {
			t.Errorf("%s finds it: %v, want %v", text, !want, want)
		}
	}
}

func TestSearchBox(t *testing.T) {
	for text, want := range map[string]bool{
		"C0MP": true, "dell inc": true, "C0MP hp": false, "rack=r12": true, "rack": true, "": true, "poweredge r640/2": true,
	} {
		s, err := ParseSearch(text)
		if err != nil || s.Match(specimen()) != want {
			t.Errorf("ParseSearch(%q) picks it: %v, want %v; %v", text, !want, want, err)
		}
	}
	for _, text := range []string{"stauts=held", `"`, "(rack", "a\x00b"} {
		if s, err := ParseSearch(text); err == nil {
			t.Errorf("ParseSearch(%q) = %v, want an error", text, s)
		}
	}
}
