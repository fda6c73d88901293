package api

import "time"

// User is an account: a person, or whoever owns programs' tokens.
type User struct {
	Name      string     `json:"name" example:"grace"`
	Role      string     `json:"role" enum:"viewer,technician,engineer,admin"`
	Teams     []string   `json:"teams" nullable:"false" doc:"Whose machines it may act on" example:"[\"search\"]"`
	State     string     `json:"state" enum:"active,invited,disabled" doc:"invited: has no password yet; disabled: shut out, with its tokens"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by" example:"ada"`
	LoginAt   *time.Time `json:"login_at,omitempty" doc:"Absent: never"`
}

// UserOrder asks for an account.
type UserOrder struct {
	Name  string   `json:"name" minLength:"1" maxLength:"32" pattern:"^[a-z][a-z0-9._-]*$" doc:"A lower-case letter, then letters, digits, dots and dashes" example:"grace"`
	Role  string   `json:"role" enum:"viewer,technician,engineer,admin"`
	Teams []string `json:"teams,omitempty" maxItems:"32" doc:"Whose machines it may act on" example:"[\"search\"]"`
}

// RoleOrder sets a role.
type RoleOrder struct {
	Role string `json:"role" enum:"viewer,technician,engineer,admin"`
}

// TeamsOrder sets teams.
type TeamsOrder struct {
	Teams []string `json:"teams" nullable:"false" maxItems:"32" doc:"All that it shall be in" example:"[\"search\"]"`
}

// UserCode is a one-time code that sets an account's password.
type UserCode struct {
	User
	Code    string    `json:"code" doc:"Hand it over: it works once, and is never shown again" example:"ABCD-EFGH-JKLM-NPQR"`
	Expires time.Time `json:"expires"`
}

// PasswordOrder changes your own password.
type PasswordOrder struct {
	Old string `json:"old" maxLength:"256" format:"password" doc:"Yours, as it is"`
	New string `json:"new" maxLength:"256" format:"password" doc:"At least 8 characters; none of the 3,000 most common" example:"four words for gates"`
}
