// Package auth says who a person or a program is and what their role allows:
// accounts, one-time codes, sessions, API tokens, throttling, and the
// net/http middleware that puts the User into a request's context.
//
// It promises:
//   - there is no default account. The first admin is made with a one-time
//     code that the console prints; a code works once and for a day at most;
//   - a secret that is absent never equals anything: the zero Digest matches
//     nothing and an account without a password cannot log in (Cobbler
//     CVE-2024-47533 was a sentinel that worked as a password);
//   - only hashes are stored: argon2id of passwords, SHA-256 of codes,
//     sessions and tokens, which are random and long;
//   - neither text nor work done tells whether an account exists;
//   - a refusal is an error of this package whose text a person may read.
//
// Sessions have a small table of their own instead of scs: scs keeps a
// session's values as one opaque blob under the plain token, so that hashing
// the token, ending all sessions of an account and the idle time would each
// need code around it, more than the code it saves.
//
// The package imports nothing of ours and knows neither SQL nor Gin. serverdb
// implements Store and passes the contract in authtest; web and api import it.
package auth
