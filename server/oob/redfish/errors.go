package redfish

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stmcginnis/gofish/schemas"

	"firstlight/server/oob"
)

// classify turns what gofish and the network say into the words of package oob.
func classify(err error) error {
	var changed *CertificateChangedError
	var refusal *schemas.Error
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if at, ok := errors.AsType[*url.Error](err); ok { // it quotes the whole link, which is the BMC's text
		err = at.Err
	}
	switch {
	case errors.As(err, &changed), errors.Is(err, errForeign), errors.Is(err, errTooLong),
		errors.Is(err, oob.ErrCredentials), errors.Is(err, oob.ErrUnsupported), errors.Is(err, errPlain):
		return err
	case errors.As(err, &refusal):
		return classifyRefusal(refusal)
	case errors.As(err, &syntax), errors.As(err, &kind):
		return fmt.Errorf("the answer makes no sense: %w", &brief{err})
	}
	return fmt.Errorf("%w: %w", oob.ErrUnreachable, &brief{err})
}

// errPlain marks an error of ours that already says everything.
var errPlain = errors.New("the BMC is not what was expected")

func classifyRefusal(e *schemas.Error) error {
	said := &refusedError{status: e.HTTPReturnedStatusCode, id: messageID(e), text: messageText(e)}
	switch status := e.HTTPReturnedStatusCode; {
	case status == http.StatusForbidden && strings.Contains(said.id, "License"):
		return fmt.Errorf("%w: %w", oob.ErrUnsupported, said) // Supermicro: SMC.*.OemLicenseNotPassed
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fmt.Errorf("%w: %w", oob.ErrCredentials, said)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return fmt.Errorf("%w: %w", oob.ErrUnsupported, said)
	case status == http.StatusBadRequest && slices.Contains(cannot, afterDot(said.id)):
		return fmt.Errorf("%w: %w", oob.ErrUnsupported, said)
	case status == 0, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %w", oob.ErrUnreachable, said)
	default:
		return said
	}
}

// cannot lists the messages of DMTF's Base registry that mean "not with this
// BMC", however often one asks.
var cannot = []string{
	"ActionNotSupported", "ActionParameterNotSupported", "ActionParameterUnknown", "ActionParameterValueNotInList",
	"PropertyNotWritable", "PropertyUnknown", "PropertyValueNotInList",
}

// refusedError is a refusal in a few words; gofish's own holds the whole body,
// which may be megabytes of anything.
type refusedError struct {
	status   int
	id, text string
}

func (e *refusedError) Error() string {
	words := []string{"the BMC answers"}
	if e.status != 0 {
		words = append(words, fmt.Sprintf("%d %s", e.status, http.StatusText(e.status)))
	}
	if e.id != "" {
		words = append(words, "("+e.id+")")
	}
	if e.text == "" {
		return strings.Join(words, " ")
	}
	return fmt.Sprintf("%s: %q", strings.Join(words, " "), e.text)
}

func messageID(e *schemas.Error) string {
	for _, info := range e.ExtendedInfos {
		if info.MessageID != "" {
			return short(info.MessageID, 80)
		}
	}
	return short(e.Code, 80)
}

func messageText(e *schemas.Error) string {
	for _, info := range e.ExtendedInfos {
		if info.Message != "" {
			return short(info.Message, 200)
		}
	}
	return short(e.Message, 200)
}

// brief cuts the text of an error that may quote the BMC: net/http puts whole
// links into its errors, encoding/json whole types.
type brief struct{ error }

func (e *brief) Error() string { return short(e.error.Error(), 300) }

func (e *brief) Unwrap() error { return e.error }

// short cuts at a byte; %q makes the rest of a cut letter harmless.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func afterDot(id string) string { return id[strings.LastIndexByte(id, '.')+1:] }
