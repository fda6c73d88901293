package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

var errOther = errors.New("in another state by now")

func (c *canned) Tag(thing any) string {
	switch v := thing.(type) {
	case *machine.Machine:
		return fmt.Sprint("v", v.Version)
	case *machine.Issue:
		return "taken by " + v.Taken
	case auth.Account:
		return fmt.Sprint(v.Role, v.Teams)
	case *machine.Rule:
		return fmt.Sprint(*v)
	}
	return "as it is"
}

func (c *canned) Resting(ctx context.Context, thing any, tag string) (context.Context, error) {
	if now := c.Tag(thing); now != tag {
		return nil, fmt.Errorf("%s, not %s: %w", now, tag, errOther)
	}
	return ctx, nil
}

func (c *canned) Overtaken(err error) bool { return errors.Is(err, errOther) }

// unconditional are the forms that send no state, with the reason.
var unconditional = map[string]string{
	`/light$`:                "it points at a machine and changes nothing of it",
	`^/log(in|out)`:          "nothing is shown that it changes",
	`^/account/`:             "a password is proven by the old one, a token does not change",
	`^/people$`:              "it makes something new",
	`^/deliveries(/check)?$`: "each line is judged against the fleet within the write",
}

// TestEveryFormSaysWhatItShows: a form that changes something sends the state
// that it shows, or the version with what each field said.
func TestEveryFormSaysWhatItShows(t *testing.T) {
	b := newBench(t, full())
	cookie, seen := b.as(auth.Admin), map[string]bool{}
	for _, s := range stories {
		doc, err := html.Parse(strings.NewReader(b.get(s.path, cookie).body))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Data != "form" || attr(n, "method") != "post" {
				continue
			}
			action, sends := attr(n, "action"), map[string]string{}
			for in := range n.Descendants() {
				if in.Data == "input" && attr(in, "type") == "hidden" {
					sends[attr(in, "name")] = attr(in, "value")
				}
			}
			seen[action] = true
			reason := ""
			for pattern, why := range unconditional {
				if regexp.MustCompile(pattern).MatchString(action) {
					reason = why
				}
			}
			if says := sends["state"] != "" || sends["version"] != ""; says == (reason != "") {
				t.Errorf("%s: the form to %s sends %v; reason not to send a state: %q", s.name, action, sends, reason)
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d forms were seen: %v", len(seen), seen)
	}
}

// shownBy reads what a form on a page sends beside what is filled in.
func (b *bench) shownBy(path, action, cookie string) (form []string) {
	b.t.Helper()
	doc, err := html.Parse(strings.NewReader(b.get(path, cookie).body))
	if err != nil {
		b.t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Data != "form" || attr(n, "action") != action {
			continue
		}
		for in := range n.Descendants() {
			if attr(in, "type") == "hidden" {
				form = append(form, attr(in, "name"), attr(in, "value"))
			}
		}
		return form
	}
	b.t.Fatalf("GET %s shows no form to %s", path, action)
	return nil
}

// TestADialogThatIsOvertaken says by whom, keeps what was typed, and does it when
// it is sent again.
func TestADialogThatIsOvertaken(t *testing.T) {
	b, _, is, save := edited(t)
	admin := b.as(auth.Admin)
	asked := b.shownBy("/machines/FL0001/lock", "/machines/FL0001/lock", admin)
	if r := save(admin, is().Version, "note", "theirs", "owner", ""); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("save = %d: %s", r.StatusCode, r.body)
	}
	r := b.post("/machines/FL0001/lock", admin, append(asked, "note", "mine <b>")...)
	r.shows(t, http.StatusConflict, "This changed since you opened it", "<b>root</b>", "change machine", "note nothing → theirs", `value="mine &lt;b&gt;"`)
	if is().Flags.Locked {
		t.Fatal("a dialog that was overtaken locked the machine")
	}
	again := b.shownBy("/machines/FL0001/lock", "/machines/FL0001/lock", admin)
	if r := b.post("/machines/FL0001/lock", admin, append(again, "note", "mine")...); r.StatusCode != http.StatusSeeOther || !is().Flags.Locked {
		t.Errorf("sent again = %d: %s", r.StatusCode, r.body)
	}
}

// TestAButtonThatIsOvertaken has no form: it gets one that repeats what was
// asked.
func TestAButtonThatIsOvertaken(t *testing.T) {
	c := full()
	m, err := c.Machine("MQ0009")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, c)
	cookie, path := b.as(auth.Admin), "/issues/"+m.ID+"/held/take"
	r := b.post(path, cookie, "state", "taken by grace", "over", "yes")
	r.shows(t, http.StatusConflict, "This changed since you opened it", "You asked for: take, yes.", `name="over" value="yes"`, `action="`+path+`"`, `name="state" value="taken by `)
	if len(c.asked) != 0 {
		t.Errorf("asked %q of a state that is over", c.asked)
	}
	r = b.post("/people/root/teams", cookie, "state", "viewer[]", "teams", "web, search")
	r.shows(t, http.StatusConflict, "You asked for: teams, web, search.", `name="teams" value="web, search"`)
}
