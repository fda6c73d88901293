package gate

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

// FuzzAnswer reads the body that another system signed: it is ok, a refusal in
// one plain line, or named as wrong with few words.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{"answer": "ok"}`, `{"answer":"refused","reason":"disk missing"}`, `{"answer":"ok"} {}`, `{"answer":"refused","reason":"a\nb"}`,
		`{"answer":"maybe"}`, `[]`, ``, `{"answer":"ok","more":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		refused, err := read(body)
		if wrong, ok := errors.AsType[*WrongError](err); err != nil && (!ok || len(wrong.Value) > 200) {
			t.Errorf("read(%q) = %v", body, err)
		}
		if len(refused) > maxReason || strings.ContainsFunc(refused, unicode.IsControl) {
			t.Errorf("read(%q) = %q", body, refused)
		}
	})
}
