package machine

import (
	"errors"
	"fmt"
	"testing"
)

func TestWhatIsMissingSaysWhatToDo(t *testing.T) {
	for want, err := range map[string]error{
		`rule "wep": not found; did you mean web?`:                                               Missing("rule", "wep", "db", "web"),
		`machine "C0MPUT4": not found: firstlight machine ls lists those that there are`:         Missing("machine", "C0MPUT4"),
		`site "somewhere": not found: firstlight site ls lists those that there are`:             Missing("site", "somewhere", "lon6"),
		`machine "": not found: firstlight machine ls lists those that there are (it is needed)`: fmt.Errorf("%w (it is needed)", Missing("machine", "")),
	} {
		if err.Error() != want || !errors.Is(err, ErrNotFound) {
			t.Errorf("%v, is it ErrNotFound: %v; want %s", err, errors.Is(err, ErrNotFound), want)
		}
	}
}
