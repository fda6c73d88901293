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

// running are the keys whose first request has not been answered yet.
type running struct {
	mu   sync.Mutex
	keys map[[2]string]bool
}

// begin is false while another one goes on.
func (r *running) begin(who, key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[[2]string{who, key}] {
		return false
	}
	if r.keys == nil {
		r.keys = map[[2]string]bool{}
	}
	r.keys[[2]string{who, key}] = true
	return true
}

func (r *running) end(who, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, [2]string{who, key})
}
