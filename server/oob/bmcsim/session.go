package bmcsim

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"sort"
)

// session is one taken slot. It does not expire: a client that leaks slots shall
// find out.
type session struct{ id, user string }

// login judges user and password and counts refusals; a locked account refuses
// the right password too, which is what makes a lock-out hurt.
func (b *BMC) login(user, password string, f Faults) bool {
	good := subtle.ConstantTimeCompare([]byte(user), []byte(b.opts.User)) &
		subtle.ConstantTimeCompare([]byte(password), []byte(b.opts.Password))
	b.mu.Lock()
	defer b.mu.Unlock()
	if good == 1 && !f.RefuseLogin && b.inARow < b.opts.Lockout {
		b.inARow = 0
		return true
	}
	b.counts.LoginsRefused++
	b.inARow++
	return false
}

func (b *BMC) knows(token string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, known := b.sessions[token]
	return known
}

// openSession answers POST …/Sessions.
func (b *BMC) openSession(asked object) answer {
	user, _ := asked["UserName"].(string)
	password, _ := asked["Password"].(string)
	if refusal, bad := onlyProperties(asked, "UserName", "Password"); bad {
		return refusal
	}
	if !b.login(user, password, b.Faults()) {
		return refuse(http.StatusUnauthorized, "ResourceAtUriUnauthorized", "The credentials do not grant access.")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sessions) >= b.opts.Slots {
		return refuse(http.StatusServiceUnavailable, "SessionLimitExceeded", "The session establishment failed due to the number of simultaneous sessions exceeding the limit of the implementation.")
	}
	b.serial++
	s, token := session{id: fmt.Sprint(b.serial), user: user}, rand.Text()
	b.sessions[token] = s
	return answer{status: http.StatusCreated, body: s.resource()}.
		with("X-Auth-Token", token).with("Location", sessionsPath+"/"+s.id)
}

func (s session) resource() object {
	return object{"@odata.id": sessionsPath + "/" + s.id, "@odata.type": "#Session.v1_7_0.Session", "Id": s.id, "Name": "Session", "UserName": s.user}
}

func (b *BMC) sessionCollection() object {
	b.mu.Lock()
	defer b.mu.Unlock()
	var paths []string
	for _, s := range b.sessions {
		paths = append(paths, sessionsPath+"/"+s.id)
	}
	sort.Strings(paths)
	return collection("Session", paths...)
}

// sessionRoute is the resource of one session; ids come and go, so it is made
// when asked for.
func (b *BMC) sessionRoute(path, id string) route {
	b.mu.Lock()
	defer b.mu.Unlock()
	for token, s := range b.sessions {
		if s.id == id {
			return route{path: path, get: s.resource, remove: func() answer { return b.closeSession(token) }}
		}
	}
	return route{}
}

func (b *BMC) closeSession(token string) answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, token)
	return answer{status: http.StatusNoContent}
}
