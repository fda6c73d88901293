package api

import (
	"time"

	"firstlight/server/health"
)

// Me is who asks.
type Me struct {
	Name    string   `json:"name" example:"ada"`
	Role    string   `json:"role" enum:"viewer,technician,engineer,admin"`
	Teams   []string `json:"teams" nullable:"false" doc:"Whose machines may be acted on" example:"[\"search\"]"`
	Token   string   `json:"token,omitempty" doc:"Id of the token that was sent; absent: a session, or the socket" example:"3f1c0f6f2b10"`
	Address string   `json:"address,omitempty" doc:"The request came from" example:"192.0.2.7"`
}

// Token lets a program act for an account with at most a role. Its text is
// shown once, when it is made.
type Token struct {
	ID        string     `json:"id" doc:"Not secret" example:"3f1c0f6f2b10"`
	Account   string     `json:"account" example:"ada"`
	Label     string     `json:"label" example:"nightly inventory"`
	Role      string     `json:"role" enum:"viewer,technician,engineer,admin"`
	Teams     []string   `json:"teams,omitempty" doc:"Of the account's, those that it acts for; absent: all" example:"[\"search\"]"`
	CreatedAt time.Time  `json:"created_at"`
	Expires   time.Time  `json:"expires"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"Absent: never; written once a minute at most"`
}

// TokenOrder asks for a token.
type TokenOrder struct {
	Label           string   `json:"label" minLength:"1" maxLength:"64" doc:"What it is for" example:"nightly inventory"`
	Role            string   `json:"role" enum:"viewer,technician,engineer,admin" doc:"The most that it allows; one up to your own"`
	Teams           []string `json:"teams,omitempty" maxItems:"32" doc:"Some of your teams, to act for no other; absent: all that you are in" example:"[\"search\"]"`
	LifetimeSeconds int64    `json:"lifetime_seconds" minimum:"60" maximum:"7776000" doc:"Seconds until it ends; at most 90 days" example:"86400"`
}

// NewToken is a token with its text.
type NewToken struct {
	Token
	Secret string `json:"secret" doc:"Send it as Authorization: Bearer …; it is never shown again" example:"flt_2b8c…"`
}

// Health is how the appliance is.
type Health struct {
	State   string          `json:"state" enum:"ok,degraded,failed" doc:"That of the worst part"`
	Version string          `json:"version" doc:"Of the build" example:"0.1.0"`
	Now     time.Time       `json:"now" doc:"The appliance's clock"`
	Parts   []health.Status `json:"parts" nullable:"false"`
}
