package machine

import (
	"regexp"
	"sync"
)

// shape tells of a text whether it looks like an expression. The expression is
// compiled for the first text: the command line uses this package as well, has
// seldom a text to judge, and is to answer at once.
func shape(expression string) func(string) bool {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
	return func(text string) bool { return compiled().MatchString(text) }
}
