package output

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// thing is a row with every kind of value.
type thing struct {
	Name, State string
	Bytes       uint64
	Since       time.Time
}

var thingColumns = []Column[thing]{
	{Name: "name", Value: func(t thing) any { return t.Name }},
	{Name: "state", Value: func(t thing) any { return Word{t.State, map[string]Tone{"held": Held}[t.State]} }},
	{Name: "bytes", Head: "ON DISK", Value: func(t thing) any { return Size(t.Bytes) }},
	{Name: "since", Value: func(t thing) any { return Age(t.Since) }},
	{Name: "since_at", Wide: true, Value: func(t thing) any { return t.Since }},
	{Name: "none", Wide: true, Value: func(thing) any { return nil }},
}

var things = []thing{
	{"C0MPUT3", "held", 1200, noon.Add(-40 * time.Minute)},
	{"=cmd|' /C calc'!A0", "", 28523776, noon.Add(-72 * time.Hour)},
}

func rowsOf(t *testing.T, all []thing) Rows[thing] {
	t.Helper()
	rows := Rows[thing]{Items: all}
	for _, one := range all {
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		rows.Text = append(rows.Text, text)
	}
	return rows
}

func TestForms(t *testing.T) {
	for _, tt := range []struct {
		form   string
		colour bool
		want   string
	}{
		{"table", false, "NAME                STATE  ON DISK  SINCE\nC0MPUT3             held    1.2 kB  40m\n=cmd|' /C calc'!A0         28.5 MB  3d\n"},
		{"table", true, "NAME                STATE  ON DISK  SINCE\nC0MPUT3             \x1b[33mheld\x1b[0m    1.2 kB  40m\n=cmd|' /C calc'!A0         28.5 MB  3d\n"},
		{Wide, false, "NAME                STATE  ON DISK  SINCE  SINCE AT             NONE\nC0MPUT3             held    1.2 kB  40m    2026-11-24 11:20:00\n=cmd|' /C calc'!A0         28.5 MB  3d     2026-11-21 12:00:00\n"},
		{CSV, true, "name,state,bytes,since,since_at,none\nC0MPUT3,held,1200,2026-11-24T11:20:00Z,2026-11-24T11:20:00Z,\n'=cmd|' /C calc'!A0,,28523776,2026-11-21T12:00:00Z,2026-11-21T12:00:00Z,\n"},
		{Name, true, "C0MPUT3\n=cmd|' /C calc'!A0\n"},
	} {
		t.Run(tt.form, func(t *testing.T) {
			var out strings.Builder
			if err := List(Printer{W: &out, Form: tt.form, Colour: tt.colour, Now: noon}, rowsOf(t, things), thingColumns); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("List() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnformula(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "C0MPUT3": "C0MPUT3", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": `'\t=1`, "\r=1": `'\r=1`, "a\nb": "a\nb", "\x1b[2J": `\x1b[2J`,
	} {
		if got := unformula(text); got != want {
			t.Errorf("unformula(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestJSONIsHarmlessAndTheSame(t *testing.T) {
	const hostile = "\x1b]0;x\u0007 \u009b2J a\u202eb \U000e0041 é🙂<&>"
	text, err := encode(map[string]string{"a": hostile})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"\u001b]0;x\u0007 \u009b2J a\u202eb \udb40\udc41 é🙂<&>"}` + "\n"; string(text) != want {
		t.Errorf("encode() = %s, want %s", text, want)
	}
	var back map[string]string
	if err := json.Unmarshal(text, &back); err != nil || back["a"] != hostile {
		t.Errorf("it reads as %q, %v", back["a"], err)
	}
}

func TestChanges(t *testing.T) {
	a, b, c := thing{"a", "held", 1, noon}, thing{"b", "in_use", 2, noon}, thing{"c", "held", 3, noon}
	changed := b
	changed.State = "held"
	for _, tt := range []struct {
		form, want string
		newest     bool
	}{
		{"table", "NAME  STATE   ON DISK  SINCE\na     held        1 B  0s\nb     in_use      2 B  0s\n|b     held       2 B  1m\nc     held       3 B  1m\n|", false},
		{"table", "NAME  STATE   ON DISK  SINCE\nb     in_use      2 B  0s\na     held        1 B  0s\n|c     held       3 B  1m\nb     held       2 B  1m\n|", true},
		{Name, "a\nb\n|c\n|", false},
		{JSON, `{"Name":"a","State":"held","Bytes":1,"Since":"2026-11-24T12:00:00Z"}` + "\n" + `{"Name":"b","State":"in_use","Bytes":2,"Since":"2026-11-24T12:00:00Z"}` +
			"\n|" + `{"Name":"b","State":"held","Bytes":2,"Since":"2026-11-24T12:00:00Z"}` + "\n" + `{"Name":"c","State":"held","Bytes":3,"Since":"2026-11-24T12:00:00Z"}` + "\n|", false},
	} {
		t.Run(tt.form, func(t *testing.T) {
			var out strings.Builder
			changes := Changes[thing]{Columns: thingColumns, Newest: tt.newest}
			for i, all := range [][]thing{{a, b}, {a, changed, c}, {a, changed, c}, {changed, c}} {
				p := Printer{W: &out, Form: tt.form, Now: noon.Add(time.Duration(i) * time.Minute)}
				gone, err := changes.Print(p, rowsOf(t, all))
				if want := map[int][]string{3: {"a"}}[i]; err != nil || !cmp.Equal(want, gone) {
					t.Fatalf("Print() = %v, %v, want %v", gone, err, want)
				}
				if i < 2 {
					out.WriteString("|")
				}
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("Print() (-want +got):\n%s", diff)
			}
		})
	}
}

// paper is a terminal of 80 columns and 24 rows that keeps what it was sent.
func paper(t *testing.T) (term *Terminal, read func() string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "paper"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return &Terminal{f}, func() string {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

func TestScreenDrawsInOnePlace(t *testing.T) {
	term, read := paper(t)
	s := Screen{T: term}
	for _, lines := range [][]string{{"one", "two"}, {"three"}, strings.Fields(strings.Repeat("row ", 30))} {
		if err := s.Draw(lines); err != nil {
			t.Fatal(err)
		}
	}
	want := "one\x1b[K\ntwo\x1b[K\n\x1b[J" + "\x1b[2A\rthree\x1b[K\n\x1b[J" + "\x1b[1A\r" + strings.Repeat("row\x1b[K\n", 22) + "… and 8 more\x1b[K\n\x1b[J"
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Errorf("Draw() (-want +got):\n%s", diff)
	}
}

func TestClipped(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "abcde": "abcde", "abcdef": "abcde\x1b[0m", "äöüßéà": "äöüßé\x1b[0m",
		"\x1b[31mab\x1b[0m cd": "\x1b[31mab\x1b[0m cd", "a\x1b[31mbcdefg\x1b[0m": "a\x1b[31mbcde\x1b[0m",
	} {
		if got := clipped(line, 5); got != want {
			t.Errorf("clipped(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestProgressOnATerminalIsOneLine(t *testing.T) {
	term, read := paper(t)
	p := Progress{W: term.file, T: term, Now: func() time.Time { return noon }}
	p.Clear() // nothing stands there yet
	p.Tell("%d of 2", 1)
	p.Tell("%s", strings.Repeat("x", 200))
	p.Clear()
	p.Clear()
	if want := "\r1 of 2\x1b[K" + "\r" + strings.Repeat("x", 79) + "\x1b[0m\x1b[K" + "\r\x1b[K"; read() != want {
		t.Errorf("it wrote %q, want %q", read(), want)
	}
}

func TestProgressInALogIsALineNowAndThen(t *testing.T) {
	var log strings.Builder
	now := noon
	p := Progress{W: &log, Now: func() time.Time { return now }}
	for second := range 25 {
		now = noon.Add(time.Duration(second) * time.Second)
		p.Tell("%d s", second)
	}
	p.Clear()
	if want := "10 s\n20 s\n"; log.String() != want {
		t.Errorf("it wrote %q, want %q", log.String(), want)
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"Dell Inc.": "Dell Inc.", "é🙂": "é🙂", "\x1b[2J": `\x1b[2J`, "a\nb": `a\nb`, "a\u202eb": `a\u202eb`, "\xff": `\ufffd`,
	} {
		if got := Plain(text); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
}
