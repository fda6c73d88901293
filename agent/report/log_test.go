package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestALogThatNoAgentSendsIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		log  Log
		want string // "": taken
	}{
		{"one line", Log{Life: "a", Lines: []string{""}}, ""},
		{"as many and as long as may be", Log{Life: "a", First: 7, Lost: 3, Lines: strings.Split(strings.Repeat(strings.Repeat("x", MaxLine)+"\n", MaxLines-1)+"x", "\n")}, ""},
		{"no life", Log{Lines: []string{"x"}}, "life has 0 bytes"},
		{"no lines", Log{Life: "a"}, "0 lines, want 1 to 200"},
		{"too many lines", Log{Life: "a", Lines: make([]string, MaxLines+1)}, "201 lines"},
		{"a line too long", Log{Life: "a", First: 40, Lines: []string{"", strings.Repeat("x", MaxLine+1)}}, "line 41 has 513 bytes"},
		{"a number below 0", Log{Life: "a", First: -1, Lines: []string{"x"}}, "first -1"},
	} {
		b, err := json.Marshal(tt.log)
		if err != nil {
			t.Fatal(err)
		}
		_, err = DecodeLog(strings.NewReader(string(b)))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
