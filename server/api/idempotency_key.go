package api

import (
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// keyText is a string of RFC 8941 section 3.3.3 without escapes, or the same bare.
var keyText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,200})"|([\x21\x23-\x5b\x5d-\x7e]{1,200}))$`)
})

// parseKey reads a key as the draft wants it, quoted, or bare as most clients
// send it.
func parseKey(text string) (string, bool) {
	m := keyText().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "", false
	}
	return m[1] + m[2], true
}

func keyProblem(status int, key, why string) error {
	e := &huma.ErrorDetail{Message: why, Location: "header." + idempotencyKey, Value: key}
	return huma.NewError(status, sentence(e), e)
}
