package auth

import (
	"context"
	"errors"
	"time"
)

// Answers of a Store that callers branch on.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("taken already")
)

// Store keeps accounts and their secrets' hashes. A write is durable when it
// returns. Absence is ErrNotFound and nothing else is. Reads must be cheap:
// every request asks for its session and account.
type Store interface {
	// Accounts gives all of them by name.
	Accounts(context.Context) ([]Account, error)
	Account(ctx context.Context, name string) (Account, error)
	// CreateAccount answers ErrTaken when the name exists.
	CreateAccount(context.Context, Account) error
	// UpdateAccount replaces an account that exists.
	UpdateAccount(context.Context, Account) error

	// PutCode replaces the code that its account had. The code of the first
	// admin has no account.
	PutCode(context.Context, Code) error
	Code(context.Context, Digest) (Code, error)
	// Redeem deletes the code and writes the account in one transaction, so
	// that one of two who race wins; the other gets ErrNotFound. A code without
	// account answers ErrTaken when any account exists.
	Redeem(context.Context, Digest, Account) error

	CreateSession(context.Context, Session) error
	Session(context.Context, Digest) (Session, error)
	// TouchSession notes when a session was last used.
	TouchSession(context.Context, Digest, time.Time) error
	DeleteSession(context.Context, Digest) error
	DeleteSessionsOf(ctx context.Context, account string) error

	CreateToken(context.Context, Token) error
	Token(context.Context, Digest) (Token, error)
	// Tokens gives those of an account, newest first; of all accounts for "".
	Tokens(ctx context.Context, account string) ([]Token, error)
	TouchToken(context.Context, Digest, time.Time) error
	DeleteToken(ctx context.Context, account, id string) error

	// Sweep deletes sessions, tokens and codes that ended before a time.
	Sweep(context.Context, time.Time) error
	// Record appends to the audit.
	Record(context.Context, Entry) error
}

// Account is a person or a program's owner.
type Account struct {
	Name      string    `json:"name"`
	Role      Role      `json:"role"`
	Teams     []string  `json:"teams,omitempty"` // sorted
	Password  string    `json:"-"`               // argon2id in PHC form; empty: cannot log in
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	LoginAt   time.Time `json:"login_at,omitzero"`
}

// State says in one word how an account is: active, invited or disabled.
func (a Account) State() string {
	switch {
	case a.Disabled:
		return "disabled"
	case a.Password == "":
		return "invited"
	}
	return "active"
}

// Code makes the first admin, or sets the password of an account, once.
type Code struct {
	Digest  Digest
	Account string // empty: the first admin, who chooses the name
	Expires time.Time
}

// Session is a person's log-in at one browser.
type Session struct {
	Digest    Digest
	Account   string
	Address   string // it was made from
	CreatedAt time.Time
	SeenAt    time.Time
	Expires   time.Time // absolute end
}

// Token lets a program act for an account with at most a role and for at most
// some of its teams.
type Token struct {
	Digest    Digest    `json:"-"`
	ID        string    `json:"id"` // not secret
	Account   string    `json:"account"`
	Label     string    `json:"label"`
	Role      Role      `json:"role"`
	Teams     []string  `json:"teams,omitempty"` // of the account's, those that it acts for; empty: all of them
	CreatedAt time.Time `json:"created_at"`
	Expires   time.Time `json:"expires"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}
