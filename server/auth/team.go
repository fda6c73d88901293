package auth

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// maxTeams bounds the teams of one account.
const maxTeams = 32

// teamName is compiled for the first name, so that the command line, which has none, starts at once.
var teamName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) })

// CheckTeam refuses what is no team's name. A team exists as soon as an account
// is in it; the owner of a machine is the name of one.
func CheckTeam(name string) error {
	if !teamName().MatchString(name) {
		return refuse("team %.64q: want 1 to 63 lower-case letters, digits and inner dashes, such as search", name)
	}
	return nil
}

// ParseTeams reads teams as people write them: with blanks or commas between.
func ParseTeams(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
}

// checkTeams gives teams in order and each once.
func checkTeams(teams []string) ([]string, error) {
	all := slices.Clone(teams)
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > maxTeams {
		return nil, refuse("%d teams: want at most %d of one account", len(all), maxTeams)
	}
	for _, t := range all {
		if err := CheckTeam(t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// InTeam tells whether the user belongs to a team.
func (u User) InTeam(team string) bool { return team != "" && slices.Contains(u.Teams, team) }

// narrowed are the teams that a token leaves of its account's: those that both
// name, or all where the token names none.
func narrowed(account, token []string) []string {
	if len(token) == 0 {
		return account
	}
	return slices.DeleteFunc(slices.Clone(account), func(t string) bool { return !slices.Contains(token, t) })
}
