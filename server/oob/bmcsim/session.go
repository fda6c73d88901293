package bmcsim

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"sort"

	"github.com/bougou/go-ipmi/pkg/bmc"
)

// session is one taken slot. It does not expire: a client that leaks slots shall
// find out.
type session struct{ id, user string }

// login judges user and password and counts refusals; a locked account refuses
// the right password too, which is what makes a lock-out hurt.
func (b *BMC) login(user, password string, f Faults) bool {
	good := b.employs(user, password)
	b.mu.Lock()
	defer b.mu.Unlock()
	if good && !f.RefuseLogin && b.inARow < b.opts.Lockout {
		b.inARow = 0
		return true
	}
	b.counts.LoginsRefused++
	b.inARow++
	return false
}

// employs tells whether a user may come in over the network with a password. The
// one that the BMC was delivered with may have a longer one than IPMI takes.
func (b *BMC) employs(user, password string) bool {
	u, err := b.ipmi.core.Users.FindEnabledByNameOnChannel(user, LANChannel)
	if err != nil || user == "" {
		return false
	}
	if full := string(b.opts.Password); u.ID == factorySlot && u.VerifyPassword([]byte(full)[:min(len(full), bmc.MaxPasswordLen)]) {
		return subtle.ConstantTimeCompare([]byte(password), []byte(full)) == 1
	}
	return len(password) <= bmc.MaxPasswordLen && u.VerifyPassword([]byte(password))
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
