package oob_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"firstlight/server/oob"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	const canary = "canary-7f3a"
	type holder struct{ Password oob.Secret }
	s := oob.Secret(canary)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("login", "password", s, "all", holder{s})
	asJSON, err := json.Marshal(map[string]any{"a": s, "b": holder{s}, "c": []oob.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{s.String(), logged.String(), string(asJSON), fmt.Errorf("log in with %v", s).Error()}
	for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%X", "%d", "%t", "%10s", "%T %[1]v"} {
		texts = append(texts, fmt.Sprintf(verb, s), fmt.Sprintf(verb, holder{s}), fmt.Sprintf(verb, &holder{s}))
	}
	for _, text := range texts {
		hex := fmt.Sprintf("%x", canary)
		if strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), hex) {
			t.Errorf("printed %q, want no trace of the password", text)
		}
	}
	if string(s) != canary {
		t.Errorf("string(s) = %q, want the password itself", string(s))
	}
}
