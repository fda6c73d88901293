package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Headers of Standard Webhooks, version 1.0.0.
const (
	headerID        = "webhook-id"
	headerTime      = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// prefix of a secret, as the specification writes it.
const prefix = "whsec_"

// tolerance is how far the clock of whoever signs may be off: what was signed
// longer ago may be an old answer that somebody sends again.
const tolerance = 5 * time.Minute

// Sign gives the header of a message's signature: "v1," and the HMAC-SHA256 of
// id, time in seconds and body, with dots between, in base64.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	return "v1," + base64.StdEncoding.EncodeToString(sum(secret, id, strconv.FormatInt(at.Unix(), 10), body))
}

func sum(secret []byte, id, seconds string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "%s.%s.", id, seconds)
	h.Write(body)
	return h.Sum(nil)
}

// Signed is what proves who sent a message.
type Signed struct {
	ID        string // of the message: that of the wait
	Seconds   string // when it was signed, since 1970
	Signature string // one or more, with blanks between
	Body      []byte
}

// verify says what does not fit.
func (s Signed) verify(secret []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(s.Seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("%s %.32q: want seconds since 1970", headerTime, s.Seconds)
	}
	if off := now.Sub(time.Unix(seconds, 0)); off.Abs() > tolerance {
		return fmt.Errorf("%s %d: is %s off our clock, want at most %s: set the clock, and sign each answer when it is sent", headerTime, seconds, off.Round(time.Second), tolerance)
	}
	want := sum(secret, s.ID, s.Seconds, s.Body)
	for one := range strings.FieldsSeq(s.Signature) {
		text, ok := strings.CutPrefix(one, "v1,")
		if got, err := base64.StdEncoding.DecodeString(text); ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return errors.New(headerSignature + ": fits neither secret, id, time nor body: want v1, and the HMAC-SHA256 of id.timestamp.body in base64")
}
