package complete

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// grammar has every kind of word.
type grammar struct {
	NoColor bool
	Machine struct {
		Ls struct {
			Output   string `short:"o" enum:"table,json" default:"table"`
			Watch    bool   `short:"w"`
			Socket   string
			Selector string `arg:"" optional:"" complete:"selector"`
		} `cmd:"" help:"List machines. All of them."`
		Power struct {
			Ref    string `arg:"" complete:"machine"`
			Action string `arg:"" enum:"on,off,cycle"`
		} `cmd:""`
		Many struct {
			Refs []string `arg:"" complete:"machine"`
		} `cmd:""`
		Secret struct{} `cmd:"" hidden:""`
	} `cmd:""`
	Check struct {
		Config string `arg:"" optional:"" placeholder:"FILE"`
		Status string `complete:"queued,started"`
	} `cmd:""`
}

func known(kind, prefix string, flags map[string]string) []Candidate {
	if flags["socket"] == "elsewhere" {
		return []Candidate{{Value: "ELSE1"}}
	}
	return map[string][]Candidate{
		"machine":    {{Value: "C0MPUT3"}, {Value: "C0MPUT4"}, {Value: "VR1"}, {Value: "$(reboot)"}, {Value: "a b"}},
		"field:rack": {{Value: "r12"}, {Value: "r13"}},
	}[kind]
}

func TestAt(t *testing.T) {
	parser, err := kong.New(&grammar{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ line, want string }{
		{"firstlight ", "machine check"},
		{"firstlight mach", "machine"},
		{"firstlight machine ", "ls power many"},
		{"firstlight --no-color machine l", "ls"},
		{"firstlight machine ls --", "--help --no-color --output --watch --socket"},
		{"firstlight machine ls --o", "--output"},
		{"firstlight machine ls -o ", "table json"},
		{"firstlight machine ls -w -o j", "json"},
		{"firstlight machine ls --output=j", "--output=json"},
		{"firstlight machine ls --nosuch=j", ""},
		{"firstlight machine ls -ojson --watch ra", "rack=r12 rack=r13"},
		{"firstlight machine power C0", "C0MPUT3 C0MPUT4"},
		{"firstlight machine power ", "C0MPUT3 C0MPUT4 VR1"},
		{"firstlight machine power C0MPUT3 c", "cycle"},
		{"firstlight machine power C0MPUT3 on ", ""},
		{"firstlight machine power -- --", ""},
		{"firstlight machine many C0MPUT3 V", "VR1"},
		{"firstlight check ", "FILES"},
		{"firstlight check --status s", "started"},
		{"firstlight machine ls --socket elsewhere rack=", "rack=ELSE1"},
		{"firstlight machine ls --socket=elsewhere rack=", "rack=ELSE1"},
		{"firstlight machine ls 'rack=r12 st", "rack=r12 status=…"},
		{"firstlight machine ls 'rack=r12 status=in", "rack=r12 status=installing|rack=r12 status=in_use"},
		{"firstlight machine ls 'rack=r12,", "rack=r12,r12|rack=r12,r13"},
		{"firstlight machine ls '(!rack!=r", "(!rack!=r12|(!rack!=r13"},
		{"firstlight machine ls 'cor", "cores=|cores!="},
		{"firstlight machine ls 'nosuch=", ""},
		{"firstlight machine ls p", "pool= product= power= platform="},
		{"firstlight nosuch ", ""},
		{"firstlight", ""},
		{"", ""},
	} {
		t.Run(tt.line, func(t *testing.T) {
			all, files := At(parser.Model.Node, ParseLine(tt.line), known)
			var got []string
			for _, c := range all {
				got = append(got, c.Value)
			}
			if files {
				got = append(got, "FILES")
			}
			text := strings.Join(got, "|")
			if before, ok := strings.CutSuffix(tt.want, "…"); ok {
				if len(got) != 13 || !strings.HasPrefix(text, before) {
					t.Errorf("At() = %q, want all that begin with %s", got, before)
				}
				return
			}
			want := tt.want
			if !strings.Contains(tt.line, "'") {
				want = strings.ReplaceAll(strings.TrimSpace(want), " ", "|")
			}
			if diff := cmp.Diff(want, text); diff != "" {
				t.Errorf("At() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseLine(t *testing.T) {
	for text, want := range map[string]Line{
		"":                       {},
		"a":                      {Last: "a"},
		"a ":                     {Words: []string{"a"}},
		" a  b\tc":               {Words: []string{"a", "b"}, Last: "c"},
		"a 'b c":                 {Words: []string{"a"}, Last: "b c", Quote: '\''},
		`a "b 'c`:                {Words: []string{"a"}, Last: "b 'c", Quote: '"'},
		`a 'b c' "" d\ e\`:       {Words: []string{"a", "b c", ""}, Last: `d e\`},
		`a 'b\' c`:               {Words: []string{"a", `b\`}, Last: "c"},
		`a "b\"c" x`:             {Words: []string{"a", `b"c`}, Last: "x"},
		"a ünï":                  {Words: []string{"a"}, Last: "ünï"},
		"firstlight ls rack='r1": {Words: []string{"firstlight", "ls"}, Last: "rack=r1", Quote: '\''},
	} {
		if diff := cmp.Diff(want, ParseLine(text)); diff != "" {
			t.Errorf("ParseLine(%q) (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzAt(f *testing.F) {
	parser, err := kong.New(&grammar{})
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range []string{"firstlight machine ls -o j", "x machine ls 'a=", "x --", "x check --status=q", `x "\`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		l := ParseLine(line)
		all, _ := At(parser.Model.Node, l, known)
		for _, c := range all {
			if !strings.HasPrefix(c.Value, l.Last) {
				t.Errorf("At(%q) gives %q, which does not go on from %q", line, c.Value, l.Last)
			}
		}
	})
}
