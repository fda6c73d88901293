package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// ETag is the tag of a version, strong: one version is one content.
func ETag(version int64) string {
	if version == 0 {
		return ""
	}
	return `"v` + strconv.FormatInt(version, 10) + `"`
}

// contentTag is the ETag of what has no version.
func contentTag(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // what the API shows is written a line later anyway
		return ""
	}
	sum := sha256.Sum256(text)
	return `"h` + hex.EncodeToString(sum[:8]) + `"`
}

// tagged is a body that has an ETag: what is kept of the thing that it shows.
// What is merely observed, such as a machine's power, is not part of it: a
// change must not be refused because a fan was read in between.
type tagged interface{ tag() string }

func (m Machine) tag() string       { return ETag(m.Version) }
func (j Job) tag() string           { return ETag(j.Version) }
func (d DeliveryState) tag() string { return ETag(d.Version) }
func (r Rule) tag() string          { return contentTag(r) }
func (s Subnet) tag() string        { return contentTag(s) }
func (i Image) tag() string         { return contentTag(i) }

// tag leaves out when somebody logged in last: that changes nothing.
func (u User) tag() string {
	u.LoginAt = nil
	return contentTag(u)
}

// taggedNames are the names of their schemas.
var taggedNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, t := range []tagged{
		Machine{},
		Job{},
		DeliveryState{},
		Rule{},
		Subnet{},
		Image{},
		User{},
		Site{},
		Room{},
		Rack{},
		HardwareType{},
		Team{},
		Service{},
		Role{},
		Pool{},
		Gate{},
		OptionSet{},
	} {
		names[reflect.TypeOf(t).Name()] = true
	}
	return names
})

// tagBody gives an answer the ETag of what it shows.
func tagBody(c huma.Context, status string, v any) (any, error) {
	if t, ok := v.(tagged); ok && status < "300" && t.tag() != "" {
		c.SetHeader("ETag", t.tag())
	}
	return v, nil
}
