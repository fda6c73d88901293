package client

import (
	"regexp"
	"strings"
)

// How the API says things that the command line has other words for.
var (
	listRequest = regexp.MustCompile(`[Ll]ist those that there are with GET /api/v1/([a-z/-]+)`)
	fieldPlace  = regexp.MustCompile(`(?m)(^|; )(?:body|query|path)\.`)
)

// listCommands list what is not listed by its name with an s.
var listCommands = map[string]string{
	"deliveries":   "delivery ls",
	"issues":       "issues",
	"issues/kinds": "issue kinds",
}

// InCommands gives a refusal as whoever types commands can use it: lists by their
// command, and fields without the part of the request that they stand in.
func InCommands(detail string) string {
	detail = listRequest.ReplaceAllStringFunc(detail, func(request string) string {
		list := listRequest.FindStringSubmatch(request)[1]
		command, other := listCommands[list]
		if !other {
			command = strings.TrimSuffix(list, "s") + " ls"
		}
		return "firstlight " + command + " lists those that there are"
	})
	return fieldPlace.ReplaceAllString(detail, "$1")
}
